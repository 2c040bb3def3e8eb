import CertificateAuthority
import Dispatch
import EST
import FleetStore
import Foundation
import Logging
import Synchronization
import X509

/// Where gateways get their certificates: reads, checks, asks the store, and has the authority sign.
///
/// Calls to the store block, so they run one after another on a queue of its own.
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
    private let judged = Mutex<[[UInt8]: Judgement]>([:])

    private struct Judgement {
        let shown: ShownCertificate
        let at: ContinuousClock.Instant
    }

    private static var lately: ContinuousClock.Duration { .seconds(10) }
    private static var mostJudged: Int { 50_000 }

    // touched on the queue only, which runs one block at a time
    private let store: any DeviceStore

    /// Joins the parts; the store is used by nobody else from now on.
    ///
    /// `clock` gives Unix time in milliseconds. `isRevoked` gets a serial number in lower-case hex; it
    /// is asked for each renewal, on any thread.
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
        let makers = try await ask { store throws(FleetStoreError) in try store.makers() }
        let judge = CertificateJudge(
            authorities: issuer.authorities.compactMap { try? Certificate(derEncoded: $0) },
            makers: makers.flatMap { MakerFile.certificates($0.certificate) },
            now: Date(timeIntervalSince1970: Double(clock()) / 1000))
        let shown = await judge.judge(der)
        if case .ours(let gateway, let serial) = shown, isRevoked(serial) {
            return .refused("the certificate of '\(gateway)' was revoked")
        }
        return shown
    }

    /// As ``shown``, but a judgement of the last ``lately`` counts still; for what is asked often.
    func shownLately(_ der: [UInt8]?) async throws(Trouble) -> ShownCertificate {
        guard let der else { return .none }
        let now = ContinuousClock.now
        let known = judged.withLock { $0[der] }
        if let known, now - known.at < Self.lately { return known.shown }
        let shown = try await shown(der)
        judged.withLock { judged in
            if judged.count >= Self.mostJudged { judged = [:] }
            judged[der] = Judgement(shown: shown, at: now)
        }
        return shown
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
