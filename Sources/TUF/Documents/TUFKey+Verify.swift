import Crypto
import CryptoExtras
import FoundationEssentials

extension TUFKey {
    /// Whether a signature of a message is this key's.
    package func verifies(_ signature: TUFSignature, _ message: [UInt8]) -> Bool {
        guard signature.keyID == id, let scheme, let bytes = Hexadecimal.bytes(signature.text)
        else {
            return false
        }
        return switch scheme {
        case .ed25519: verifiesEd25519(bytes, message)
        case .ecdsa: verifiesECDSA(bytes, message)
        case .rsa: verifiesRSA(bytes, message)
        }
    }

    private func verifiesEd25519(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let raw = Hexadecimal.bytes(publicText),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw)
        else { return false }
        return key.isValidSignature(signature, for: message)
    }

    private func verifiesECDSA(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let key = try? P256.Signing.PublicKey(pemRepresentation: publicText),
            let form = try? P256.Signing.ECDSASignature(derRepresentation: signature)
        else { return false }
        return key.isValidSignature(form, for: message)
    }

    /// The salt is as long as the hash, which is how signers of this scheme write it.
    private func verifiesRSA(_ signature: [UInt8], _ message: [UInt8]) -> Bool {
        guard let key = try? _RSA.Signing.PublicKey(pemRepresentation: publicText),
            key.keySizeInBits >= 2048
        else { return false }
        return key.isValidSignature(
            _RSA.Signing.RSASignature(rawRepresentation: signature),
            for: SHA256.hash(data: message), padding: .PSS)
    }
}
