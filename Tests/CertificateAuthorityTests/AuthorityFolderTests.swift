@testable import CertificateAuthority
import FoundationEssentials
import Glibc
import TestKit
import Testing
import X509

@Suite struct AuthorityFolderTests {
    private func verify(
        _ fixture: AuthorityFixture, _ file: String, _ options: [String] = []
    ) throws -> Bool {
        let ca = fixture.authority
        let run = try ChildProcess(
            try Peers.tool("openssl"),
            ["verify", "-x509_strict", "-CAfile", ca.file("root.pem"), "-untrusted"]
                + [ca.file("issuing.pem")] + options + [file])
        return try run.waitForExit(within: 20_000) == .exited(0)
    }

    @Test func `openssl verifies every chain and the list`() throws {
        let fixture = try AuthorityFixture()
        let ca = fixture.authority
        #expect(try verify(fixture, ca.file("issuing.pem")))
        for file in ["fleet.pem", "broker.pem"] {
            #expect(try verify(fixture, ca.file(file), ["-purpose", "sslserver"]))
            #expect(try !verify(fixture, ca.file(file), ["-purpose", "sslclient"]))
            for host in [["-verify_hostname", "fleet.example"], ["-verify_ip", "::1"]] {
                #expect(try verify(fixture, ca.file(file), host))
            }
            #expect(try !verify(fixture, ca.file(file), ["-verify_hostname", "other.example"]))
        }
        let list = ["-crl_check", "-CRLfile", ca.file("crl.pem")]
        #expect(try verify(fixture, ca.file("fleet.pem"), list))
        let service = try ca.issueService(
            try #require(SubjectName(.ingest, "a")), life: .days(30), passphrase: nil,
            now: fixture.now)
        #expect(try verify(fixture, service + "/certificate.pem", ["-purpose", "sslclient"]))
        #expect(try !verify(fixture, service + "/certificate.pem", ["-purpose", "sslserver"]))
    }

    @Test func `keys are readable by their owner alone and openssl opens them`() throws {
        let fixture = try AuthorityFixture(passphrase: "correct horse")
        for key in ["root.key", "issuing.key"] {
            let path = fixture.authority.file(key)
            var info = stat()
            #expect(stat(path, &info) == 0 && info.st_mode & 0o777 == 0o600)
            #expect(
                try AuthorityFixture.openssl(
                    "pkey", "-in", path, "-passin", "pass:correct horse", "-noout") != nil)
            #expect(
                try AuthorityFixture.openssl("pkey", "-in", path, "-passin", "pass:x", "-noout")
                    == nil)
        }
        #expect(throws: AuthorityError.self) {
            _ = try FileCertificateAuthority(fixture.authority, passphrase: nil)
        }
        let wrong = Passphrase(firstLineOf: Array("other horse".utf8))
        #expect {
            _ = try FileCertificateAuthority(fixture.authority, passphrase: wrong)
        } throws: {
            "\($0)".hasSuffix("issuing.key': the passphrase does not open it")
        }
        _ = try fixture.issuer()
    }

    /// openssl's own forms: PBKDF2 with two hashes, scrypt, plain PKCS#8 and SEC1.
    @Test(arguments: [
        ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:long enough"],
        ["pkcs8", "-topk8", "-v2", "aes128", "-v2prf", "hmacWithSHA512", "-passout"]
            + ["pass:long enough"],
        ["pkcs8", "-topk8", "-scrypt", "-passout", "pass:long enough"],
        ["pkcs8", "-topk8", "-nocrypt"], ["ec"],
    ])
    func `keys that openssl wrote are read`(command: [String]) throws {
        let folder = try TemporaryDirectory("keys")
        let (plain, other) = (folder.file("plain"), folder.file("other"))
        try AuthorityFixture.openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", plain)
        let run = try ChildProcess(
            try Peers.tool("openssl"), command + ["-in", plain, "-out", other])
        #expect(try run.waitForExit() == .exited(0), "\(run.errors)")
        let passphrase = Passphrase(firstLineOf: Array("long enough\n".utf8))
        let read = try SigningKey(file: other, passphrase: passphrase)
        #expect(read.publicKey == (try SigningKey(file: plain, passphrase: nil)).publicKey)
    }

    @Test func `a root made elsewhere signs, and its key stays there`() throws {
        let folder = try TemporaryDirectory("root")
        let (key, certificate) = (folder.file("r.key"), folder.file("r.pem"))
        #expect(
            try AuthorityFixture.openssl(
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes",
                "-subj", "/CN=Elsewhere", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                "-days", "400", "-keyout", key, "-out", certificate)
                != nil)
        let fixture = try AuthorityFixture {
            $0.givenRoot = .init(keyFile: key, certificateFile: certificate)
        }
        #expect(!DurableFile.exists(fixture.authority.file("root.key")))
        #expect(try verify(fixture, fixture.authority.file("fleet.pem")))
        // it ends no later than the one that signed it
        #expect(try fixture.authority.issuing().endSeconds <= fixture.authority.root().endSeconds)
        let old = try fixture.authority.issuing()
        let made = try fixture.authority.renewIssuing(
            rootKeyFile: key, rootPassphrase: nil, passphrase: nil, life: .days(100),
            now: fixture.now)
        #expect(made.publicKey == old.publicKey && made.serialNumber != old.serialNumber)
        #expect(try verify(fixture, fixture.authority.file("fleet.pem")))
    }

    @Test func `an authority is never overwritten`() throws {
        let fixture = try AuthorityFixture()
        let before = try fixture.authority.root()
        let hosts = [try HostName("a.example")]
        #expect {
            _ = try AuthorityFolder.create(
                at: fixture.authority.path,
                AuthoritySetup(
                    hosts: hosts, brokerHosts: hosts, rootProtection: .fileMode,
                    issuingProtection: .fileMode), now: fixture.now)
        } throws: {
            "\($0)".hasSuffix("is not empty; an authority is never overwritten")
        }
        #expect(try fixture.authority.root() == before)
    }

    @Test func `a renewed server has a new key and the same hosts`() throws {
        let fixture = try AuthorityFixture()
        let old = try fixture.authority.current(.broker)
        let made = try fixture.authority.renewServer(
            .broker, hosts: nil, passphrase: nil, now: fixture.now)
        #expect(made.publicKey != old.publicKey)
        #expect(
            try fixture.authority.hosts(of: .broker).map(\.description) == [
                "fleet.example", "127.0.0.1", "::1",
            ])
        // the link leads to a pair that fits
        _ = try AuthorityFolder.signer(
            key: fixture.authority.file("broker.key"),
            certificate: fixture.authority.file("broker.pem"), passphrase: nil)
        #expect(try AuthorityFolder.certificate(in: fixture.authority.file("broker.pem")) == made)
    }
}
