import Crypto
import FleetStore
import FoundationEssentials

/// The key by which push services know the fleet (VAPID, RFC 8292).
package struct PushKey: Sendable {
    private let key: P256.Signing.PrivateKey

    /// Makes a new one.
    package init() { key = P256.Signing.PrivateKey() }

    /// Reads the text of a PEM file; nil when it is no key of P-256.
    package init?(pem: String) {
        guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else { return nil }
        self.key = key
    }

    /// The text of a PEM file; a secret.
    package var pem: String { key.pemRepresentation }

    /// What browsers need to subscribe: the public point, uncompressed, in base64url.
    package var publicText: String { Base64URL.encode(key.publicKey.x963Representation) }

    /// The header field that shows a push service who sends; nil when nothing could be signed.
    ///
    /// `audience` is the service's origin, `contact` an address `https:` or `mailto:` of whoever runs the
    /// fleet, `expires` a Unix time in seconds, at most a day ahead.
    package func authorization(audience: String, contact: String, expires: Int64) -> String? {
        let head = Base64URL.encode(Array(#"{"typ":"JWT","alg":"ES256"}"#.utf8))
        let claims = Claims(aud: audience, exp: expires, sub: contact)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(claims) else { return nil }
        let text = head + "." + Base64URL.encode(body)
        guard let signature = try? key.signature(for: Array(text.utf8)) else { return nil }
        return "vapid t=\(text).\(Base64URL.encode(signature.rawRepresentation)),k=\(publicText)"
    }

    private struct Claims: Encodable {
        let aud: String, exp: Int64, sub: String
    }
}
