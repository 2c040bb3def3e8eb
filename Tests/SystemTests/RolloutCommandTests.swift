import FleetStore
import Foundation
import TestKit
import Testing

/// `amphora-fleet rollout` as an operator types it, with the server that carries it forward.
@Suite(.serialized) struct RolloutCommandTests {
    private let folder: TemporaryDirectory

    init() throws {
        folder = try TemporaryDirectory("rollout")
        for (name, version, release) in [("new", "1.4.0", 9), ("old", "1.3.0", 8)] {
            let hash = String(repeating: name == "new" ? "a" : "b", count: 64)
            try """
            {"set":"base","version":"\(version)","sha256":"\(hash)","length":81920,
            "release":\(release),"least_runtime":"0.1.0"}
            """.write(toFile: folder.file("\(name).json"), atomically: true, encoding: .utf8)
        }
    }

    private var address: String { "sqlite:" + folder.file("fleet.db") }
    private var release: [String] {
        ["--release", folder.file("new.json"), "--return-to", folder.file("old.json")]
    }

    private func fleet(_ words: [String]) throws -> (code: Int32, output: String, errors: String) {
        let child = try ChildProcess(
            House.programs + "/amphora-fleet", words + ["--store", address])
        guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
            return (-1, child.output, child.errors)
        }
        return (code, child.output, child.errors)
    }

    private func rollout(_ words: String...) throws -> (code: Int32, output: String, errors: String)
    {
        try fleet(["rollout"] + words)
    }

    private func serve(cut: String? = nil) throws -> ChildProcess {
        try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", address, "--assignments", folder.file("assignments"),
                "--rollout-s", "1", "--listen", "127.0.0.1:\(try Peers.freePort())",
            ], environment: cut.map { ["AMPHORA_CUT": $0] } ?? [:])
    }

    private func assignment(_ gateway: String) -> String? {
        try? String(contentsOfFile: folder.file("assignments/\(gateway).json"), encoding: .utf8)
    }

    private func addDevices(_ count: Int) throws {
        let rows = (1...count).map { "gw-\($0),Europe/Berlin,\($0 % 2 == 0 ? "even" : "odd")" }
        try (["id,zone,tags"] + rows).joined(separator: "\n").write(
            toFile: folder.file("homes.csv"), atomically: true, encoding: .utf8)
        #expect(try fleet(["devices", "add", "--csv", folder.file("homes.csv")]).code == 0)
    }

    private func wait(_ words: String, _ id: String = "base-1.4.0") throws -> Bool {
        var seen = ""
        let found = Patience.wait(30_000) { () -> Bool? in
            seen = (try? rollout("status", id, "--json").output) ?? ""
            return seen.contains(words) ? true : nil
        }
        if found == nil { Issue.record("waited for '\(words)', found \(seen)") }
        return found ?? false
    }

    @Test func `a rollout is looked at, made, approved, paused and ended, and it is noted by whom`()
        throws
    {
        try addDevices(6)
        #expect(
            try fleet(["devices", "set", "gw-1", "--region", "us", "--zone", "America/New_York"])
                .output == "changed gw-1\n")
        let preview = try fleet(
            ["rollout", "preview", "--waves", "1,all", "--window", "01:00-05:00"] + release)
        #expect(preview.code == 0 && preview.output.hasPrefix("6 gateways get base 1.4.0\n"))
        #expect(preview.output.contains("in America/New_York: 1 gateway, next from "))
        #expect(preview.output.contains("wave 2: 5 gateways, 6 reached then"))
        #expect(try rollout("status").errors.contains("there are no rollouts yet"))
        let made = try fleet(
            ["rollout", "create", "--tag", "even", "--waves", "1,all", "--author", "anna"] + release
        )
        #expect(
            made.code == 0
                && made.output.contains(
                    "it begins after somebody else's 'rollout approve base-1.4.0'")
        )
        let again = try fleet(["rollout", "create", "--name", "two", "--tag", "even"] + release)
        #expect(
            again.code == 1
                && again.errors
                    == "of 3 gateways that the target takes none is left: 3 are in another rollout\n"
        )
        let wrong = try fleet(["rollout", "create", "--waves", "0", "--watch", "1"] + release)
        #expect(wrong.code == 3 && wrong.errors.split(separator: "\n").count == 2)

        let server = try serve()
        _ = try server.waitForLine(containing: "serving", within: 20_000)
        #expect(assignment("gw-2") == nil)
        #expect(
            try rollout("approve", "base-1.4.0", "--author", "anna").errors.hasPrefix(
                "rollout 'base-1.4.0' was made by 'anna', who cannot approve it"))
        #expect(
            try rollout("approve", "base-1.4.0", "--author", "bert", "--note", "seen on the bench")
                .output == "rollout 'base-1.4.0' is scheduled\n")
        #expect(try wait("\"state\":\"told\""))
        let told = ["gw-2", "gw-4", "gw-6"].filter { assignment($0) != nil }
        #expect(told.count == 1)
        #expect(assignment(told[0])?.contains("\"version\":\"1.4.0\"") == true)
        #expect(try rollout("pause", "base-1.4.0", "--author", "carla").code == 0)
        let refused = try rollout("approve", "base-1.4.0")
        #expect(
            refused.code == 1
                && refused.errors
                    == "rollout 'base-1.4.0' is paused, which allows 'resume', 'abort', 'abort --keep'\n"
        )
        #expect(
            try rollout("abort", "base-1.4.0", "--author", "carla", "--note", "wrong set").code == 0
        )
        #expect(try wait("\"state\":\"recalled\""))
        #expect(assignment(told[0])?.contains("\"version\":\"1.3.0\"") == true)
        let status = try rollout("status", "base-1.4.0", "--history")
        #expect(status.output.contains("because   ended by carla: wrong set"))
        for line in [
            "anna  create", "bert  approve  seen on the bench", "fleet  begin",
            "carla  pause", "carla  abort  wrong set",
        ] {
            #expect(status.output.contains(line), "\(status.output)")
        }
        #expect(try rollout("abort", "base-1.4.0", "--keep").code == 0)
        #expect(try rollout("status").output.contains("base-1.4.0: base 1.4.0, aborted"))
        #expect(try rollout("status", "other").errors == "there is no rollout 'other'\n")
        #expect(server.terminate() == .exited(0), "\(server.errors)")
    }

    @Test func `the author is who logged in, and does not approve`() throws {
        try addDevices(2)
        func run(_ words: String...) throws -> (code: Int32, output: String, errors: String) {
            let child = try ChildProcess(
                House.programs + "/amphora-fleet", ["rollout"] + words + ["--store", address],
                environment: ["USER": "somebody", "LOGNAME": "somebody"])
            guard case .exited(let code) = try child.waitForExit(within: 60_000) else {
                return (-1, child.output, child.errors)
            }
            return (code, child.output, child.errors)
        }
        let made = try run("create", "--release", folder.file("new.json"))
        #expect(made.code == 0, "\(made)")
        let store = try FleetStores.openRollouts(address)
        let author = try #require(try store.notes(of: "base-1.4.0").first).author
        #expect(!author.isEmpty && author != "somebody")
        let refused = try run("approve", "base-1.4.0")
        #expect(
            refused.code == 1
                && refused.errors
                    == "rollout 'base-1.4.0' was made by '\(author)', who cannot approve it: somebody else has to\n"
        )
        #expect(try run("approve", "base-1.4.0", "--author", " ").code == 64)
        #expect(try run("approve", "base-1.4.0", "--author", "bert").code == 0)
    }

    /// At each step that `RolloutEngine` names the server dies by its own hand; the next one goes on.
    @Test func `a server killed at any step of a rollout goes on from there`() throws {
        for (step, count) in [
            ("rollout-before-keep", 1), ("rollout-after-keep", 1), ("rollout-before-keep", 2),
            ("rollout-after-keep", 2), ("rollout-after-publish", 1), ("file-renamed", 1),
            ("file-written", 2), ("rollout-after-keep", 3),
        ] {
            let other = try RolloutCommandTests()
            try other.addDevices(3)
            #expect(
                try other.fleet(
                    ["rollout", "create", "--approval", "never", "--waves", "2,all"] + other.release
                ).code == 0)
            let run = try other.serve(cut: "\(step):\(count)")
            #expect(try run.waitForExit(within: 30_000) == .signalled(SIGKILL), "\(step):\(count)")
            let next = try other.serve()
            #expect(
                Patience.wait(20_000) {
                    (try? other.rollout("status", "base-1.4.0", "--json").output)?
                        .components(separatedBy: "\"state\":\"told\"").count == 3 ? true : nil
                } == true, "\(step):\(count)")
            #expect((1...3).count { other.assignment("gw-\($0)") != nil } == 2)
            let store = try FleetStores.openRollouts(other.address)
            #expect(try store.assignments().allSatisfy { $0.isPublished && $0.release == 9 })
            #expect(try store.notes(of: "base-1.4.0").map(\.what) == ["create", "begin"])
            next.terminate()
        }
    }
}
