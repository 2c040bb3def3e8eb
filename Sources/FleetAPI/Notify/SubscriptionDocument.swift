import FleetStore
import StrictJSON

/// A subscription as a browser writes it (`PushSubscription.toJSON`).
///
/// Whether its key lies on the curve is not looked at here.
package struct SubscriptionDocument {
    /// The longest address of a push service, in letters.
    private static let longest = 1024

    /// Where its push service takes messages.
    package let endpoint: String
    /// The browser's public key, uncompressed P-256 in base64url, and its secret of 16 bytes in base64url.
    package let key: String, secret: String

    /// Reads it, and notes every fault; nil when it is no JSON.
    package init?(_ content: [UInt8], faults: FaultList) {
        guard var section = JSONSection(parsing: content, faults: faults) else { return nil }
        endpoint = section.requiredString("endpoint")
        // what a browser says of the end of it; the push service says so itself when it comes
        _ = section.item("expirationTime")
        var keys = section.section("keys")
        key = keys?.requiredString("p256dh") ?? ""
        secret = keys?.requiredString("auth") ?? ""
        if keys == nil {
            section.fault("keys", "is missing, expected an object with 'p256dh' and 'auth'")
        }
        if !endpoint.isEmpty, !Self.isEndpoint(endpoint) {
            // not its words: an endpoint is a secret of the user
            section.fault(
                "endpoint",
                "is no address of a push service, expected 'https://host…' without a user's name and "
                    + "of at most \(Self.longest) letters")
        }
        if !key.isEmpty, !Self.isKey(key) {
            keys?.fault("p256dh", "is no point of P-256, expected 65 bytes in base64url")
        }
        if !secret.isEmpty, Base64URL.decode(secret)?.count != 16 {
            keys?.fault("auth", "is no secret, expected 16 bytes in base64url")
        }
        keys?.finish()
        section.finish()
    }

    /// What it may be is looked at again when it is connected to, for a name may stand for anything.
    private static func isEndpoint(_ text: String) -> Bool {
        let scheme = "https://"
        guard text.hasPrefix(scheme), text.utf8.count <= longest,
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return false }
        let host = text.utf8.dropFirst(scheme.utf8.count).prefix { !"/?#".utf8.contains($0) }
        return !host.isEmpty
            && host.allSatisfy { byte in
                (0x61...0x7A).contains(byte | 0x20) || (0x30...0x39).contains(byte)
                    || ".-:[]".utf8.contains(byte)
            }
    }

    private static func isKey(_ text: String) -> Bool {
        Base64URL.decode(text).map { $0.count == 65 && $0[0] == 4 } ?? false
    }
}
