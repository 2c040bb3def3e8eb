import Crypto
import FoundationEssentials

/// A key that signs metadata.
package struct TUFPrivateKey: Sendable {
    private enum Kind: Sendable {
        case ed25519(Curve25519.Signing.PrivateKey)
        case ecdsa(P256.Signing.PrivateKey)
    }

    /// The head of PKCS#8 before the 32 bytes of an ed25519 key (RFC 8410 section 7).
    private static let ed25519Head: [UInt8] = [
        0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ]

    private let kind: Kind
    /// Its public half.
    package let publicKey: TUFKey

    /// Makes a key; nil for a scheme that this program only verifies.
    package init?(_ scheme: TUFKey.Scheme) {
        switch scheme {
        case .ed25519: self.init(.ed25519(Curve25519.Signing.PrivateKey()))
        case .ecdsa: self.init(.ecdsa(P256.Signing.PrivateKey()))
        case .rsa: return nil
        }
    }

    /// Reads the DER of a PKCS#8 key; nil when it is of neither kind.
    package init?(der: [UInt8]) {
        if der.count == Self.ed25519Head.count + 32, der.starts(with: Self.ed25519Head) {
            let raw = der[Self.ed25519Head.count...]
            guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw) else {
                return nil
            }
            self.init(.ed25519(key))
        } else {
            guard let key = try? P256.Signing.PrivateKey(derRepresentation: der) else { return nil }
            self.init(.ecdsa(key))
        }
    }

    private init?(_ kind: Kind) {
        self.kind = kind
        let key: TUFKey? =
            switch kind {
            case .ed25519(let key):
                TUFKey(
                    scheme: .ed25519,
                    publicText: Hexadecimal.text(key.publicKey.rawRepresentation))
            case .ecdsa(let key):
                TUFKey(scheme: .ecdsa, publicText: key.publicKey.pemRepresentation + "\n")
            }
        guard let key else { return nil }
        publicKey = key
    }

    /// The DER of the key, PKCS#8.
    package var der: [UInt8] {
        switch kind {
        case .ed25519(let key): Self.ed25519Head + Array(key.rawRepresentation)
        case .ecdsa(let key): Array(key.derRepresentation)
        }
    }

    /// Signs what the signatures of metadata are over.
    package func sign(_ message: [UInt8]) throws(TUFFault) -> TUFSignature {
        let signature: [UInt8]?
        switch kind {
        case .ed25519(let key): signature = (try? key.signature(for: message)).map { Array($0) }
        case .ecdsa(let key):
            signature = (try? key.signature(for: message)).map { Array($0.derRepresentation) }
        }
        guard let signature else { throw .order("the key '\(publicKey.id)' cannot sign") }
        return TUFSignature(keyID: publicKey.id, text: Hexadecimal.text(signature))
    }
}
