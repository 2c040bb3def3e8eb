import SwiftASN1
import X509

/// Certificates and keys as they lie in the folder of the identity.
enum PEMFile {
    /// The most bytes of a file that are read; 30 certificates are about 30 kB.
    static let limit = 65_536

    static func text(
        _ folder: IdentityFolder, _ name: String
    ) throws(IdentityFault) -> String {
        guard let bytes = try? folder.read(name, limit: limit) else {
            throw .unreadable(path: folder.file(name), expected: "a readable file")
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// All certificates of a file, at least one.
    static func certificates(
        _ folder: IdentityFolder, _ name: String
    ) throws(IdentityFault) -> [Certificate] {
        let text = try text(folder, name)
        guard let certificates = certificates(text) else {
            throw .unreadable(path: folder.file(name), expected: "certificates in PEM")
        }
        return certificates
    }

    /// All certificates of a text; nil when there is none or one is broken.
    static func certificates(_ text: String) -> [Certificate]? {
        guard let documents = try? PEMDocument.parseMultiple(pemString: text),
            let certificates = try? documents.map({ try Certificate(pemDocument: $0) }),
            !certificates.isEmpty
        else { return nil }
        return certificates
    }

    /// The text of certificates, in their order.
    static func bytes(_ certificates: [Certificate]) throws(ProvisioningError) -> [UInt8] {
        do {
            let texts = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }
            return Array(texts.joined().utf8)
        } catch {
            throw ProvisioningError(
                .answer, "a certificate of the fleet cannot be written: \(error)")
        }
    }
}
