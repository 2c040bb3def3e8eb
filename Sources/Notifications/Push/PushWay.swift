import Crypto
import FleetStore
import HTTPSClient
import Telemetry

/// Sends messages to browsers by their push services.
package struct PushWay: Sendable {
    /// How long a service keeps what a browser cannot take now, s: a day.
    static let life = 86_400
    /// How long what is signed is good, s.
    private static let signed: Int64 = 43_200

    private let key: PushKey
    private let contact: String
    private let configuration: HTTPSConfiguration

    /// `authorities` is a PEM file of those who vouch for push services, `contact` an address `https:` or `mailto:`
    /// of whoever runs the fleet.
    ///
    /// Only addresses of the public network are spoken with, because users name them; `allowsLoopback` is for trying out.
    package init(
        _ key: PushKey, contact: String, authorities: String, allowsLoopback: Bool = false
    ) {
        self.key = key
        self.contact = contact
        var configuration = HTTPSConfiguration(authorities: .file(authorities))
        configuration.connectMilliseconds = 10_000
        configuration.answerMilliseconds = 10_000
        configuration.stallSeconds = 10
        configuration.refusesPrivateAddresses = !allowsLoopback
        self.configuration = configuration
    }

    /// Sends a text to a browser; blocks.
    package func send(
        _ text: DeliveryText, to subscription: PushSubscription, now: Int64
    ) -> SendVerdict {
        guard let point = Base64URL.decode(subscription.key),
            let secret = Base64URL.decode(subscription.secret),
            let cipher = PushCipher(key: point, secret: secret)
        else { return .gone("the browser's key is none of P-256") }
        guard let origin = Self.origin(subscription.endpoint) else {
            return .gone("the endpoint does not begin with 'https://'")
        }
        let field = key.authorization(
            audience: origin, contact: contact, expires: now / 1000 + Self.signed)
        guard let field, let body = cipher.encrypt(Self.payload(text)) else {
            return .never("bug: the message could not be encrypted")
        }
        var request = HTTPSRequest(url: subscription.endpoint)
        request.method = .post
        request.headers = [
            ("authorization", field), ("ttl", "\(Self.life)"),
            ("urgency", text.isUrgent ? "high" : "normal"), ("topic", Self.topic(text.tag)),
            ("content-encoding", "aes128gcm"), ("content-type", "application/octet-stream"),
        ]
        request.body = body
        request.maximumBytes = 16_384
        do throws(HTTPSFailure) {
            return Self.verdict(try HTTPSSession(configuration).send(request))
        } catch {
            // its words may name the endpoint, which is a secret of the user
            let service = "push service '\(origin)'"
            return error.kind == .request
                ? .never("\(service): the address cannot be used, or is not on the public network")
                : .later("\(service): \(error.kind.rawValue), \(error.detail.rawValue)", after: nil)
        }
    }

    private static func verdict(_ answer: HTTPSResponse) -> SendVerdict {
        let words = "the push service answered with status \(answer.status)"
        switch answer.status {
        case 200...299: return .sent
        case 404, 410: return .gone("\(words): the browser takes messages no more")
        case 408, 429, 500...599:
            return .later(words, after: answer.header("retry-after").flatMap { Int64($0) })
        default: return .never(words)
        }
    }

    /// `https://host[:port]` of an address; nil for any other.
    static func origin(_ address: String) -> String? {
        let scheme = "https://"
        guard address.lowercased().hasPrefix(scheme) else { return nil }
        let host = address.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        guard !host.isEmpty, !host.contains("@") else { return nil }
        return scheme + host.lowercased()
    }

    /// What the app's worker gets, JSON that fits into one message.
    static func payload(_ text: DeliveryText) -> [UInt8] {
        var body = text.body.joined(separator: "\n")
        while true {
            var writer = JSONWriter()
            writer.object { writer in
                let members: [(StaticString, String)] = [
                    ("title", text.title), ("body", body), ("url", text.path), ("tag", text.tag),
                    ("level", text.level), ("gateway", text.gateway), ("code", text.code),
                ]
                for (name, word) in members {
                    writer.name(name)
                    writer.string(word)
                }
            }
            if writer.bytes.count <= PushCipher.mostBytes || body.isEmpty { return writer.bytes }
            body = body.count > 1 ? "\(body.prefix(body.count * 3 / 4))…" : ""
        }
    }

    /// At most 32 letters of base64url that stand for a tag.
    private static func topic(_ tag: String) -> String {
        String(Base64URL.encode(SHA256.hash(data: Array(tag.utf8))).prefix(32))
    }
}
