@testable import CertificateAuthority
import TestKit
import Testing

@Suite struct ParserTests {
    private let allowed = Lifetime.minutes(10)...Lifetime.days(3650)

    @Test(arguments: [
        ("90d", 7_776_000), ("10m", 600), ("2h", 7200), ("1w", 604_800), ("1y", 31_536_000),
    ])
    func `a duration is a number and a unit`(text: String, seconds: Int64) throws {
        let lifetime = try Lifetime.parse(text, of: "--life", allowed: allowed)
        #expect(lifetime.seconds == seconds && "\(lifetime)" == text)
    }

    @Test(arguments: [
        "", "d", "90", "-1d", "1.5d", "90 d", "90D", "9999999999d", "９d", "1d\u{301}", "+5d",
    ])
    func `anything else is told in words`(text: String) {
        #expect {
            _ = try Lifetime.parse(text, of: "--life", allowed: allowed)
        } throws: {
            "\($0)" == "'--life' is '\(text)', expected a whole number and one of the units "
                + "'m', 'h', 'd', 'w' and 'y', such as '90d'"
        }
    }

    @Test func `a duration outside its range is told with the range`() {
        #expect(throws: AuthorityError.request("'--life' is '99y', allowed 10m…10y")) {
            _ = try Lifetime.parse("99y", of: "--life", allowed: allowed)
        }
    }

    @Test func `only services have a dot in their names`() {
        #expect(SubjectName("gw-1")?.role == nil && SubjectName("gw-1") != nil)
        #expect(SubjectName("ingest.a")?.role == .ingest)
        for text in ["", ".", "a.b", "ingest.", "ingest.a.b", "ingest.A", "+", "#", "gw 1", "é"] {
            #expect(SubjectName(text) == nil)
        }
    }

    @Test func `hosts are names and addresses`() throws {
        for text in ["fleet.example", "a", "10.0.0.1", "::1", "xn--bcher-kva.example"] {
            #expect(try HostName(text).description == text)
        }
        for text in ["", "a b", "-a.example", "a..b", "10.0.0.256", "*.example", "a_b", "a\n"] {
            #expect(throws: AuthorityError.self) { _ = try HostName(text) }
        }
    }

    /// Changed bytes at every door: nothing traps, nothing gets in that should not.
    @Test func `no changed bytes end the process`() throws {
        let fixture = try AuthorityFixture(passphrase: "correct horse")
        let name = try #require(SubjectName("gw-0001"))
        let request = try fixture.request("/CN=gw-0001", extensions: ["subjectAltName=DNS:a"])
        let list = try DurableFile.read(fixture.authority.file("crl.pem"))
        let key = try EncryptedKeyContainer(
            derivation: .scrypt(salt: [1, 2, 3], cost: 16, block: 1, lanes: 1), keyBytes: 32,
            vector: Array(repeating: 7, count: 16), secret: Array(repeating: 9, count: 160)
        ).der()
        var generator = SeededGenerator(announcedAs: "changed requests, keys and lists")
        for _ in 0..<3000 {
            let changed = Self.change(request, &generator)
            if changed != request {
                #expect(throws: IssueError.self) {
                    _ = try CertificateRequest(der: changed, for: name)
                }
            }
            _ = try? EncryptedKeyContainer(der: Self.change(key, &generator))
            _ = try? RevocationListHead(pem: Self.change(list, &generator))
            _ = try? SigningKey(pem: Self.change(list, &generator), passphrase: nil)
        }
    }

    private static func change(
        _ bytes: [UInt8], _ generator: inout SeededGenerator
    ) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let place = Int.random(in: 0..<max(1, bytes.count - 1), using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0 ... .max, using: &generator)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: 0 ... .max, using: &generator), at: place)
            default: bytes.removeLast(min(bytes.count - 1, place / 4))
            }
        }
        return bytes
    }
}
