import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1

/// Encrypts keys at rest so that openssl and others can read them, and decrypts what they wrote.
package enum EncryptedKey {
    /// scrypt with N 2¹⁴, r 8 and p 5: 16 MiB and about a quarter of a second for each guess.
    ///
    /// openssl reads no more than 32 MiB, so that the work is in p rather than in N.
    private static let cost = 1 << 14
    private static let block = 8
    private static let lanes = 5

    /// Wraps PKCS#8 in DER.
    package static func seal(
        _ key: [UInt8], with passphrase: Passphrase
    ) throws(AuthorityError) -> [UInt8] {
        var random = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        let vector = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        let derivation = EncryptedKeyContainer.Derivation.scrypt(
            salt: salt, cost: cost, block: block, lanes: lanes)
        do {
            let secret = try AES._CBC.encrypt(
                key, using: try derive(derivation, passphrase, bytes: 32),
                iv: try AES._CBC.IV(ivBytes: vector))
            return try EncryptedKeyContainer(
                derivation: derivation, keyBytes: 32, vector: vector, secret: Array(secret)
            ).der()
        } catch {
            throw .content("cannot encrypt a key: \(error)")
        }
    }

    /// Unwraps PKCS#8 in DER; throws when the passphrase is another one.
    package static func open(
        _ der: [UInt8], with passphrase: Passphrase
    ) throws(AuthorityError) -> [UInt8] {
        let container = try EncryptedKeyContainer(der: der)
        do {
            return Array(
                try AES._CBC.decrypt(
                    container.secret,
                    using: try derive(
                        container.derivation, passphrase, bytes: container.keyBytes),
                    iv: try AES._CBC.IV(ivBytes: container.vector)))
        } catch {
            throw .passphrase("the passphrase does not open it")
        }
    }

    private static func derive(
        _ derivation: EncryptedKeyContainer.Derivation, _ passphrase: Passphrase, bytes: Int
    ) throws -> SymmetricKey {
        switch derivation {
        case .scrypt(let salt, let cost, let block, let lanes):
            return try KDF.Scrypt.deriveKey(
                from: passphrase.bytes, salt: salt, outputByteCount: bytes, rounds: cost,
                blockSize: block, parallelism: lanes)
        case .pbkdf2(let salt, let rounds, let hash):
            return try KDF.Insecure.PBKDF2.deriveKey(
                from: passphrase.bytes, salt: salt, using: function(hash), outputByteCount: bytes,
                unsafeUncheckedRounds: rounds)
        }
    }

    private static func function(
        _ hash: EncryptedKeyContainer.Hash
    ) -> KDF.Insecure.PBKDF2.HashFunction {
        switch hash {
        case .sha1: .insecureSHA1
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }
}
