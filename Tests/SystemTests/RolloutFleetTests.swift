import FleetStore
import Foundation
import TestKit
import Testing

/// A fleet of programs: gateways that connect by MQTT, ingest, the server that carries rollouts forward.
@Suite(.serialized) struct RolloutFleetTests {
    private let folder: TemporaryDirectory
    private let broker: Broker

    init() throws {
        folder = try TemporaryDirectory("rollouts")
        broker = try Broker("max_queued_messages 0")
    }

    private var address: String { "sqlite:" + folder.file("fleet.db") }

    private func release(_ version: String, _ release: Int) throws -> String {
        let hash = String(repeating: version == "1.4.0" ? "a" : "b", count: 64)
        try """
        {"set":"base","version":"\(version)","sha256":"\(hash)","length":81920,
        "release":\(release),"least_runtime":"0.1.0"}
        """.write(toFile: folder.file(version), atomically: true, encoding: .utf8)
        return folder.file(version)
    }

    private func fleet(_ words: [String]) throws -> String {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", address])
        let status = try child.waitForExit(within: 60_000)
        #expect(status == .exited(0), "\(words) \(child.errors)")
        return child.output
    }

    /// Nobody here is silent, so silence has so much time that only a loss fills it: a slow machine is none.
    private func rollOut(_ version: String, _ number: Int) throws {
        _ = try fleet([
            "rollout", "create", "--release", try release(version, number), "--approval", "never",
            "--waves", "10,all", "--watch", "20s", "--patience", "10m",
        ])
    }

    /// What the status says once the rollout is over.
    ///
    /// Looks into the store meanwhile: programs started one after the other would take a core from those
    /// that are watched here.
    private func end(of rollout: String, _ store: any RolloutStore) throws -> String {
        let isOver = Patience.wait(400_000) { () -> Bool? in
            usleep(200_000)
            return (try? store.rollout(rollout))??.isOver == true ? true : nil
        }
        let status = try fleet(["rollout", "status", rollout, "--json"])
        #expect(isOver == true, "\(status)")
        return status
    }

    /// All of a wave are told in one step, so all ten of the first are attempted however soon one fails, and
    /// one failure is more than a wave of ten may have.
    @Test(.timeLimit(.minutes(15)))
    func `a good set reaches all; one with which some lie and fail goes back from the first wave`()
        throws
    {
        let assignments = folder.file("assignments")
        let ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["ingest", "--store", address, "--broker", "127.0.0.1:\(broker.port)"])
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", address, "--assignments", assignments, "--rollout-s", "1",
                "--listen", "127.0.0.1:\(try Peers.freePort())",
            ])
        _ = try server.waitForLine(containing: "serving", within: 60_000)
        let gateways = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "fleet", "--gateways", "60", "--broker", "127.0.0.1:\(broker.port)", "--packs", "2",
                "--interval", "2", "--seed", "11", "--assignments", assignments, "--manners",
                "lie=45,fail=15", "--bad-version", "1.4.0", "--update-s", "4",
            ])
        let store = try FleetStores.openRollouts(address)
        #expect(
            Patience.wait(120_000) {
                (try? store.currentBanks().count) == 60 ? true : nil
            } == true, "\(gateways.errors) \(ingest.errors)")
        try rollOut("1.3.0", 8)
        let good = try end(of: "base-1.3.0", store)
        #expect(good.contains("\"state\":\"complete\""), "\(good)")
        #expect(good.components(separatedBy: "\"state\":\"proven\"").count == 61)
        try rollOut("1.4.0", 9)
        let bad = try end(of: "base-1.4.0", store)
        #expect(bad.contains("\"state\":\"returned\""), "\(bad.prefix(2000))")
        #expect(bad.contains("\"wave\":1,\"waves\":[{\"gateways\":10,\"attempted\":10,"))
        #expect(bad.contains("{\"gateways\":50,\"attempted\":0,\"proven\":0,\"failures\":{}}"))
        #expect(bad.contains("\"reason\":\"wave 1: "))
        // each of the ten is assigned what it had, which it called good before, under a new number
        let last = try store.assignments()
        #expect(last.count == 60 && last.allSatisfy { $0.document.contains("\"1.3.0\"") })
        #expect(last.count { $0.release == 10 } == 10 && last.count { $0.release == 8 } == 50)
        #expect(bad.components(separatedBy: "\"previous\":\"1.3.0\"").count == 11)
        #expect(gateways.isRunning && server.isRunning && ingest.isRunning)
        #expect(server.terminate(within: 60_000) == .exited(0), "\(server.errors)")
    }
}
