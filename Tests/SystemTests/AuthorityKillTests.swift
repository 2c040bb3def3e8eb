import CertificateAuthority
import Foundation
import TestKit
import Testing

/// The program dies by its own hand (`CutPoint`) at each step of writing, one after another.
@Suite(.serialized) struct AuthorityKillTests {
    private static let steps = [
        "file-written", "file-synced", "file-renamed", "link-made", "link-moved", "ca-filled",
        "ca-moved",
    ]

    /// Runs a command until it gets through, each time with a later cut; gives how often it died.
    ///
    /// `inspect` looks at what each death left.
    private func cut(
        _ step: String, every stride: Int = 1, _ arguments: [String], inspect: () throws -> Void
    ) throws -> Int {
        for count in 0..<100 {
            let run = try ChildProcess(
                House.programs + "/amphora-fleet", arguments,
                environment: ["AMPHORA_CUT": "\(step):\(1 + count * stride)"])
            let status = try run.waitForExit(within: 30_000)
            guard status == .signalled(SIGKILL) else {
                #expect(status == .exited(0), "\(step): \(run.errors)")
                return count
            }
            try inspect()
        }
        return 100
    }

    @Test(arguments: steps) func `init leaves a whole authority or none`(step: String) throws {
        let folder = try TemporaryDirectory("authority")
        let path = folder.file("ca")
        let arguments = [
            "ca", "init", "--ca", path, "--host", "fleet.example", "--no-passphrase",
        ]
        // a cut after the move leaves the authority in place, whole
        if step == "ca-moved" {
            let run = try ChildProcess(
                House.programs + "/amphora-fleet", arguments,
                environment: ["AMPHORA_CUT": "ca-moved:1"])
            #expect(try run.waitForExit(within: 30_000) == .signalled(SIGKILL))
        } else {
            let deaths = try cut(step, every: 5, arguments) {
                #expect(!DurableFile.exists(path))
            }
            #expect(deaths > 0)
        }
        #expect(!DurableFile.exists(path + ".unfinished"))
        let authority = try AuthorityFolder(path)
        _ = try FileCertificateAuthority(authority, passphrase: nil)
        #expect(try authority.list().number > 0)
    }

    @Test func `a service has a pair that fits after every death`() throws {
        let folder = try TemporaryDirectory("authority")
        let hosts = [try HostName("a.example")]
        let now = FileCertificateAuthority.now()
        let authority = try AuthorityFolder.create(
            at: folder.file("ca"),
            AuthoritySetup(
                hosts: hosts, brokerHosts: hosts, rootProtection: .fileMode,
                issuingProtection: .fileMode), now: now)
        let name = try #require(SubjectName("ingest.a"))
        let place = try authority.issueService(name, life: .days(9), passphrase: nil, now: now)
        let openssl = try Peers.tool("openssl")
        func publicKey(_ arguments: String...) throws -> String {
            let run = try ChildProcess(openssl, arguments)
            #expect(try run.waitForExit() == .exited(0), "\(run.errors)")
            return run.output
        }
        for step in ["file-written", "file-renamed", "link-made", "link-moved"] {
            let deaths = try cut(
                step, ["ca", "issue-service", "ingest", "a", "--ca", authority.path]
            ) {
                let key = try publicKey("pkey", "-in", "\(place)/key.pem", "-pubout")
                let other = try publicKey(
                    "x509", "-in", "\(place)/certificate.pem", "-noout", "-pubkey")
                #expect(key == other, "\(step)")
                // the one in use is on record
                let serial = SerialNumber(try authority.current(name).serialNumber)
                #expect(try authority.issued(serial).name == name)
            }
            #expect(deaths > 0, "\(step)")
        }
    }

    @Test(arguments: ["file-written", "file-renamed"])
    func `what a revocation left undone the next one does`(step: String) throws {
        let rig = try IdentityRig()
        _ = try rig.enrol("gw-0001")
        let arguments = ["ca", "revoke", "--gateway", "gw-0001", "--ca", rig.authority.path]
        let deaths = try cut(step, arguments) {
            _ = try rig.authority.list()
            let name = try #require(SubjectName("gw-0001"))
            #expect(try rig.authority.issued(to: name).count == 1)
        }
        #expect(deaths > 0)
        #expect(try rig.authority.revokedCount(now: rig.now) == 1)
        #expect(try rig.authority.list().number > rig.now)
    }
}
