import FleetStore
import Foundation
import TestKit
import Testing

/// A rollout from its form to its end, by the buttons of two people, with gateways that report over MQTT.
@Suite(.serialized) struct RolloutDeskTests {
    private static let gateways = (1...12).map { "gw-" + ($0 < 10 ? "000" : "00") + "\($0)" }

    @Test(.timeLimit(.minutes(8)))
    func `one starts a rollout, another approves it, and both watch it to its end`() throws {
        let rolled = try RolledFleet(
            "rollouts", Self.gateways,
            people: [("otto", "operator"), ("olga", "operator"), ("ada", "admin")]
        ) { folder in
            let csv = folder.file("homes.csv")
            let rows = Self.gateways.map {
                "\($0),Haus \($0.suffix(2)),\($0 < "gw-0009" ? "south" : "north")"
            }
            try (["id,label,group"] + rows).joined(separator: "\n").write(
                toFile: csv, atomically: true, encoding: .utf8)
            return [["devices", "add", "--csv", csv]]
        }
        let fleet = rolled.fleet
        let store = try FleetStores.openRollouts(fleet.store)
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
        rolled.stop()
    }
}
