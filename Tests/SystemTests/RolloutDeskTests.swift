import FleetStore
import Foundation
import TestKit
import Testing

/// A rollout from its form to its end, by the buttons of two people, with gateways that report over MQTT.
@Suite(.serialized) struct RolloutDeskTests {
    private static let gateways = (1...12).map { "gw-" + ($0 < 10 ? "000" : "00") + "\($0)" }

    @Test(.timeLimit(.minutes(8)))
    func `one starts a rollout, another approves it, and both watch it to its end`() throws {
        let sets = try SignedSets()
        try sets.add(release: 2)
        try sets.publish()
        let broker = try Broker("max_queued_messages 0")
        let assignments = sets.folder.file("assignments")
        let csv = sets.folder.file("homes.csv")
        let rows = Self.gateways.map {
            "\($0),Haus \($0.suffix(2)),\($0 < "gw-0009" ? "south" : "north")"
        }
        try (["id,label,group"] + rows).joined(separator: "\n").write(
            toFile: csv, atomically: true, encoding: .utf8)
        let users = [("otto", "operator"), ("olga", "operator"), ("ada", "admin")]
        let fleet = try ServedFleet(
            "rollouts",
            [
                ["tenants", "add", "north"], ["devices", "add", "--csv", csv],
                ["tenants", "assign", "north"] + Self.gateways,
            ]
                + users.map { ["users", "add", $0.0, "--tenant", "north", "--role", $0.1] },
            users: users.map(\.0),
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
                "--assignments", assignments, "--update-s", "2",
            ])
        let store = try FleetStores.openRollouts(fleet.store)
        #expect(
            Patience.wait(60_000) {
                (try? store.currentBanks().count) == Self.gateways.count ? true : nil
            } == true, "\(gateways.errors) \(ingest.errors)")
        let pictures = ProcessInfo.processInfo.environment["AMPHORA_PICTURES"] ?? ""
        try fleet.walk("rollout_flow.py", "rollout", [pictures], seconds: 400)
        // what the browser saw is what the store knows
        #expect(try store.rollout("north-base-1.0.0")?.isOver == true)
        let told = try FleetStores.openUsers(fleet.store).audit(tenant: "north", limit: 100)
            .filter { $0.action.hasPrefix("rollout_") }
        #expect(
            told.map { "\($0.author.name) \($0.action)" }.sorted() == [
                "ada rollout_approve", "olga rollout_approve", "otto rollout_abort",
                "otto rollout_made", "otto rollout_made", "otto rollout_pause",
                "otto rollout_resume",
            ])
        #expect(gateways.isRunning && ingest.isRunning)
        fleet.stop()
    }
}
