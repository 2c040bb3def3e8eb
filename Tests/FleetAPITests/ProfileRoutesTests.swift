import Foundation
import HTTPSClient
import ProfileRepository
import TUF
import TUFClient
import TestKit
import Testing

@testable import FleetAPI

@Suite(.ownThreads, .timeLimit(.minutes(15))) struct ProfileRoutesTests {
    /// What curl prints of a path below the profiles; curl leaves dots as they are.
    private func fetch(
        _ path: String, _ rig: EnrolmentRig, identity: String? = "gw-1"
    ) async throws -> String {
        var words = [
            "-s", "-i", "-m", "600", "--path-as-is", "--cacert", rig.folder.file("root.pem"),
        ]
        if let identity {
            words += [
                "--cert", rig.folder.file("\(identity).pem"), "--key",
                rig.folder.file("\(identity).key"),
            ]
        }
        return try await rig.run("curl", words + ["\(rig.url)/v1/gateway/profiles/\(path)"]).output
    }

    private func ready() async throws -> EnrolmentRig {
        let rig = try await EnrolmentRig()
        try rig.identity("gw-1", of: "gw-1", by: rig.issuer)
        for folder in ["metadata", "targets/sets", "targets/assignments"] {
            try FileManager.default.createDirectory(
                atPath: rig.folder.file("published/\(folder)"), withIntermediateDirectories: true)
        }
        try rig.write("published/metadata/timestamp.json", Array("{\"one\":1}".utf8))
        try rig.write("published/metadata/1.root.json", Array("{\"root\":1}".utf8))
        try rig.write("published/targets/sets/abc.base-1.0.0.tar", [1, 2, 3])
        try rig.write("outside.json", Array("secret".utf8))
        return rig
    }

    @Test func `a gateway gets what is published, as it lies there`() async throws {
        let rig = try await ready()
        let timestamp = try await fetch("metadata/timestamp.json", rig)
        #expect(timestamp.hasPrefix("HTTP/1.1 200"))
        #expect(timestamp.contains("private, no-cache"))
        #expect(timestamp.body == "{\"one\":1}")
        #expect(try await fetch("metadata/1.root.json", rig).body == "{\"root\":1}")
        let set = try await fetch("targets/sets/abc.base-1.0.0.tar", rig)
        #expect(set.contains("application/octet-stream"))
        #expect(set.body == "\u{1}\u{2}\u{3}")
        #expect(try await fetch("metadata/2.root.json", rig).hasPrefix("HTTP/1.1 404"))
    }

    @Test func `a changed file is shown at once`() async throws {
        let rig = try await ready()
        for number in 1...5 {
            let text = "{\"n\":\(number)}"
            try rig.write("published/metadata/new", Array(text.utf8))
            _ = rename(
                rig.folder.file("published/metadata/new"),
                rig.folder.file("published/metadata/timestamp.json"))
            #expect(try await fetch("metadata/timestamp.json", rig).body == text)
        }
    }

    @Test(arguments: [
        "metadata/../../outside.json", "metadata/..%2F..%2Foutside.json", "metadata/%2e%2e",
        "metadata/link.json", "metadata/", "targets/sets/..%2f..%2f..%2foutside.json",
        "targets/../../outside.json", "targets/sets", "metadata/.hidden", "metadata/a%00b",
    ])
    func `no path leads out of the folder`(path: String) async throws {
        let rig = try await ready()
        try rig.write("published/metadata/.hidden", [0x78])
        symlink(rig.folder.file("outside.json"), rig.folder.file("published/metadata/link.json"))
        let answer = try await fetch(path, rig)
        #expect(answer.hasPrefix("HTTP/1.1 404") || answer.hasPrefix("HTTP/1.1 400"), "\(answer)")
        #expect(!answer.contains("secret"))
    }

    @Test func `only a gateway of the fleet may ask`() async throws {
        let rig = try await ready()
        try rig.identity("stranger", of: "gw-1", by: try TestIssuer("test root"))
        for identity in [nil, "stranger"] {
            let answer = try await fetch("metadata/timestamp.json", rig, identity: identity)
            #expect(answer.hasPrefix("HTTP/1.1 403"), "\(answer)")
        }
    }

    @Test func `a gateway's own client goes all the way from its root to its assignment`()
        async throws
    {
        let rig = try await EnrolmentRig()
        try rig.identity("gw-1", of: "gw-1", by: rig.issuer)
        let document = Array("{\"gateway\":\"gw-1\"}".utf8)
        let found = try await EnrolmentRig.aside {
            let root = try Self.publish(document, at: rig.folder)
            var configuration = HTTPSConfiguration(
                authorities: .file(rig.folder.file("root.pem")))
            // as for curl above: the server answers in this process, when others leave it a thread
            configuration.connectMilliseconds = 600_000
            configuration.answerMilliseconds = 600_000
            configuration.stallSeconds = 600
            configuration.identity = HTTPSConfiguration.Identity(
                certificateFile: rig.folder.file("gw-1.pem"),
                keyFile: rig.folder.file("gw-1.key"))
            let client = try TUFClient(
                folder: try VerifiedFolder(rig.folder.file("trusted")), shipped: root,
                exchange: try HTTPSSession(configuration),
                addresses: TUFClient.Addresses(fleet: rig.url),
                start: TUFTime(seconds: Int64(Date.now.timeIntervalSince1970)))
            try client.refresh()
            return try client.fetch(try client.find(AssignmentChange.path("gw-1")))
        }
        #expect(found == document)
    }

    /// Publishes an assignment where the server looks; gives the first root.
    private static func publish(
        _ document: [UInt8], at folder: TemporaryDirectory
    ) throws -> [UInt8] {
        let key = try #require(TUFPrivateKey(.ed25519))
        let now = TUFTime(seconds: Int64(Date.now.timeIntervalSince1970))
        let repository = try ProfileRepository.create(
            at: folder.file("repository"),
            root: TUFAuthority(role: "root", keys: [key.publicKey], threshold: 1),
            targets: TUFAuthority(role: "targets", keys: [key.publicKey], threshold: 1),
            lives: RepositoryLives(), now: now)
        _ = try repository.sign(with: [key])
        try repository.publish(
            [AssignmentChange(gateway: "gw-1", document: document)], now: now)
        try FileManager.default.moveItem(
            atPath: folder.file("repository/published"), toPath: folder.file("published"))
        return [UInt8](
            try Data(contentsOf: URL(filePath: folder.file("published/metadata/1.root.json"))))
    }
}
