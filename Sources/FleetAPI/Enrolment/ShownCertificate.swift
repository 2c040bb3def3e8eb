import EST
import FoundationEssentials
import SwiftASN1
@_spi(FixedExpiryValidationTime) import X509

/// What the certificate of a connection says of who is at its other end.
///
/// TLS has proved that the other end has its key; whether to believe it is decided here, for each
/// request anew, so that authorities may come and go while the server runs.
package enum ShownCertificate: Hashable, Sendable {
    /// None was shown.
    case none
    /// One that this fleet gave to a gateway, valid now. The serial number is lower-case hex.
    case ours(gateway: String, serial: String)
    /// One of a registered maker, valid now.
    case factory(gateway: String)
    /// One that opens no door, and why.
    case refused(String)
}

/// A certificate that this fleet gave to a gateway.
struct OwnCertificate: Sendable {
    let gateway: String
    /// In lower-case hex.
    let serial: String
    /// From when it was judged to the first end of it or of an authority that may have signed it.
    let period: ClosedRange<Date>
}

/// Judges certificates.
struct CertificateJudge: Sendable {
    /// What the fleet's own authorities alone tell of a certificate.
    enum Finding: Sendable {
        case ours(OwnCertificate)
        /// Valid now and of another authority.
        case foreign(Certificate, gateway: String)
        /// It opens no door, and why.
        case refused(String)
    }

    /// The fleet's own.
    let authorities: [Certificate]
    let now: Date

    /// Says whether a certificate is of this fleet.
    func judge(_ der: [UInt8]) async -> Finding {
        guard let certificate = try? Certificate(derEncoded: der) else {
            return .refused("its certificate cannot be read")
        }
        let names = certificate.subject.flatMap { Array($0) }
            .filter { $0.type == .RDNAttributeType.commonName }.compactMap { String($0.value) }
        guard let gateway = names.first, names.count == 1, GatewayName.isValid(gateway) else {
            return .refused("its certificate names no gateway: '\(certificate.subject)'")
        }
        if let reason = untimely(certificate, of: gateway) { return .refused(reason) }
        guard await isValid(certificate, under: authorities) else {
            return .foreign(certificate, gateway: gateway)
        }
        let ends = [certificate.notValidAfter] + authorities.map(\.notValidAfter)
        let end = ends.filter { $0 >= now }.min() ?? now
        return .ours(
            OwnCertificate(
                gateway: gateway, serial: Digest.hexText(certificate.serialNumber.bytes),
                period: now...end))
    }

    /// Says whether a certificate that is not of this fleet is of a maker.
    func judge(
        _ certificate: Certificate, of gateway: String, makers: [Certificate]
    ) async -> ShownCertificate {
        if await isValid(certificate, under: makers) { return .factory(gateway: gateway) }
        return .refused(
            "its certificate '\(certificate.subject)' is neither of this fleet nor of a maker that "
                + "is registered, issued by '\(certificate.issuer)'")
    }

    private func untimely(_ certificate: Certificate, of gateway: String) -> String? {
        if certificate.notValidAfter < now {
            return
                "the certificate of '\(gateway)' has expired on \(day(certificate.notValidAfter)); "
                + "enrol by another door"
        }
        if certificate.notValidBefore > now {
            return "the certificate of '\(gateway)' begins on \(day(certificate.notValidBefore))"
        }
        return nil
    }

    private func day(_ date: Date) -> String {
        date.formatted(.iso8601)
    }

    private func isValid(_ leaf: Certificate, under roots: [Certificate]) async -> Bool {
        // an authority is no gateway, and would be believed at once since it is on the list
        guard !roots.isEmpty, !roots.contains(leaf) else { return false }
        var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
            RFC5280Policy(fixedExpiryValidationTime: now)
            ClientPolicy()
        }
        let result = await verifier.validate(leaf: leaf, intermediates: CertificateStore(roots))
        if case .validCertificate = result { return true }
        return false
    }
}

/// Certificates of servers open no door of gateways.
private struct ClientPolicy: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    ]

    func chainMeetsPolicyRequirements(
        chain: UnverifiedCertificateChain
    ) async -> PolicyEvaluationResult {
        guard let usage = try? chain.leaf.extensions.extendedKeyUsage, !usage.contains(.clientAuth)
        else { return .meetsPolicy }
        return .failsToMeetPolicy(reason: "not for TLS clients")
    }
}
