import SwiftASN1
import X509

/// The certificates of a maker's authority in PEM.
package enum MakerFile {
    /// Those that can be read.
    static func certificates(_ pem: String) -> [Certificate] {
        let documents = (try? PEMDocument.parseMultiple(pemString: pem)) ?? []
        return documents.compactMap { try? Certificate(pemDocument: $0) }
    }

    /// Why a text cannot be registered; nil when it can.
    package static func fault(_ pem: String) -> String? {
        guard let documents = try? PEMDocument.parseMultiple(pemString: pem), !documents.isEmpty
        else { return "expected certificates in PEM, found none" }
        let certificates = certificates(pem)
        guard certificates.count == documents.count else {
            return "expected certificates only, found something else among \(documents.count) parts"
        }
        for certificate in certificates {
            let constraints = try? certificate.extensions.basicConstraints
            guard case .isCertificateAuthority? = constraints else {
                return "expected a certificate of an authority, found '\(certificate.subject)'"
            }
        }
        return nil
    }
}
