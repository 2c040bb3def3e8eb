import Foundation
import TestKit
import Testing

/// Sets on their whole way: signed on a desk, published, rolled out by the fleet, taken by a running
/// gateway, tried, and gone back from.
@Suite(.serialized) struct FleetUpdateTests {
    @Test(.timeLimit(.minutes(15)))
    func `a signed set reaches a running gateway by a rollout, and a sabotaged one goes back`()
        throws
    {
        let sets = try TemporaryDirectory("sets")
        // a Deye answers measurements with its sign of life, and says nothing else
        let rig = try CaredHouse(
            inverterQuirks: ["deye"],
            settings: """

                [update]
                folder = "\(sets.path)"
                poll_s = 1
                probation_s = 30
                """)
        let house = rig.house
        let desk = Desk(rig)
        try desk.begin()
        try rig.enroll()
        try rig.startGateway()
        try house.waitForStatus("all is up", seconds: 60) {
            $0.number("bank.packs_online") == 2 && $0.text("link.state") == "connected"
                && $0.text("update.set").contains("base 1.0.0")
        }

        try desk.publish(.title, release: 2)
        let first = try desk.rollOut("1.2.0")
        try house.waitForStatus("the signed set runs", seconds: 240) {
            $0.text("update.set").contains("1.2.0") && $0.text("update.phase") == "idle"
        }
        #expect(try desk.waitForEnd(first).state == "complete")

        try desk.publish(.silentInverter, release: 3)
        // the newest one
        let second = try desk.rollOut(nil, id: "base-1.3.0")
        try rig.waitForLog("phase=reverting", seconds: 240)
        let end = try desk.waitForEnd(second)
        #expect(end.state == "returned", "\(end)")
        #expect(end.reason.contains("1 of 1 gateways"), "\(end.reason)")
        try house.waitForStatus("the good set runs again", seconds: 60) {
            $0.text("update.set").contains("1.2.0")
                && ["idle", "failed"].contains($0.text("update.phase"))
        }
        let cycles = try house.status().number("bridge.send_cycles")
        try house.waitForStatus("frames go on") { $0.number("bridge.send_cycles") > cycles }
        #expect(rig.stopGateway() == .exited(0))
        #expect(
            rig.gateway?.errors.contains("is not used") == false, "\(rig.gateway?.errors ?? "")")
    }
}

/// An operator with the keys and the fleet's commands.
private struct Desk {
    let rig: CaredHouse

    init(_ rig: CaredHouse) { self.rig = rig }

    private var list: String { rig.rig.folder.file("list") }

    /// Makes keys and a repository, and publishes the shipped set.
    func begin() throws {
        let root = rig.rig.folder.file("root-key")
        for key in [root, list] { try profiles("keygen", key, "--no-passphrase") }
        try inRepository("init", "--root-key", root + ".pub", "--targets-key", list + ".pub")
        try inRepository("add", Repository.profileSet)
        try inRepository("sign", "--key", root, "--key", list)
        try inRepository("publish")
    }

    /// Makes, signs and publishes a changed set of version 1.RELEASE.0.
    func publish(_ change: UpdatedHouse.Change, release: Int) throws {
        let folder = rig.house.folder.file("made-\(release)")
        try UpdatedHouse.make(change, release: release, at: folder)
        try inRepository("add", folder)
        try inRepository("sign", "--key", list)
        try inRepository("publish")
    }

    /// Begins a rollout of a published version to this house; its id.
    func rollOut(_ version: String?, id: String? = nil) throws -> String {
        try rig.rig.fleet(
            [
                "rollout", "create", "--store", rig.store, "--repository", rig.repository, "--set",
                "base", "--gateway", "house", "--waves", "all", "--approval", "never", "--patience",
                "10m", "--watch", "2s", "--author", "test",
            ] + (version.map { ["--set-version", $0] } ?? []))
        return id ?? "base-\(version ?? "")"
    }

    /// Waits until a rollout is over.
    func waitForEnd(_ id: String) throws -> (state: String, reason: String) {
        var last = ""
        let end = Patience.wait(300_000) { () -> (String, String)? in
            usleep(300_000)
            guard
                let text = try? rig.rig.fleet(
                    "rollout", "status", id, "--store", rig.store, "--json"),
                let object = try? Self.object(text)
            else { return nil }
            last = text
            let isOver = (object["is_over"] as? NSNumber)?.boolValue ?? false
            return isOver ? (object.text("state"), object.text("reason")) : nil
        }
        guard let end else {
            throw HouseError(
                "the rollout is not over: \(last) \(rig.gateway?.errors.suffix(2500) ?? "")")
        }
        return end
    }

    private func profiles(_ words: String...) throws {
        try run(["profiles"] + words)
    }

    private func inRepository(_ words: String...) throws {
        try run(["profiles"] + words + ["--repository", rig.repository])
    }

    private func run(_ words: [String]) throws {
        let run = try ChildProcess(House.programs + "/amphora-fleet", words)
        guard try run.waitForExit(within: 120_000) == .exited(0) else {
            throw HouseError("\(words): \(run.errors)")
        }
    }

    private static func object(_ text: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        guard let object = object as? [String: Any] else { throw HouseError("no object: \(text)") }
        return object
    }
}
