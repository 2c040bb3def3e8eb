import FleetStore
import TestKit
import Testing

/// A fleet that serves signed sets and its app, with gateways that report over MQTT and take what is rolled out.
final class RolledFleet {
    let fleet: ServedFleet
    private let sets: SignedSets
    private let broker: Broker
    private let ingest: ChildProcess, gateways: ChildProcess

    /// Makes the devices `ids` by the commands that `devices` gives, the tenant `north` that has them, and people; then it
    /// starts all, and is there when each gateway has been heard.
    ///
    /// `manners` are more options of the played gateways.
    init(
        _ name: String, _ ids: [String], people: [(name: String, role: String)],
        manners: [String] = [], devices: (TemporaryDirectory) throws -> [[String]]
    ) throws {
        sets = try SignedSets()
        try sets.add(release: 2)
        try sets.publish()
        broker = try Broker("max_queued_messages 0")
        let (repository, assignments) = (sets.repository, sets.folder.file("assignments"))
        fleet = try ServedFleet(
            name,
            [["tenants", "add", "north"]] + devices(sets.folder)
                + [["tenants", "assign", "north"] + ids]
                + people.map { ["users", "add", $0.name, "--tenant", "north", "--role", $0.role] },
            users: people.map(\.name),
            serving: { _ in
                ["--repository", repository, "--assignments", assignments, "--rollout-s", "1"]
            })
        ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["ingest", "--store", fleet.store, "--broker", "127.0.0.1:\(broker.port)"])
        gateways = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "fleet", "--gateways", "\(ids.count)", "--broker", "127.0.0.1:\(broker.port)",
                "--packs", "2", "--interval", "2", "--seed", "11", "--assignments", assignments,
                "--update-s", "2",
            ] + manners)
        let store = try FleetStores.openRollouts(fleet.store)
        #expect(
            Patience.wait(60_000) {
                (try? store.currentBanks().count) == ids.count ? true : nil
            } == true, "\(gateways.errors) \(ingest.errors)")
    }

    /// Ends it; all of it has to run until now.
    func stop() {
        #expect(gateways.isRunning && ingest.isRunning)
        fleet.stop()
    }
}
