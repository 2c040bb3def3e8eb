import CertificateAuthority
import Foundation
import ProfileRepository
import TUF
import TestKit
import Testing

/// `amphora-fleet profiles` as a program.
@Suite struct ProfilesCommandTests {
    static func program(_ name: String) -> String {
        let besideTests = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: name)
        return FileManager.default.isExecutableFile(atPath: besideTests.path)
            ? besideTests.path : TestKit.Repository.root + "/.build/debug/" + name
    }

    @discardableResult
    private func fleet(
        _ arguments: [String], status: Int32 = 0, cut: String? = nil
    ) throws -> (output: String, errors: String, died: Bool) {
        let run = try ChildProcess(
            Self.program("amphora-fleet"), ["profiles"] + arguments,
            environment: cut.map { ["AMPHORA_CUT": $0] } ?? [:])
        let found = try run.waitForExit(within: 120_000)
        let died = found == .signalled(SIGKILL)
        if cut == nil || !died {
            #expect(found == .exited(status), "\(arguments): \(run.errors)")
        }
        return (run.output, run.errors, died)
    }

    @Test func `the quick way from keys to a gateway`() throws {
        let folder = try TemporaryDirectory("profiles")
        let secret = folder.file("secret")
        try "a long passphrase\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let (root, list) = (folder.file("root.pem"), folder.file("list.pem"))
        try fleet(["keygen", root, "--passphrase-file", secret])
        try fleet(["keygen", list, "--no-passphrase", "--scheme", "ecdsa-sha2-nistp256"])
        try fleet(["keygen", list, "--no-passphrase"], status: 3)
        try fleet(["keygen", folder.file("x"), "--scheme", "rsa", "--no-passphrase"], status: 3)
        try fleet(["keygen", folder.file("x")], status: 3)
        // openssl reads both
        for arguments in [
            ["pkey", "-in", root, "-passin", "file:\(secret)", "-noout"],
            ["pkey", "-in", list, "-noout"],
        ] {
            let run = try ChildProcess(try Peers.tool("openssl"), arguments)
            #expect(try run.waitForExit(within: 20_000) == .exited(0), "\(run.errors)")
        }
        let place = ["--repository", folder.file("repository")]
        try fleet(["status"] + place, status: 3)
        let keys = ["--root-key", root + ".pub", "--targets-key", list + ".pub"]
        try fleet(["init", "--root-threshold", "2"] + keys + place, status: 3)
        try fleet(["init"] + keys + place)
        try fleet(["init"] + keys + place, status: 3)
        #expect(try fleet(["publish"] + place, status: 1).errors.contains("'root' is signed by 0"))
        try fleet(["sign", "--key", root] + place, status: 3)
        try fleet(["sign", "--key", root, "--passphrase-file", secret] + place)
        #expect(try fleet(["sign", "--key", list] + place).output == "signed 'targets'\n")
        let stranger = folder.file("stranger")
        try fleet(["keygen", stranger, "--no-passphrase"])
        let refused = try fleet(["sign", "--key", stranger] + place, status: 1)
        #expect(refused.errors == "nothing is signed: no draft is for a key that was given\n")
        let list1 = folder.file("assignments")
        try "{\"gateway\":\"gw-1\"}\n{\"gateway\":\"gw-2\"}\n".write(
            toFile: list1, atomically: true, encoding: .utf8)
        try fleet(["publish", "--assignments", list1] + place)
        let idle = try fleet(["sign", "--key", list] + place, status: 1)
        #expect(
            idle.errors
                == "nothing is signed: there is no draft; 'add', 'remove' and 'rotate' make one\n")
        try "{\"gateway\":1}\n".write(toFile: list1, atomically: true, encoding: .utf8)
        try fleet(["publish", "--assignments", list1] + place, status: 3)
        try fleet(["add", folder.path] + place, status: 1)
        try fleet(["add", "/no/such/folder"] + place, status: 3)
        try fleet(["rotate", "--online", "timestamp"] + place)
        try fleet(["rotate", "--online", "root"] + place, status: 3)
        let status = try fleet(["status", "--json"] + place).output
        #expect(status.contains("\"assignments\":2"))
        #expect(status.contains("\"drafts\":[\"root\"]"))
        let text = try fleet(["status"] + place).output
        #expect(text.contains("2 assignments\ndraft: root\n"))
    }

    /// A set, an assignment and a change of most keys, signed and not published.
    private static func prepare(_ fixture: RepositoryFixture) throws {
        let repository = try fixture.open()
        try fixture.add()
        try repository.publish(
            [AssignmentChange(gateway: "gw-1", document: [0x7B, 0x7D])], drafts: false,
            now: RepositoryFixture.now)
        var rotation = Rotation()
        rotation.renewed = [.timestamp, .snapshot]
        rotation.renewsAssignments = true
        rotation.added[.targets] = [fixture.lists[1].publicKey]
        rotation.removed[.targets] = [fixture.lists[0].publicKey.id.text]
        try repository.rotate(rotation, now: RepositoryFixture.now)
        _ = try repository.sign(with: fixture.roots + fixture.lists)
    }

    @Test(arguments: [
        "edition-file", "edition-written", "edition-settled", "file-written", "file-renamed",
        "edition-named",
    ])
    func `after death at any step gateways read, and the same command completes the work`(
        step: String
    ) throws {
        let fixture = try RepositoryFixture()
        try Self.prepare(fixture)
        // the program needs the lock
        fixture.close()
        try fixture.gateway("old")
        let stride = step == "edition-file" ? 6 : 1
        var deaths = 0
        for count in 0..<40 {
            let run = try fleet(
                ["publish", "--repository", fixture.path], cut: "\(step):\(1 + count * stride)")
            try fixture.gateway("old", [AssignmentChange.path("gw-1")])
            try fixture.gateway("fresh-\(count)", [AssignmentChange.path("gw-1")])
            if !run.died { break }
            deaths += 1
        }
        #expect(deaths > 0)
        #expect(try fixture.gateway("old", ["sets/base-1.0.0.tar"]).count == 1)
        #expect(try fixture.open().drafts().root == nil)
        #expect(try fixture.python("python-\(step)", ["sets/base-1.0.0.tar"]).contains("root 2"))
    }
}
