import Foundation
import TestKit
import Testing

/// The commands of the gateway's identity, against an EST server that is not ours.
@Suite(.serialized) struct IdentityTests {
    private let folder: TemporaryDirectory
    private let double: ChildProcess
    private let fleet: String

    init() throws {
        folder = try TemporaryDirectory("identity")
        let script = Repository.root + "/Tests/ProvisioningTests/Fixtures/est_double.py"
        double = try ChildProcess(try Peers.python(importing: "ssl"), [script, folder.path])
        let line = try double.waitForLine(containing: "port ", within: 60_000)
        fleet = "https://localhost:\(line.dropFirst(5))"
    }

    private func run(
        _ words: [String], cut: String? = nil
    ) throws -> (status: TestKit.ExitStatus, output: String, errors: String) {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            words + ["--identity", folder.file("gateway/identity")],
            environment: cut.map { ["AMPHORA_CUT": $0] } ?? [:])
        let status = try process.waitForExit(within: 60_000)
        return (status, process.output, process.errors)
    }

    private func enroll(cut: String? = nil) throws -> (
        status: TestKit.ExitStatus, output: String, errors: String
    ) {
        try run(
            [
                "enroll", "--fleet", fleet, "--token", "good-token", "--gateway", "gw-1", "--ca",
                folder.file("root.pem"),
            ], cut: cut)
    }

    private func show() throws -> [String: Any] {
        let shown = try run(["identity", "show", "--json"])
        #expect(shown.status == .exited(0), "\(shown.errors)")
        let document = try JSONSerialization.jsonObject(with: Data(shown.output.utf8))
        return document as? [String: Any] ?? [:]
    }

    @Test func `a box without a pair enrols, shows who it is and renews`() throws {
        let before = try run(["identity", "show"])
        #expect(before.status == .exited(1))
        #expect(before.errors.contains("enrol this gateway first"))
        let enrolled = try enroll()
        #expect(enrolled.status == .exited(0), "\(enrolled.errors)")
        #expect(enrolled.output.hasPrefix("enrolled as 'gw-1' until "))
        let first = try show()
        #expect(first["gateway"] as? String == "gw-1")
        #expect(first["door"] as? String == "current")
        #expect(first["issuer"] as? String == "Fleet Issuing")
        let renewed = try run(["identity", "renew", "--fleet", fleet])
        #expect(renewed.status == .exited(0), "\(renewed.errors)")
        #expect(try show()["pair"] as? String != first["pair"] as? String)
    }

    @Test func `wrong words, an unreachable fleet and a bad token have their own exit status`()
        throws
    {
        let words = [
            "enroll", "--token", "x", "--gateway", "gw-1", "--ca", folder.file("root.pem"),
        ]
        let plain = try run(words + ["--fleet", "http://localhost"])
        #expect(plain.status == .exited(2))
        #expect(plain.errors.contains("expected 'https://host' or 'https://host:port'"))
        let nobody = try run(words + ["--fleet", "https://localhost:\(try Peers.freePort())"])
        #expect(nobody.status == .exited(4))
        let refused = try run(words + ["--fleet", fleet])
        #expect(refused.status == .exited(1))
        #expect(refused.errors.contains("does not accept this gateway's token"))
        let blind = try run(["enroll", "--fleet", fleet, "--token", "x", "--gateway", "gw-1"])
        #expect(blind.status == .exited(2))
        #expect(blind.errors.contains("who vouches for the fleet? give '--ca'"))
    }

    @Test func `a token from standard input shows in no list of processes`() throws {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            [
                "enroll", "--fleet", fleet, "--token", "-", "--gateway", "gw-1", "--ca",
                folder.file("root.pem"), "--identity", folder.file("gateway/identity"),
            ])
        #expect(process.send(line: "good-token"))
        #expect(try process.waitForExit(within: 60_000) == .exited(0), "\(process.errors)")
    }

    /// Each run dies a few changes later than the one before, until one comes to its end.
    @Test func `kill -9 while it enrols and renews always leaves a way on`() throws {
        var generator = SeededGenerator(announcedAs: "kill steps")
        var step = Int.random(in: 1...3, using: &generator)
        while try enroll(cut: "identity-step:\(step)").status == .signalled(SIGKILL) {
            #expect(step < 200)
            step += 5
        }
        #expect(try show()["door"] as? String == "current")
        step = Int.random(in: 1...3, using: &generator)
        while try run(
            ["identity", "renew", "--fleet", fleet], cut: "identity-step:\(step)"
        ).status == .signalled(SIGKILL) {
            #expect(step < 200)
            #expect(try show()["door"] as? String == "current", "step \(step)")
            step += 5
        }
        #expect(try run(["identity", "renew", "--fleet", fleet]).status == .exited(0))
        #expect(try show()["door"] as? String == "current")
    }
}
