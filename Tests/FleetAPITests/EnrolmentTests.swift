import Crypto
import EST
import Foundation
import TestKit
import Testing
import X509

@testable import FleetAPI
@testable import FleetStore

/// Doors of EST and those who try them without right, over real TLS with curl and OpenSSL.
@Suite(.ownThreads) struct EnrolmentTests {
    @Test func `a token opens once, also when the same request comes twice`() async throws {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        let key = P256.Signing.PrivateKey()
        try rig.request("a", of: "gw-1", key: key)
        try rig.request("b", of: "gw-1")
        let first = try await rig.post("a", user: "gw-1", token: token)
        #expect(first.code == "200", "\(first)")
        #expect(
            first.lowercased().contains(
                "content-type: application/pkcs7-mime; smime-type=certs-only\r\n"))
        #expect(!first.body.contains("\n"))
        #expect(try first.certificate.publicKey == .init(key.publicKey))
        // the answer was lost
        let again = try await rig.post("a", user: "gw-1", token: token)
        #expect(try again.certificate == first.certificate)
        let other = try await rig.post("b", user: "gw-1", token: token)
        #expect(other.code == "401" && other.body == "this token was used already\n")
        #expect(other.lowercased().contains("www-authenticate: basic realm="))
        #expect(try rig.store().certificates(of: "gw-1").count == 1)
    }

    @Test func `two requests at once with one token give one certificate`() async throws {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        for name in ["a", "b", "c"] { try rig.request(name, of: "gw-1") }
        async let a = rig.post("a", user: "gw-1", token: token)
        async let b = rig.post("b", user: "gw-1", token: token)
        async let c = rig.post("c", user: "gw-1", token: token)
        let codes = try await [a, b, c].map(\.code).sorted()
        #expect(codes == ["200", "401", "401"])
        #expect(try rig.store().certificates(of: "gw-1").count == 1)
    }

    @Test func `tokens that are wrong, expired or of another device open nothing`() async throws {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        let late = try rig.add("gw-2", lasting: -1)
        for (name, gateway) in [("a", "gw-1"), ("b", "gw-2"), ("c", "gw-3")] {
            try rig.request(name, of: gateway)
        }
        let rows = [
            ("a", "gw-1", "nonsense", "401", "no such token for this gateway\n"),
            ("b", "gw-2", token, "401", "no such token for this gateway\n"),
            ("b", "gw-2", late, "401", "this token has expired\n"),
            ("c", "gw-3", token, "401", "no such token for this gateway\n"),
            (
                "b", "gw-1", token, "400",
                "certificate request: 'gw-1' asks for a certificate of 'gw-2'\n"
            ),
        ]
        for (name, user, token, code, words) in rows {
            let answer = try await rig.post(name, user: user, token: token)
            #expect(answer.code == code && answer.body == words, "\(answer)")
        }
        let none = try await rig.post("a")
        #expect(none.code == "401" && none.lowercased().contains("www-authenticate: basic"))
        // none of it has used the token up
        #expect(try await rig.post("a", user: "gw-1", token: token).code == "200")
    }

    @Test func `bodies that are no fair request are refused, and the token stays`() async throws {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        let fixtures = "\(Repository.root)/Tests/ESTTests/Fixtures"
        for name in ["authority", "rsa-1024", "two-names", "damaged-signature"] {
            let der = try Data(contentsOf: URL(filePath: "\(fixtures)/\(name).csr"))
            try rig.write("\(name).b64", Base64Text.encode(Array(der)))
        }
        try rig.write("garbage.b64", Array("!!!".utf8))
        try rig.write("empty.b64", [])
        try rig.write("large.b64", [UInt8](repeating: 0x41, count: 100_000))
        try rig.write("pem.b64", Array("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n".utf8))
        try rig.request("good", of: "gw-1")
        let rows = [
            ("authority", "400", "certificate request: it asks to be an authority\n"),
            (
                "rsa-1024", "400",
                "certificate request: expected a key on P-256 or P-384, found RSA of 1024 bits\n"
            ),
            ("two-names", "400", "certificate request: expected a subject of one common name"),
            ("damaged-signature", "400", "certificate request: it is not signed with the key"),
            ("garbage", "400", "base64: found 0x21 at byte 0\n"),
            ("empty", "400", "certificate request: expected PKCS#10 in DER"),
            ("large", "413", "expected at most 16384 bytes, found more\n"),
            ("pem", "400", "base64: found '-' at byte 0, expected base64 without PEM lines\n"),
        ]
        for (name, code, words) in rows {
            let answer = try await rig.post(name, user: "gw-1", token: token)
            #expect(answer.code == code && answer.body.hasPrefix(words), "\(name): \(answer)")
        }
        let type = try await rig.post("good", user: "gw-1", token: token, type: "text/plain")
        #expect(type.code == "415" && type.body.contains("found 'text/plain'"))
        #expect(try await rig.post("good", user: "gw-1", token: token).code == "200")
    }

    @Test func `other paths and methods are answered`() async throws {
        let rig = try await EnrolmentRig()
        let get = try await rig.curl(.enrol)
        #expect(get.code == "405" && get.lowercased().contains("allow: post\r\n"))
        let put = try await rig.curl(.authorities, "-X", "PUT")
        #expect(put.code == "405" && put.lowercased().contains("allow: get\r\n"))
        #expect(try await rig.curl(.attributes).code == "204")
        #expect(try await rig.curl(.authorities).code == "200")
    }

    @Test func `a factory certificate opens for what an operator lets in`() async throws {
        let rig = try await EnrolmentRig()
        _ = try rig.add("gw-1")
        try rig.identity("known", of: "gw-1", by: rig.maker)
        try rig.identity("unknown", of: "gw-7", by: rig.maker)
        try rig.identity("old", of: "gw-1", by: rig.maker, from: -7200, to: -3600)
        for (name, gateway) in [("a", "gw-1"), ("b", "gw-7")] {
            try rig.request(name, of: gateway)
        }
        let early = try await rig.post("a", identity: "known")
        #expect(early.code == "403" && early.body.contains("neither of this fleet nor of a maker"))
        try rig.registerMaker()
        #expect(try await rig.post("a", identity: "known").code == "200")
        #expect(try await rig.post("b", identity: "known").code == "400")
        let old = try await rig.post("a", identity: "old")
        #expect(old.code == "403" && old.body.contains("'gw-1' has expired on "))
        let renew = try await rig.post("a", identity: "known", to: .renew)
        #expect(renew.code == "403" && renew.body.contains("shows a factory certificate"))
        let waiting = try await rig.post("b", identity: "unknown")
        #expect(waiting.code == "202" && waiting.lowercased().contains("retry-after: 60\r\n"))
        #expect(try rig.store().approve("gw-7", by: "eve", at: 1))
        #expect(try await rig.post("b", identity: "unknown").code == "200")
    }

    @Test func `a renewal needs a valid certificate of its own that was not revoked`() async throws
    {
        let rig = try await EnrolmentRig()
        for id in ["gw-1", "gw-2"] { _ = try rig.add(id) }
        let certificate = try rig.identity("own", of: "gw-1", by: rig.issuer)
        try rig.identity("old", of: "gw-1", by: rig.issuer, from: -7200, to: -3600)
        try rig.identity("early", of: "gw-1", by: rig.issuer, from: 3600, to: 7200)
        try rig.identity("server", of: "gw-1", by: rig.issuer, isServer: true)
        try rig.identity("stranger", of: "gw-9", by: rig.issuer)
        try rig.identity("false", of: "gw-1", by: TestIssuer("test root"))
        for (name, gateway) in [("a", "gw-1"), ("b", "gw-2"), ("c", "gw-9")] {
            try rig.request(name, of: gateway)
        }
        let rows: [(String, String?, String, String)] = [
            ("a", nil, "403", "expected the certificate that shall be renewed"),
            ("a", "old", "403", "the certificate of 'gw-1' has expired on "),
            ("a", "early", "403", "the certificate of 'gw-1' begins on "),
            ("a", "server", "403", "its certificate 'CN=gw-1' is neither of this fleet"),
            ("a", "false", "403", "its certificate 'CN=gw-1' is neither of this fleet"),
            ("c", "stranger", "403", "this gateway does not belong to the fleet any more"),
            ("b", "own", "400", "certificate request: 'gw-1' asks for a certificate of 'gw-2'"),
        ]
        for (name, identity, code, words) in rows {
            let answer = try await rig.post(name, identity: identity, to: .renew)
            #expect(answer.code == code && answer.body.hasPrefix(words), "\(answer)")
        }
        let enrol = try await rig.post("a", identity: "own")
        #expect(enrol.code == "403" && enrol.body.contains(ESTOperation.renew.path))
        #expect(try await rig.post("a", identity: "own", to: .renew).code == "200")
        let serial = certificate.serialNumber.bytes.map {
            ($0 < 16 ? "0" : "") + String($0, radix: 16)
        }.joined()
        rig.revoked.serials.withLock { _ = $0.insert(serial) }
        let revoked = try await rig.post("a", identity: "own", to: .renew)
        #expect(revoked.code == "403" && revoked.body.contains("was revoked"))
    }

    @Test func `an authority that cannot sign costs no token`() async throws {
        let rig = try await EnrolmentRig()
        let token = try rig.add("gw-1")
        try rig.request("a", of: "gw-1")
        rig.issuer.isBroken.withLock { $0 = true }
        let answer = try await rig.post("a", user: "gw-1", token: token)
        #expect(answer.code == "503" && answer.lowercased().contains("retry-after: 60\r\n"))
        rig.issuer.isBroken.withLock { $0 = false }
        #expect(try await rig.post("a", user: "gw-1", token: token).code == "200")
    }

    @Test func `TLS 1.1 is refused`() async throws {
        let rig = try await EnrolmentRig()
        func connect(_ version: String) async throws -> String {
            let words = """
                openssl s_client -connect 127.0.0.1:\(rig.server.port) -\(version) \
                -cipher DEFAULT:@SECLEVEL=0 < /dev/null
                """
            let seen = try await rig.run("sh", ["-c", words])
            return seen.output + seen.errors
        }
        #expect(try await connect("tls1_1").contains("alert protocol version"))
        #expect(try await connect("tls1_2").contains("Protocol  : TLSv1.2"))
    }

    @Test func `who says nothing, or half of it, is not waited for`() async throws {
        var limits = PatienceLimits()
        limits.head = 1
        limits.body = 1
        let rig = try await EnrolmentRig(limits)
        let port = rig.server.port
        // both keep their end open: only the server can end them
        try await EnrolmentRig.aside {
            let silent = try ChildProcess(
                Peers.tool("openssl"), ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"])
            _ = try silent.waitForExit(within: 600_000)
        }
        let token = try rig.add("gw-1")
        let credentials = String(
            decoding: Base64Text.encode(Array("gw-1:\(token)".utf8)), as: UTF8.self)
        let half = """
            POST \(ESTOperation.enrol.path) HTTP/1.1\r
            Host: x\r
            Content-Type: application/pkcs10\r
            Content-Length: 100\r
            Authorization: Basic \(credentials)\r
            \r
            AAAA
            """
        try await EnrolmentRig.aside {
            let client = try ChildProcess(
                Peers.tool("openssl"), ["s_client", "-quiet", "-connect", "127.0.0.1:\(port)"])
            client.send(line: half)
            _ = try client.waitForLine(containing: "408", within: 600_000)
        }
    }
}
