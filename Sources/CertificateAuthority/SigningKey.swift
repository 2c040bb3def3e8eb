import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// How a key lies on the disk.
package enum KeyProtection: Sendable {
    /// Encrypted with a passphrase.
    case passphrase(Passphrase)
    /// Readable by its owner alone.
    case fileMode
}

/// A private key of an authority: P-256, or P-384 for a root made elsewhere.
struct SigningKey: Sendable {
    private enum Kind: Sendable {
        case p256(P256.Signing.PrivateKey)
        case p384(P384.Signing.PrivateKey)
    }

    private let kind: Kind

    /// Makes a P-256 key.
    init() { kind = .p256(P256.Signing.PrivateKey()) }

    /// Reads `PRIVATE KEY`, `EC PRIVATE KEY` or `ENCRYPTED PRIVATE KEY` of a PEM file.
    init(file path: String, passphrase: Passphrase?) throws(AuthorityError) {
        do {
            try self.init(pem: try DurableFile.read(path), passphrase: passphrase)
        } catch .passphrase(let words) {
            throw .passphrase("cannot open the key '\(path)': \(words)")
        } catch .content(let words) {
            throw .content("cannot use the key '\(path)': \(words)")
        } catch {
            throw error
        }
    }

    /// Reads the first key of a PEM text, after the parameters that openssl may write before it.
    init(pem: [UInt8], passphrase: Passphrase?) throws(AuthorityError) {
        let documents = try? PEMDocument.parseMultiple(
            pemString: String(decoding: pem, as: UTF8.self))
        guard let key = documents?.first(where: { $0.discriminator.hasSuffix("PRIVATE KEY") })
        else {
            throw .content("it is no PEM file of a private key")
        }
        switch key.discriminator {
        case "ENCRYPTED PRIVATE KEY":
            guard let passphrase else {
                throw .passphrase("it is encrypted; give its passphrase with '--passphrase-file'")
            }
            let plain = try EncryptedKey.open(key.derBytes, with: passphrase)
            // a wrong passphrase leaves something that looks unencrypted once in 256 times
            guard let made = Self.kind(plain) else {
                throw .passphrase("the passphrase does not open it")
            }
            kind = made
        case "PRIVATE KEY", "EC PRIVATE KEY":
            guard let made = Self.kind(key.derBytes) else {
                throw .content("it is neither a P-256 nor a P-384 key")
            }
            kind = made
        default:
            throw .content("it is '\(key.discriminator)', expected PKCS#8 or an elliptic curve key")
        }
    }

    private static func kind(_ der: [UInt8]) -> Kind? {
        if let key = try? P256.Signing.PrivateKey(derRepresentation: der) { return .p256(key) }
        if let key = try? P384.Signing.PrivateKey(derRepresentation: der) { return .p384(key) }
        return nil
    }

    /// The key as certificates are signed with.
    var certificateKey: Certificate.PrivateKey {
        switch kind {
        case .p256(let key): Certificate.PrivateKey(key)
        case .p384(let key): Certificate.PrivateKey(key)
        }
    }

    /// Its public half.
    var publicKey: Certificate.PublicKey { certificateKey.publicKey }

    /// Signs bytes with ECDSA and the hash of the key's size; gives DER and the algorithm's name.
    func sign(_ bytes: [UInt8]) throws -> (signature: [UInt8], algorithm: ASN1ObjectIdentifier) {
        switch kind {
        case .p256(let key):
            (Array(try key.signature(for: bytes).derRepresentation), [1, 2, 840, 10_045, 4, 3, 2])
        case .p384(let key):
            (Array(try key.signature(for: bytes).derRepresentation), [1, 2, 840, 10_045, 4, 3, 3])
        }
    }

    /// The PEM file of the key, PKCS#8.
    func pem(_ protection: KeyProtection) throws(AuthorityError) -> [UInt8] {
        let der =
            switch kind {
            case .p256(let key): Array(key.derRepresentation)
            case .p384(let key): Array(key.derRepresentation)
            }
        let document: PEMDocument
        switch protection {
        case .fileMode: document = PEMDocument(type: "PRIVATE KEY", derBytes: der)
        case .passphrase(let passphrase):
            document = PEMDocument(
                type: "ENCRYPTED PRIVATE KEY",
                derBytes: try EncryptedKey.seal(der, with: passphrase))
        }
        return Array((document.pemString + "\n").utf8)
    }
}
