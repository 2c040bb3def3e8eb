import EST
import Testing
import TestKit
import X509

@Suite struct CertificateBagTests {
    private func authorities() throws -> [[UInt8]] {
        let text = String(decoding: try Fixture.bytes("three.pem"), as: UTF8.self)
        return try text.split(separator: "-----BEGIN").map {
            let lines = $0.split(separator: "\n").dropFirst().prefix { !$0.hasPrefix("-") }
            return try Base64Text.decode(Array(lines.joined().utf8))
        }
    }

    @Test func `a bag of OpenSSL gives its certificates`() throws {
        let bag = try Fixture.bytes("three.p7")
        #expect(try Set(CertificateBag.decode(bag)) == Set(authorities()))
        let wrapped = try Base64Text.decode(Fixture.bytes("three.b64"))
        #expect(wrapped == bag)
    }

    @Test func `a bag has the bytes that OpenSSL gives it, up to the order`() throws {
        let bag = try CertificateBag.encode(authorities().reversed())
        #expect(try bag.count == Fixture.bytes("three.p7").count)
        #expect(try Set(CertificateBag.decode(bag)) == Set(authorities()))
        #expect(try bag.prefix(45) == Fixture.bytes("three.p7").prefix(45))
    }

    @Test func `a bag of indefinite lengths gives the same`() throws {
        // a bag's outer four levels, opened without lengths and closed by pairs of zeroes
        let kind: [UInt8] = Hex.bytes("06 09 2A 86 48 86 F7 0D 01 07 02")
        let head: [UInt8] = Hex.bytes("02 01 01 31 00 30 0B 06 09 2A 86 48 86 F7 0D 01 07 01")
        let certificates = try authorities()
        let bag =
            [0x30, 0x80] + kind + [0xA0, 0x80, 0x30, 0x80] + head + [0xA0, 0x80]
            + certificates.flatMap { $0 } + [0, 0, 0x31, 0, 0, 0, 0, 0, 0, 0]
        #expect(try CertificateBag.decode(bag) == certificates)
    }

    @Test func `what is no bag, or an empty or endless one, is refused in words`() throws {
        let request = try Fixture.bytes("p256.csr")
        for bytes in [[], [0x30], request, [UInt8](repeating: 0x30, count: 5000)] {
            let error = #expect(throws: ESTError.self) { try CertificateBag.decode(bytes) }
            #expect(
                error?.description
                    == "certificates: expected CMS SignedData, found something else")
        }
        let none = try CertificateBag.encode([])
        let error = #expect(throws: ESTError.self) { try CertificateBag.decode(none) }
        #expect(error?.description == "certificates: expected 1 to 64 certificates, found 0")
        let many = try CertificateBag.encode([[UInt8]](repeating: [0x30, 0], count: 65))
        #expect(throws: ESTError.self) { try CertificateBag.decode(many) }
        #expect(throws: ESTError.self) { try CertificateBag.encode([[1, 2, 3]]) }
    }

    @Test func `no changed or cut bag ends the process`() throws {
        var random = SeededGenerator(announcedAs: "certificate bags")
        let bag = try Fixture.bytes("three.p7")
        for count in stride(from: 0, to: bag.count, by: 7) {
            _ = try? CertificateBag.decode(Array(bag.prefix(count)))
        }
        for _ in 1...2000 {
            var changed = bag
            for _ in 0...Int.random(in: 0...4, using: &random) {
                // most changes hit the head, where the structure is
                let most = Bool.random(using: &random) ? 64 : changed.count
                changed[Int.random(in: 0..<most, using: &random)] = random.bytes(1)[0]
            }
            _ = try? CertificateBag.decode(changed)
        }
    }
}
