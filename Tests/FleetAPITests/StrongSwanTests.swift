import EST
import Foundation
import TestKit
import Testing
import X509

@testable import FleetAPI
@testable import FleetStore

/// EST as strongSwan's `pki` speaks it, a client that knows nothing of ours.
@Suite(.ownThreads) struct StrongSwanTests {
    /// Makes a key and a request for it with `pki`, as `NAME.key` and `NAME.csr`.
    private func makeRequest(_ rig: EnrolmentRig, _ name: String, _ gateway: String) async throws {
        let script = """
            pki --gen --type ecdsa --size 256 > \(name).key && \
            pki --req --type priv --in \(name).key --dn 'CN=\(gateway)' > \(name).csr
            """
        _ = try Peers.tool("pki", package: "strongswan-pki")
        let seen = try await rig.run("sh", ["-c", script])
        #expect(seen.status == .exited(0), "\(seen.errors)")
    }

    /// Runs `pki --est` and keeps what it prints as `NAME.crt`.
    private func enrol(
        _ rig: EnrolmentRig, _ name: String, _ words: String
    ) async throws -> EnrolmentRig.Seen {
        try await rig.run(
            "sh",
            [
                "-c",
                "pki --est --url \(rig.url) --in \(name).csr --cacert root.pem \(words) > \(name).crt",
            ])
    }

    @Test func `it fetches authorities, enrols with a token and renews with a new key`()
        async throws
    {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        let authorities = try await rig.pki(
            "--estca", "--url", rig.url, "--cacert", "root.pem", "--caout", "ca.pem", "--outform",
            "pem")
        #expect(authorities.status == .exited(0), "\(authorities.errors)")
        let found = try FileManager.default.contentsOfDirectory(atPath: rig.folder.path)
            .filter { $0.hasPrefix("ca") && $0.hasSuffix(".pem") }
        #expect(found.count == 1, "\(found)")
        let fetched = String(decoding: try rig.read(found.first ?? ""), as: UTF8.self)
        #expect(try Certificate(pemEncoded: fetched) == rig.issuer.root)

        try await makeRequest(rig, "first", "gw-1")
        let first = try await enrol(rig, "first", "--userpass gw-1:\(token) --interval 1")
        #expect(first.status == .exited(0), "\(first.errors)")
        let certificate = try Certificate(derEncoded: rig.read("first.crt"))
        #expect(try rig.store().certificates(of: "gw-1").map(\.door) == [.token])

        try await makeRequest(rig, "second", "gw-1")
        let second = try await enrol(rig, "second", "--cert first.crt --key first.key")
        #expect(second.status == .exited(0), "\(second.errors)")
        let renewed = try Certificate(derEncoded: rig.read("second.crt"))
        #expect(renewed.subject == certificate.subject)
        #expect(renewed.publicKey != certificate.publicKey)
        #expect(try rig.store().certificates(of: "gw-1").map(\.door) == [.renewal, .token])
    }

    @Test func `it waits for an operator and gets its certificate then`() async throws {
        var limits = PatienceLimits()
        limits.retry = 1
        let rig = try await EnrolmentRig(limits)
        let token = try rig.add("gw-1", needsApproval: true)
        try await makeRequest(rig, "wait", "gw-1")
        async let seen = enrol(rig, "wait", "--userpass gw-1:\(token) --interval 1")
        try await EnrolmentRig.aside {
            let store = try rig.store()
            let isWaiting = Patience.wait(60_000) {
                (try? store.pendingEnrolments())?.isEmpty == false ? true : nil
            }
            #expect(isWaiting == true)
            #expect(try store.certificates(of: "gw-1").isEmpty)
            #expect(try store.approve("gw-1", by: "eve", at: 1))
        }
        let ended = try await seen
        #expect(ended.status == .exited(0), "\(ended.errors)")
        #expect(
            try Certificate(derEncoded: rig.read("wait.crt")).subject.description == "CN=gw-1")
    }
}
