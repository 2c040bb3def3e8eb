import Foundation
import TestKit
import Testing

/// From an empty folder to a certificate: authority, device, server, and a client that is not ours.
@Suite struct EnrolmentSystemTests {
    @Test func `strongSwan enrols at a fleet that was just set up, and a revoked one cannot renew`()
        throws
    {
        let folder = try TemporaryDirectory("enrol")
        func fleet(_ words: String...) throws -> String {
            let run = try ChildProcess(House.programs + "/amphora-fleet", words)
            let status = try run.waitForExit(within: 60_000)
            guard status == .exited(0) else {
                throw TestKitError.ended(
                    program: words.joined(separator: " "), status: status, output: run.errors)
            }
            return run.output
        }
        let (authority, store) = (folder.file("ca"), "sqlite:" + folder.file("fleet.db"))
        _ = try fleet("ca", "init", "--ca", authority, "--host", "127.0.0.1", "--no-passphrase")
        let added = try fleet("devices", "add", "gw-1", "--store", store)
        let line = try #require(added.split(separator: "\n").first { $0.hasPrefix("token") })
        let token = try #require(line.split(separator: " ").last)
        let (port, health) = (try Peers.freePort(), try Peers.freePort())
        let server = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "serve", "--store", store, "--ca", authority, "--tls", "127.0.0.1:\(port)",
                "--listen", "127.0.0.1:\(health)",
            ])
        _ = try server.waitForLine(containing: "serving", within: 30_000)
        _ = try Peers.tool("pki", package: "strongswan-pki")
        func enrol(_ name: String, _ words: String) throws -> Bool {
            let script = """
                pki --gen --type ecdsa --size 256 > \(name).key && \
                pki --req --type priv --in \(name).key --dn CN=gw-1 > \(name).csr && \
                pki --est --url https://127.0.0.1:\(port) --in \(name).csr \
                --cacert ca/authorities.pem --cacert ca/root.pem \(words) > \(name).crt
                """
            let run = try ChildProcess("/bin/sh", ["-c", script], directory: folder.path)
            return try run.waitForExit(within: 60_000) == .exited(0)
        }
        #expect(try enrol("first", "--userpass gw-1:\(token)"))
        #expect(try enrol("second", "--cert first.crt --key first.key"))
        #expect(try fleet("devices", "list", "--store", store).contains(" enrolled "))
        // our own gateway, which knows no more than what the operator reads out to it
        let shown = try fleet("ca", "show", "--json", "--ca", authority)
        let root = try #require(shown.firstMatch(of: /"root_sha256":"([0-9a-f]{64})"/)).1
        let other = try fleet("devices", "add", "gw-2", "--store", store)
        let word = try #require(other.split(separator: "\n").first { $0.hasPrefix("token") })
        let gateway = try ChildProcess(
            House.programs + "/amphora-gateway",
            [
                "enroll", "--fleet", "https://127.0.0.1:\(port)", "--gateway", "gw-2", "--token",
                String(try #require(word.split(separator: " ").last)), "--ca-fingerprint",
                String(root), "--identity", folder.file("identity"),
            ])
        #expect(try gateway.waitForExit(within: 60_000) == .exited(0), "\(gateway.errors)")
        #expect(gateway.output.contains("gw-2") || gateway.errors.contains("gw-2"))
        _ = try fleet("ca", "revoke", "--ca", authority, "--gateway", "gw-1")
        #expect(try !enrol("third", "--cert second.crt --key second.key"))
        #expect(server.terminate() == .exited(0))
    }
}
