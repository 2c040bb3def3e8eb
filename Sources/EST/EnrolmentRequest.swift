import SwiftASN1
import X509

/// A certificate request of a gateway that may be granted.
///
/// 1. Its key is on P-256 or P-384. RSA is refused whatever its size: no gateway makes such keys.
/// 2. Its subject is one common name that is a gateway's id, and nothing else.
/// 3. A subject alternative name, where it asks for one, is that gateway's URI alone.
/// 4. It does not ask to be an authority or to sign certificates or revocation lists.
/// 5. It is signed with its own key.
package struct EnrolmentRequest: Sendable {
    /// The most bytes a request in DER may have; one with a P-384 key and all names has under 600.
    package static let mostBytes = 8_192

    /// The request in DER.
    package let der: [UInt8]
    /// The gateway's id.
    package let gateway: String
    /// What kind of key it brings.
    package let key: RequestedKey

    /// Reads a request in DER and checks all five rules; the error names the first that is broken.
    package init(der: [UInt8]) throws(ESTError) {
        guard der.count <= Self.mostBytes else {
            throw .request("expected at most \(Self.mostBytes) bytes, found \(der.count)")
        }
        key = try RequestedKey(request: der)
        if case .other(let name) = key {
            throw .request("expected a key on P-256 or P-384, found \(name)")
        }
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw .request("expected PKCS#10 in DER, found something else")
        }
        guard Self.hasWholeSignature(der) else {
            throw .request("expected a signature of whole bytes, found bits beside it")
        }
        gateway = try Self.gateway(request.subject)
        try Self.checkWishes(request, of: gateway)
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw .request("it is not signed with the key it brings")
        }
        self.der = der
    }

    /// Refuses the request unless it is of the gateway that sends it.
    package func check(gateway sender: String) throws(ESTError) {
        guard gateway == sender else {
            throw .request("'\(sender)' asks for a certificate of '\(gateway)'")
        }
    }

    /// Whether the signature, third of the three parts, has no unused bits, over which the library passes:
    /// they would make two requests of one.
    private static func hasWholeSignature(_ der: [UInt8]) -> Bool {
        let bits = try? DER.sequence(try DER.parse(der), identifier: .sequence) { parts in
            _ = parts.next()
            _ = parts.next()
            return try ASN1BitString(derEncoded: &parts).paddingBits
        }
        return bits == 0
    }

    private static func gateway(_ subject: DistinguishedName) throws(ESTError) -> String {
        let attributes = subject.flatMap { Array($0) }
        guard attributes.count == 1, let only = attributes.first,
            only.type == .RDNAttributeType.commonName, let name = String(only.value)
        else {
            throw .request(
                "expected a subject of one common name and nothing else, found '\(subject)'")
        }
        guard GatewayName.isValid(name) else {
            throw .request(
                "expected a common name of 1 to 64 characters 'a…z 0…9 -', found '\(name)'")
        }
        return name
    }

    private static func checkWishes(
        _ request: CertificateSigningRequest, of gateway: String
    ) throws(ESTError) {
        for attribute in request.attributes
        where attribute.oid == .CSRAttributes.extensionRequest {
            let extensions: Certificate.Extensions
            do {
                extensions = try ExtensionRequest(attribute).extensions
            } catch {
                throw .request("its wishes for extensions cannot be read")
            }
            for wish in extensions { try check(wish, of: gateway) }
        }
    }

    private static func check(
        _ wish: Certificate.Extension, of gateway: String
    ) throws(ESTError) {
        var isAuthority = false
        var names: [GeneralName]?
        do {
            switch wish.oid {
            case .X509ExtensionID.basicConstraints:
                if case .isCertificateAuthority = try BasicConstraints(wish) { isAuthority = true }
            case .X509ExtensionID.keyUsage:
                let usage = try KeyUsage(wish)
                isAuthority = usage.keyCertSign || usage.cRLSign
            case .X509ExtensionID.subjectAlternativeName:
                names = Array(try SubjectAlternativeNames(wish))
            default: break
            }
        } catch {
            throw .request("its wish for extension \(wish.oid) cannot be read")
        }
        if isAuthority { throw .request("it asks to be an authority") }
        let own = GeneralName.uniformResourceIdentifier(GatewayName.uri(gateway))
        if let names, names != [own] {
            throw .request(
                "expected no alternative name or '\(GatewayName.uri(gateway))', found \(names)")
        }
    }
}
