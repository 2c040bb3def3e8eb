@testable import CertificateAuthority
import TestKit
import Testing

@Suite struct RevocationTests {
    private func shown(_ fixture: AuthorityFixture) throws -> String {
        let ca = fixture.authority
        let text = try AuthorityFixture.openssl(
            "crl", "-in", ca.file("crl.pem"), "-CAfile", ca.file("issuing.pem"), "-noout", "-text")
        return try #require(text)
    }

    @Test func `all certificates of a gateway are revoked, and openssl reads why`() throws {
        let fixture = try AuthorityFixture()
        let ca = fixture.authority
        let name = try #require(SubjectName("gw-0001"))
        let request = try fixture.request("/CN=gw-0001")
        let issuer = try fixture.issuer()
        for _ in 0..<2 { _ = try issuer.issue(request: request, gateway: "gw-0001") }
        let first = try ca.list().number
        let revoked = try ca.revoke(
            try ca.issued(to: name), reason: .keyCompromise, passphrase: nil, now: fixture.now)
        #expect(revoked.count == 2)
        let text = try shown(fixture)
        #expect(text.contains("verify OK") && text.contains("Key Compromise"))
        for certificate in revoked {
            #expect(text.contains(certificate.serial.description.uppercased()))
            #expect(issuer.isRevoked(certificate.serial))
        }
        #expect(try ca.list().number > first)
        #expect(try ca.lockedOut(now: fixture.now) == [name])
        // a new certificate lets it in again
        _ = try issuer.issue(request: request, gateway: "gw-0001")
        #expect(try ca.lockedOut(now: fixture.now).isEmpty)
        // once more changes nothing but the list
        #expect(
            try ca.revoke(revoked, reason: .superseded, passphrase: nil, now: fixture.now).isEmpty)
        #expect(try ca.issued(revoked[0].serial).revocation?.reason == .keyCompromise)
    }

    @Test func `the number grows with each list, also when the clock goes back`() throws {
        let fixture = try AuthorityFixture()
        var last = try fixture.authority.list().number
        for step in [0, -500_000, 5] as [Int64] {
            let list = try fixture.authority.refreshList(
                life: .days(2), passphrase: nil, now: fixture.now + max(step, -3000))
            #expect(list.number > last)
            last = list.number
            #expect(try shown(fixture).contains("verify OK"))
        }
        #expect(try fixture.authority.list().nextAt == fixture.now + 5 + 2 * 86_400)
    }

    @Test func `a number nobody was given cannot be revoked`() throws {
        let fixture = try AuthorityFixture()
        let serial = try #require(SerialNumber(hex: "00:aB:01"))
        #expect(serial.description == "ab01")
        #expect(
            throws: AuthorityError.missing("no certificate with the number ab01 was issued here")
        ) {
            _ = try fixture.authority.issued(serial)
        }
        for text in ["", "xyz", String(repeating: "1", count: 41)] {
            #expect(SerialNumber(hex: text) == nil)
        }
    }
}
