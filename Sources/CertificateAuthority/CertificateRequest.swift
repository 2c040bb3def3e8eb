import Crypto
import SwiftASN1
import X509

/// A PKCS#10 request that was found good for a name; only its key is of use to us.
package struct CertificateRequest: Sendable {
    /// The longest request that is read, in bytes; one with a P-384 key has about 400.
    package static let mostBytes = 8192

    /// The key that the certificate will name.
    let key: Certificate.PublicKey

    /// Checks DER from outside; throws with what is wrong.
    ///
    /// Wanted are a signature by the request's own key, a key on P-256 or P-384, and exactly one common
    /// name, which is `name`. A request to become an authority is refused; other wishes are ignored,
    /// because nothing of them gets into the certificate.
    package init(der: [UInt8], for name: SubjectName) throws(IssueError) {
        guard der.count <= Self.mostBytes else {
            throw IssueError("the request has \(der.count) bytes, allowed \(Self.mostBytes)")
        }
        let request: CertificateSigningRequest
        do {
            request = try CertificateSigningRequest(derEncoded: der)
        } catch {
            throw IssueError("the request is no PKCS#10 in DER: \(error)")
        }
        guard
            P256.Signing.PublicKey(request.publicKey) != nil
                || P384.Signing.PublicKey(request.publicKey) != nil
        else {
            throw IssueError("the request's key is \(request.publicKey), expected P-256 or P-384")
        }
        guard request.publicKey.isValidSignature(request.signature, for: request) else {
            throw IssueError("the request is not signed with its own key")
        }
        guard let found = request.subject.onlyCommonName else {
            throw IssueError(
                "the request's subject '\(request.subject)' does not have exactly one common name")
        }
        // bytes, because Swift's == takes different spellings of a letter for one
        guard found.utf8.elementsEqual(name.description.utf8) else {
            throw IssueError("the request is for '\(found)', expected '\(name)'")
        }
        guard try !Self.asksForAuthority(request) else {
            throw IssueError("the request asks to become an authority")
        }
        key = request.publicKey
    }

    private static func asksForAuthority(
        _ request: CertificateSigningRequest
    ) throws(IssueError) -> Bool {
        do {
            for attribute in request.attributes
            where attribute.oid == ASN1ObjectIdentifier.CSRAttributes.extensionRequest {
                let wishes = try ExtensionRequest(attribute).extensions
                if case .isCertificateAuthority? = try wishes.basicConstraints { return true }
                if try wishes.keyUsage?.keyCertSign == true { return true }
            }
            return false
        } catch {
            throw IssueError("the request's extensions cannot be read: \(error)")
        }
    }
}
