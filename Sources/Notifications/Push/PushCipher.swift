import Crypto
import FleetStore
import FoundationEssentials

/// Encrypts what only one browser can read (RFC 8291, `aes128gcm` of RFC 8188, a single record).
package struct PushCipher {
    /// The most bytes of a text; with what is added to it no more than 4096, which every push service takes.
    package static let mostBytes = 3_993
    private static let recordSize: UInt32 = 4_096

    private let browser: P256.KeyAgreement.PublicKey
    private let secret: [UInt8]

    /// Takes a browser's public point and secret; nil when the point is none of P-256, or the secret has not 16
    /// bytes.
    package init?(key: [UInt8], secret: [UInt8]) {
        guard secret.count == 16, key.count == 65,
            let browser = try? P256.KeyAgreement.PublicKey(x963Representation: key)
        else { return nil }
        self.browser = browser
        self.secret = secret
    }

    /// The body of the request; nil when the text is too long.
    package func encrypt(_ text: [UInt8]) -> [UInt8]? {
        var generator = SystemRandomNumberGenerator()
        let salt = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return encrypt(text, own: P256.KeyAgreement.PrivateKey(), salt: salt)
    }

    /// The same with a key and a salt that are given, which must never be used twice.
    func encrypt(
        _ text: [UInt8], own: P256.KeyAgreement.PrivateKey, salt: [UInt8]
    ) -> [UInt8]? {
        guard text.count <= Self.mostBytes,
            let shared = try? own.sharedSecretFromKeyAgreement(with: browser)
        else { return nil }
        let point = Array(own.publicKey.x963Representation)
        let info = Array("WebPush: info\0".utf8) + Array(browser.x963Representation) + point
        let input = shared.hkdfDerivedSymmetricKey(
            using: SHA256.self, salt: secret, sharedInfo: info, outputByteCount: 32)
        func derived(_ name: String, _ count: Int) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: input, salt: salt,
                info: Array("Content-Encoding: \(name)\0".utf8), outputByteCount: count)
        }
        let nonceBytes = derived("nonce", 12).withUnsafeBytes { Array($0) }
        // the last record of a message ends with 2
        guard let nonce = try? AES.GCM.Nonce(data: nonceBytes),
            let box = try? AES.GCM.seal(
                text + [2], using: derived("aes128gcm", 16), nonce: nonce)
        else { return nil }
        let size = withUnsafeBytes(of: Self.recordSize.bigEndian) { Array($0) }
        return salt + size + [UInt8(point.count)] + point + Array(box.ciphertext) + Array(box.tag)
    }
}
