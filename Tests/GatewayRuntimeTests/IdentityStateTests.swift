import CertificateAuthority
import EST
import Provisioning
import TestKit
import Testing

@testable import GatewayRuntime

/// The one place where alarms of the identity are decided.
@Suite struct IdentityStateTests {
    private let folder: TemporaryDirectory
    private let store: IdentityStore

    init() throws {
        folder = try TemporaryDirectory("state")
        store = IdentityStore(folder: IdentityFolder(folder.path), gateway: "gw-1")
    }

    /// The alarms so many seconds after the certificate has begun.
    private func alarms(
        at seconds: Int64, wall: Int64? = nil, refusal: String = ""
    ) -> [IdentityAlarm: String] {
        let now = Self.begin + seconds
        let clock = ClockReading(wall: wall ?? now, floor: wall == nil ? 0 : now)
        let found = Result { () throws(ProvisioningError) in try store.select(clock: clock) }
        return IdentityState(found, clock: clock, refusal: refusal, trouble: "away", advice: "do")
            .alarms
    }

    private static let begin: Int64 = 1_800_000_000
    private static let life: Int64 = 3600 * 24 * 90 + 3600

    /// A pair whose certificate begins at ``begin``.
    private func enrol(as door: String = "current") throws {
        let authority = try AuthorityFolder.create(
            at: folder.file("ca"),
            AuthoritySetup(
                hosts: [try HostName("localhost")], brokerHosts: [try HostName("localhost")],
                rootProtection: .fileMode, issuingProtection: .fileMode), now: Self.begin - 86_400)
        let issuer = try FileCertificateAuthority(authority, passphrase: nil) { Self.begin + 3600 }
        try store.folder.makeFolder(door)
        let key = try FileKey.make(in: store.folder, door)
        let request = try SigningRequest.make(gateway: "gw-1", key: key)
        let der = try issuer.issue(request: request, gateway: "gw-1")
        let issuing = try DurableFile.read(authority.file("issuing.pem"))
        let text = String(decoding: Base64Text.encode(der, wrappedAt: 64), as: UTF8.self)
        let leaf = Array("-----BEGIN CERTIFICATE-----\n\(text)-----END CERTIFICATE-----\n".utf8)
        try store.folder.write("\(door)/certificate.pem", leaf + issuing, mode: 0o644)
        try store.folder.write(
            "\(door)/authorities.pem", try DurableFile.read(authority.file("authorities.pem")),
            mode: 0o644)
    }

    @Test func `no pair, or the factory's alone, is unusable, and says what to do`() throws {
        #expect(alarms(at: 0).keys.sorted { $0.rawValue < $1.rawValue } == [.unusable])
        #expect(alarms(at: 0)[.unusable]?.hasSuffix("do") == true)
        try enrol(as: "factory")
        #expect(alarms(at: 7200)[.unusable]?.contains("from the factory") == true)
    }

    @Test func `overdue from 85 percent of the life on, unusable past its end`() throws {
        try enrol()
        let alarm = Self.life * 85 / 100
        #expect(alarms(at: alarm - 60).isEmpty)
        #expect(alarms(at: alarm)[.overdue]?.hasSuffix("over: away") == true)
        #expect(Array(alarms(at: Self.life + 60).keys) == [.unusable])
    }

    @Test func `a clock before the floor is suspect while the pair is good by the floor`() throws {
        try enrol()
        #expect(Array(alarms(at: 7200, wall: 0).keys) == [.clock])
    }

    @Test func `a pair whose time has not come makes the clock suspect too`() throws {
        try enrol()
        #expect(Set(alarms(at: -7200).keys) == [.clock, .unusable])
    }

    @Test func `what the fleet refuses is told whatever the folder says`() throws {
        try enrol()
        #expect(alarms(at: 7200, refusal: "revoked") == [.refused: "revoked"])
    }
}
