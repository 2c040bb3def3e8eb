import FleetStore
import TestKit
import Testing

/// Refusals, reasons and the audit as people meet them who chose German, while gateways fail a rollout.
@Suite(.serialized) struct GermanTests {
    private static let gateways = ["gw-0001", "gw-0002", "gw-0003"]

    @Test(.timeLimit(.minutes(6)))
    func `nothing that the server refuses or reports is English on a German screen`() throws {
        let sets = try SignedSets()
        try sets.add(release: 2)
        try sets.publish()
        let broker = try Broker("max_queued_messages 0")
        let assignments = sets.folder.file("assignments")
        let people = [
            ("anna", "owner"), ("otto", "operator"), ("olga", "operator"), ("ada", "admin"),
        ]
        let fleet = try ServedFleet(
            "german",
            [["tenants", "add", "north"]]
                + Self.gateways.map {
                    ["devices", "add", $0, "--label", "Haus \($0.suffix(1))"]
                }
                + [["tenants", "assign", "north"] + Self.gateways]
                + people.map { ["users", "add", $0.0, "--tenant", "north", "--role", $0.1] },
            users: people.map(\.0),
            serving: { _ in
                [
                    "--repository", sets.repository, "--assignments", assignments, "--rollout-s",
                    "1",
                ]
            })
        let ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["ingest", "--store", fleet.store, "--broker", "127.0.0.1:\(broker.port)"])
        let gateways = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "fleet", "--gateways", "\(Self.gateways.count)", "--broker",
                "127.0.0.1:\(broker.port)", "--packs", "2", "--interval", "2", "--seed", "11",
                "--assignments", assignments, "--update-s", "2", "--manners", "revert=100",
                "--bad-version", "1.2.0",
            ])
        let store = try FleetStores.openRollouts(fleet.store)
        #expect(
            Patience.wait(60_000) {
                (try? store.currentBanks().count) == Self.gateways.count ? true : nil
            } == true, "\(gateways.errors) \(ingest.errors)")
        try fleet.walk("german_flow.py", "german", seconds: 300)
        #expect(gateways.isRunning && ingest.isRunning)
        fleet.stop()
    }
}
