import EST
import FoundationEssentials
import SwiftASN1
@_spi(DisableValidityCheck) @_spi(FixedExpiryValidationTime) import X509

/// Decides whether a certificate can be this gateway's identity.
///
/// Held to the rules of the fleet's certificates: our key, our id as only common name, for TLS clients,
/// a chain to a root that we trust, dates. The first rule that is broken is told, dates last, so that a
/// fault of time means that all else is well.
package struct CertificateJudge {
    /// What the certificate has to name; nil takes any valid id.
    let gateway: String?
    /// What the fleet's certificates chain to: roots, which have signed themselves, and others.
    let authorities: [Certificate]
    /// The moment at which dates are judged.
    let clock: ClockReading

    /// Judges a certificate with what came along with it; returns the chain, leaf first and root last.
    func judge(
        _ chain: [Certificate], key: Certificate.PublicKey
    ) throws(IdentityFault) -> [Certificate] {
        guard let leaf = chain.first else { throw .noChain(issuer: "nobody") }
        guard leaf.publicKey == key else { throw .keyMismatch }
        let names = leaf.commonNames
        guard names.count == 1, let name = names.first, GatewayName.isValid(name),
            gateway ?? name == name
        else { throw .wrongName(expected: gateway ?? "the id of a gateway", found: names) }
        guard leaf.isForClients else { throw .notForClients }
        let others = Array(chain.dropFirst())
        guard let timeless = verified(leaf, others, policy: .withValidityCheckDisabled()) else {
            throw .noChain(issuer: leaf.issuer.description)
        }
        try checkDates(of: leaf)
        let date = Date(timeIntervalSince1970: Double(clock.now))
        let policy = RFC5280Policy(fixedExpiryValidationTime: date)
        if let valid = verified(leaf, others, policy: policy) { return valid }
        for authority in timeless.dropFirst() { try checkDates(of: authority) }
        throw .noChain(issuer: leaf.issuer.description)
    }

    private func checkDates(of certificate: Certificate) throws(IdentityFault) {
        let subject = certificate.commonNames.first ?? certificate.subject.description
        let end = Moment.seconds(certificate.notValidAfter)
        guard clock.now <= end else { throw .expired(subject: subject, at: end, now: clock.now) }
        let begin = Moment.seconds(certificate.notValidBefore)
        guard begin <= clock.now else {
            throw .notYetValid(subject: subject, from: begin, clock: clock)
        }
    }

    private func verified(
        _ leaf: Certificate, _ others: [Certificate], policy: RFC5280Policy
    ) -> [Certificate]? {
        let roots = authorities.filter(\.hasSignedItself)
        let between = others + authorities.filter { !$0.hasSignedItself }
        return CallingThread.run {
            var verifier = Verifier(rootCertificates: CertificateStore(roots)) {
                policy
                ClientExtensions()
                IssuersMayIssue()
            }
            let result = await verifier.validate(
                leaf: leaf, intermediates: CertificateStore(between))
            guard case .validCertificate(let chain) = result else { return nil }
            return Array(chain)
        }
    }
}

/// Names the extensions of a leaf that ``CertificateJudge`` looks at itself, so that they may be critical.
private struct ClientExtensions: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = [
        .X509ExtensionID.extendedKeyUsage, .X509ExtensionID.subjectAlternativeName,
    ]

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        .meetsPolicy
    }
}

/// Holds issuers to their key usage, which the library's own policy leaves out.
private struct IssuersMayIssue: VerifierPolicy {
    let verifyingCriticalExtensions: [ASN1ObjectIdentifier] = []

    func chainMeetsPolicyRequirements(chain: UnverifiedCertificateChain) -> PolicyEvaluationResult {
        for issuer in chain.dropFirst() {
            guard let usage = try? issuer.extensions.keyUsage else { continue }
            guard usage.keyCertSign else {
                return .failsToMeetPolicy(reason: "an issuer may not sign certificates")
            }
        }
        return .meetsPolicy
    }
}

extension Certificate {
    /// All common names of the subject, in order.
    package var commonNames: [String] { subject.commonNames }

    /// Whether the extended key usage names TLS clients.
    var isForClients: Bool {
        guard let usages = try? extensions.extendedKeyUsage else { return false }
        return usages.contains(.clientAuth)
    }

    /// Whether it is a root: its own key has signed it.
    var hasSignedItself: Bool {
        subject == issuer && publicKey.isValidSignature(signature, for: self)
    }

    /// The bytes of the certificate; nil when it cannot be written, which would be a fault of the library.
    package var der: [UInt8]? {
        var serializer = DER.Serializer()
        guard (try? serializer.serialize(self)) != nil else { return nil }
        return serializer.serializedBytes
    }
}

extension DistinguishedName {
    /// All common names, in order; one that is no text is empty.
    var commonNames: [String] {
        flatMap { $0 }.filter { $0.type == .RDNAttributeType.commonName }.map {
            String($0.value) ?? ""
        }
    }
}
