import Crypto
import EST
import SwiftASN1
import TestKit
import Testing
import X509

@Suite struct EnrolmentRequestTests {
    @Test(
        arguments: [
            ("p256", .p256), ("p384", .p384), ("strongswan", .p256), ("no-authority", .p256),
            ("own-uri", .p256),
        ] as [(String, RequestedKey)])
    func `a request of OpenSSL or strongSwan is taken`(name: String, key: RequestedKey) throws {
        let der = try Fixture.bytes("\(name).csr")
        let request = try EnrolmentRequest(der: der)
        #expect(request.gateway == "gw-1" && request.key == key && request.der == der)
        try request.check(gateway: "gw-1")
        let error = #expect(throws: ESTError.self) { try request.check(gateway: "gw-2") }
        #expect(
            error?.description == "certificate request: 'gw-2' asks for a certificate of 'gw-1'")
    }

    @Test func `a request of swift-certificates is taken`() throws {
        let key = P256.Signing.PrivateKey()
        let uri = GeneralName.uniformResourceIdentifier("urn:amphora:gateway:gw-9")
        let wishes = try Certificate.Extensions {
            SubjectAlternativeNames([uri])
            try ExtendedKeyUsage([.clientAuth])
            KeyUsage(digitalSignature: true)
        }
        let request = try CertificateSigningRequest(
            version: .v1, subject: try DistinguishedName { CommonName("gw-9") },
            privateKey: .init(key),
            attributes: .init([.init(ExtensionRequest(extensions: wishes))]),
            signatureAlgorithm: .ecdsaWithSHA256)
        var serializer = DER.Serializer()
        try serializer.serialize(request)
        #expect(try EnrolmentRequest(der: serializer.serializedBytes).gateway == "gw-9")
    }

    @Test(arguments: [
        ("p521", "expected a key on P-256 or P-384, found the curve 1.3.132.0.35"),
        ("rsa-1024", "expected a key on P-256 or P-384, found RSA of 1024 bits"),
        ("rsa-2048", "expected a key on P-256 or P-384, found RSA of 2048 bits"),
        ("ed25519", "expected a key on P-256 or P-384, found 1.3.101.112"),
        (
            "two-names",
            "expected a subject of one common name and nothing else, found 'CN=gw-2,CN=gw-1'"
        ),
        (
            "two-names-together",
            "expected a subject of one common name and nothing else, found 'CN=gw-1+CN=gw-2'"
        ),
        ("no-name", "expected a subject of one common name and nothing else, found 'O=x'"),
        (
            "more-than-a-name",
            "expected a subject of one common name and nothing else, found 'CN=gw-1,O=x'"
        ),
        ("wildcard", "expected a common name of 1 to 64 characters 'a…z 0…9 -', found '+'"),
        ("authority", "it asks to be an authority"),
        ("signs-certificates", "it asks to be an authority"),
        (
            "other-uri",
            """
            expected no alternative name or 'urn:amphora:gateway:gw-1', found \
            [URI("urn:amphora:gateway:gw-2")]
            """
        ),
        (
            "dns-name",
            """
            expected no alternative name or 'urn:amphora:gateway:gw-1', found \
            [DNSName("fleet.example")]
            """
        ),
        ("damaged-signature", "it is not signed with the key it brings"),
    ])
    func `a request that breaks a rule is refused in words`(name: String, words: String) throws {
        let der = try Fixture.bytes("\(name).csr")
        let error = #expect(throws: ESTError.self) { try EnrolmentRequest(der: der) }
        #expect(error?.description == "certificate request: \(words)")
    }

    @Test func `what is no request is refused in words`() throws {
        for bytes in [[], [0x30, 0], try Fixture.bytes("three.p7"), [0xFF, 1, 2]] {
            let error = #expect(throws: ESTError.self) { try EnrolmentRequest(der: bytes) }
            #expect(
                error?.description
                    == "certificate request: expected PKCS#10 in DER, found something else")
        }
        let long = [UInt8](repeating: 0, count: EnrolmentRequest.mostBytes + 1)
        let error = #expect(throws: ESTError.self) { try EnrolmentRequest(der: long) }
        #expect(
            error?.description == "certificate request: expected at most 8192 bytes, found 8193")
    }

    @Test func `bits beside the signature do not make a second request of one`() throws {
        var der = try Fixture.bytes("own-uri.csr")
        let place =
            try #require(der.indices.last { der[$0...].starts(with: [0x03, 0x48, 0x00]) }) + 2
        der[place] = 1
        let error = #expect(throws: ESTError.self) { try EnrolmentRequest(der: der) }
        #expect(
            error?.description
                == "certificate request: expected a signature of whole bytes, found bits beside it")
    }

    @Test func `no changed request is taken, and none ends the process`() throws {
        var random = SeededGenerator(announcedAs: "certificate requests")
        let names = ["p256", "p384", "rsa-1024", "authority", "own-uri", "two-names"]
        let requests = try names.map { try Fixture.bytes("\($0).csr") }
        for _ in 1...3000 {
            let original = requests[Int.random(in: 0..<requests.count, using: &random)]
            var changed = original
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<changed.count, using: &random)
                changed[place] = random.bytes(1)[0]
            }
            if Int.random(in: 0..<8, using: &random) == 0 {
                changed.removeLast(Int.random(in: 0..<changed.count, using: &random))
            }
            guard changed != original else { continue }
            #expect(throws: ESTError.self) { try EnrolmentRequest(der: changed) }
        }
    }
}
