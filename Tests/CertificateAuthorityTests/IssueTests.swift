@testable import CertificateAuthority
import FoundationEssentials
import Synchronization
import TestKit
import Testing
import X509

@Suite struct IssueTests {
    @Test func `a gateway's certificate has its names and nothing else of the request`() throws {
        let fixture = try AuthorityFixture()
        let request = try fixture.request(
            "/O=Somebody/CN=gw-0001",
            extensions: ["subjectAltName=DNS:fleet.example", "extendedKeyUsage=serverAuth"])
        let text = try fixture.text(
            try fixture.issuer().issue(request: request, gateway: "gw-0001"))
        #expect(text.contains("Subject: CN = gw-0001\n"))
        #expect(text.contains("URI:urn:amphora:gateway:gw-0001"))
        #expect(text.contains("TLS Web Client Authentication\n"))
        #expect(text.contains("CA:FALSE") && text.contains("Digital Signature\n"))
        for unwanted in ["Somebody", "DNS:", "Server Authentication"] {
            #expect(!text.contains(unwanted))
        }
        let name = try #require(SubjectName("gw-0001"))
        let issued = try #require(try fixture.authority.issued(to: name).first)
        #expect(abs(issued.begin - (fixture.now - 3600)) < 60)
        #expect(abs(issued.end - (fixture.now + 90 * 86_400)) < 60)
        #expect(issued.serial.bytes.count == 16 && issued.serial.bytes[0] < 0x80)
    }

    private static let bad: [(String, [String], [String], String)] = [
        ("/CN=gw-0002", ["ec"], [], "the request is for 'gw-0002', expected 'gw-0001'"),
        ("/O=x", ["ec"], [], "does not have exactly one common name"),
        ("/CN=gw-0001/CN=gw-0001", ["ec"], [], "does not have exactly one common name"),
        ("/CN=gw-0001+CN=gw-0002", ["ec"], [], "does not have exactly one common name"),
        ("/CN=gw-0001", ["rsa:2048"], [], "expected P-256 or P-384"),
        ("/CN=gw-0001", ["P-521"], [], "expected P-256 or P-384"),
        ("/CN=gw-0001", ["ec"], ["basicConstraints=CA:TRUE"], "asks to become an authority"),
        ("/CN=gw-0001", ["ec"], ["keyUsage=keyCertSign"], "asks to become an authority"),
    ]

    @Test(arguments: bad.indices) func `a bad request is refused in words`(index: Int) throws {
        let (subject, kind, extensions, words) = Self.bad[index]
        let fixture = try AuthorityFixture()
        let curve = kind == ["P-521"] ? "P-521" : "P-256"
        let key =
            kind == ["rsa:2048"] ? kind : ["ec", "-pkeyopt", "ec_paramgen_curve:\(curve)"]
        let multi = subject.contains("+") ? ["-multivalue-rdn"] : []
        let request = try fixture.request(subject, key: key + multi, extensions: extensions)
        #expect {
            _ = try fixture.issuer().issue(request: request, gateway: "gw-0001")
        } throws: {
            "\($0)".contains(words)
        }
        #expect(try fixture.authority.names().allSatisfy { $0.role == .server })
    }

    @Test func `a request whose bytes were changed is refused`() throws {
        let fixture = try AuthorityFixture()
        var request = try fixture.request("/CN=gw-0009")
        let place = try #require(request.firstRange(of: Array("gw-0009".utf8)))
        request[place.upperBound - 1] = UInt8(ascii: "1")
        let changed = request
        #expect {
            _ = try fixture.issuer().issue(request: changed, gateway: "gw-0001")
        } throws: {
            "\($0)" == "the request is not signed with its own key"
        }
    }

    @Test(arguments: ["+", "", "a/b", "ingest.a", "GW", "gw_1", String(repeating: "a", count: 65)])
    func `no certificate is issued to what is no gateway`(name: String) throws {
        let fixture = try AuthorityFixture()
        let request = try fixture.request("/CN=x")
        #expect {
            _ = try fixture.issuer().issue(request: request, gateway: name)
        } throws: {
            "\($0)".contains("is no gateway's id")
        }
    }

    @Test func `many issue at once, and all is on record`() throws {
        let fixture = try AuthorityFixture()
        let request = try fixture.request("/CN=gw-0001")
        let done = Mutex<[String]>([])
        for _ in 0..<4 {
            // each as a process of its own would
            let issuer = try fixture.issuer()
            Background.run {
                for _ in 0..<10 {
                    let made = try? issuer.issue(request: request, gateway: "gw-0001")
                    let serial = made.flatMap { try? Certificate(derEncoded: $0) }.map {
                        SerialNumber($0.serialNumber).description
                    }
                    done.withLock { $0.append(serial ?? "none") }
                }
            }
        }
        _ = Patience.wait(20_000) { done.withLock { $0.count } == 40 ? true : nil }
        let name = try #require(SubjectName("gw-0001"))
        let recorded = try fixture.authority.issued(to: name)
        #expect(Set(recorded.map { "\($0.serial)" }) == Set(done.withLock { $0 }))
        #expect(recorded.count == 40)
    }

    @Test func `an issuing certificate that has ended signs nothing`() throws {
        let past = FileCertificateAuthority.now() - 100 * 86_400
        let fixture = try AuthorityFixture(madeAt: past) { $0.issuingLife = .days(90) }
        #expect {
            _ = try fixture.issuer()
        } throws: {
            "\($0)".contains("'amphora-fleet ca renew issuing' extends it")
        }
    }
}
