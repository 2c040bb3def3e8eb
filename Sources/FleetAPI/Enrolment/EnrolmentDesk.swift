import CertificateAuthority
import Crypto
import Dispatch
import EST
import FleetStore
import FoundationEssentials
import Logging
import Synchronization
import X509

/// Where gateways get their certificates: reads, checks, asks the store, and has the authority sign.
///
/// Calls to the store block, so they run one after another on a queue of its own.
///
/// Unchecked, because the compiler cannot see that the store, which is not for several threads, is
/// touched on the queue only; everything else in it is constant or behind a lock.
package final class EnrolmentDesk: @unchecked Sendable {
    /// What is asked of it cannot be decided now.
    struct Trouble: Error { let words: String }

    private let issuer: any CertificateIssuer
    /// Unix time in milliseconds.
    private let clock: @Sendable () -> Int64
    /// Whether a serial number, in lower-case hex, was revoked.
    private let isRevoked: @Sendable (String) -> Bool
    private let log: Logger
    private let queue = DispatchQueue(label: "enrolment")
    private let trust = Mutex(Trust())

    /// What was found of the fleet's own certificates; only whether they are revoked or have ended can
    /// change while the authorities are the same.
    private struct Trust {
        var authorities: [[UInt8]] = []
        var read: [Certificate] = []
        var ours: [SHA256Digest: OwnCertificate] = [:]
    }

    /// The most certificates to remember, some 10 MB.
    private static var mostRemembered: Int { 50_000 }

    // touched on the queue only, which runs one block at a time
    private let store: any DeviceStore

    /// Joins the parts; the store is used by nobody else from now on.
    ///
    /// `clock` gives Unix time in milliseconds. `isRevoked` gets a serial number in lower-case hex; it
    /// is asked for each request, on any thread.
    package init(
        store: sending any DeviceStore, issuer: any CertificateIssuer, log: Logger,
        clock: @escaping @Sendable () -> Int64,
        isRevoked: @escaping @Sendable (String) -> Bool
    ) {
        self.store = store
        self.issuer = issuer
        self.log = log
        self.clock = clock
        self.isRevoked = isRevoked
    }

    /// The authorities as a body of `cacerts`.
    func authorities() throws(ESTError) -> [UInt8] {
        Base64Text.encode(try CertificateBag.encode(issuer.authorities))
    }

    /// What the certificate of a connection says, in DER; nil when none was shown.
    func shown(_ der: [UInt8]?) async throws(Trouble) -> ShownCertificate {
        guard let der else { return .none }
        let name = SHA256.hash(data: der)
        let now = Date(timeIntervalSince1970: Double(clock()) / 1000)
        let (authorities, known) = trusted(name)
        if let known, known.period.contains(now) { return unlessRevoked(known) }
        let judge = CertificateJudge(authorities: authorities, now: now)
        let finding = await judge.judge(der)
        switch finding {
        case .refused(let reason): return .refused(reason)
        case .ours(let own):
            trust.withLock { trust in
                // what was judged by others is not remembered
                guard trust.read == authorities else { return }
                if trust.ours.count >= Self.mostRemembered { trust.ours = [:] }
                trust.ours[name] = own
            }
            return unlessRevoked(own)
        case .foreign(let certificate, let gateway):
            let makers = try await ask { store throws(FleetStoreError) in try store.makers() }
            let certificates = makers.flatMap { MakerFile.certificates($0.certificate) }
            return await judge.judge(certificate, of: gateway, makers: certificates)
        }
    }

    /// The fleet's own authorities by now, and a certificate by its hash when it is known under them.
    private func trusted(_ name: SHA256Digest) -> ([Certificate], OwnCertificate?) {
        let authorities = issuer.authorities
        return trust.withLock { trust in
            if trust.authorities != authorities {
                trust = Trust(
                    authorities: authorities,
                    read: authorities.compactMap { try? Certificate(derEncoded: $0) })
            }
            return (trust.read, trust.ours[name])
        }
    }

    private func unlessRevoked(_ own: OwnCertificate) -> ShownCertificate {
        isRevoked(own.serial)
            ? .refused("the certificate of '\(own.gateway)' was revoked")
            : .ours(gateway: own.gateway, serial: own.serial)
    }

    /// Decides on a request; the token is nil when the door is another.
    func enrol(
        _ request: EnrolmentRequest, door: EnrolmentDoor, token: String? = nil
    ) async throws(Trouble) -> EnrolmentVerdict {
        let attempt = EnrolmentAttempt(
            gateway: request.gateway, requestHash: Digest.hex(request.der), door: door,
            tokenHash: token.map(EnrolmentToken.hash), nowMilliseconds: clock())
        let (issuer, log) = (issuer, log)
        let verdict = try await ask { store throws(FleetStoreError) in
            try store.enrol(attempt) { Self.issue(request, attempt, by: issuer, log) }
        }
        log.info(
            "enrolment",
            metadata: [
                "gateway.id": "\(request.gateway)", "enrolment.door": "\(door.rawValue)",
                "enrolment.verdict": "\(verdict.word)",
            ])
        return verdict
    }

    private static func issue(
        _ request: EnrolmentRequest, _ attempt: EnrolmentAttempt, by issuer: any CertificateIssuer,
        _ log: Logger
    ) -> EnrolledCertificate? {
        do {
            let der = try issuer.issue(request: request.der, gateway: request.gateway)
            let certificate = try Certificate(derEncoded: der)
            return EnrolledCertificate(
                serial: Digest.hexText(certificate.serialNumber.bytes), gateway: request.gateway,
                notBeforeMilliseconds: milliseconds(certificate.notValidBefore),
                notAfterMilliseconds: milliseconds(certificate.notValidAfter), door: attempt.door,
                requestHash: attempt.requestHash, issuedMilliseconds: attempt.nowMilliseconds,
                certificate: String(decoding: Base64Text.encode(der), as: UTF8.self))
        } catch {
            log.error(
                "no certificate could be issued",
                metadata: ["gateway.id": "\(request.gateway)", "error": "\(error)"])
            return nil
        }
    }

    private static func milliseconds(_ date: Date) -> Int64 {
        Int64(exactly: (date.timeIntervalSince1970 * 1000).rounded()) ?? 0
    }

    private func ask<Value: Sendable>(
        _ body: @escaping @Sendable (any DeviceStore) throws(FleetStoreError) -> Value
    ) async throws(Trouble) -> Value {
        let result = await withCheckedContinuation { continuation in
            queue.async {
                continuation.resume(returning: Result { try body(self.store) })
            }
        }
        switch result {
        case .success(let value): return value
        case .failure(let error):
            log.error("the store failed an enrolment", metadata: ["error": "\(error)"])
            throw Trouble(words: "the fleet's store is not available, ask again later")
        }
    }
}

extension EnrolmentVerdict {
    /// One word for the log.
    fileprivate var word: String {
        switch self {
        case .issued: "issued"
        case .repeated: "repeated"
        case .waiting: "waiting"
        case .wrongToken: "wrong-token"
        case .usedToken: "used-token"
        case .expiredToken: "expired-token"
        case .unknownDevice: "unknown-device"
        case .notIssued: "not-issued"
        }
    }
}
