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

    /// The fingerprint as an operator gets it.
    private func fingerprint(_ name: String) throws -> String {
        let run = try ChildProcess(
            try Peers.tool("openssl"),
            ["x509", "-in", folder.file(name), "-noout", "-fingerprint", "-sha256"])
        _ = try run.waitForExit(within: 20_000)
        return run.output.split(separator: "=").last.map { String($0.dropLast()) } ?? ""
    }

    @Test func `the root's fingerprint is enough to enrol, a wrong one sends nobody the token`()
        throws
    {
        let words = ["enroll", "--fleet", fleet, "--token", "good-token", "--gateway", "gw-1"]
        func log() throws -> [Substring] {
            try String(contentsOfFile: folder.file("log"), encoding: .utf8).split(separator: "\n")
        }
        let wrong = try run(words + ["--ca-fingerprint", try fingerprint("stranger.pem")])
        #expect(wrong.status == .exited(4))
        #expect(wrong.errors.contains("does not show the root certificate of the fingerprint"))
        #expect(try log() == ["GET /.well-known/est/cacerts - 200"])
        // the issuing authority has not signed itself, so it is no root, whatever its fingerprint
        let issuing = try run(words + ["--ca-fingerprint", try fingerprint("issuing.pem")])
        #expect(issuing.status == .exited(4))
        #expect(try log().allSatisfy { $0.contains("cacerts") })
        let right = try run(words + ["--ca-fingerprint", try fingerprint("root.pem")])
        #expect(right.status == .exited(0), "\(right.errors)")
        #expect(
            try log().suffix(3) == [
                "GET /.well-known/est/cacerts - 200", "POST /.well-known/est/simpleenroll - 200",
                "GET /v1/gateway/config gw-1 404",
            ])
        let plain = try run(words + ["--ca-fingerprint", "12:34"])
        #expect(plain.status == .exited(2))
        #expect(plain.errors.contains("64 hexadecimal digits"))
    }
}
