import Alarms
import Crypto
import FleetStore
import FoundationEssentials
import HTTPSClient
import Telemetry

/// What one POST tells a hook, signed as Standard Webhooks 1.0 asks for.
///
/// The body is a document of `Schemas/notification-v1.schema.json`. `webhook-id` is the same when the same
/// notices are told again, so that a receiver knows what it has heard already.
package struct WebhookMessage: Sendable {
    /// The beginning of a secret as people exchange it; the key follows in base64.
    package static let secretPrefix = "whsec_"
    /// Bytes of a secret that the fleet makes.
    private static let secretBytes = 24

    /// The number of the message.
    package let id: String
    /// The document.
    package let body: [UInt8]
    private let hook: Hook

    /// Tells notices to a hook, in its language.
    package init(_ notices: [Notice], to hook: Hook, texts: AlarmTexts) {
        self.hook = hook
        var hash = SHA256()
        hash.update(data: Array(hook.name.utf8))
        for notice in notices { hash.update(data: Array("\n\(Self.name(of: notice))".utf8)) }
        id = "msg_" + hash.finalize().prefix(16).map { Self.hex($0) }.joined()
        var writer = JSONWriter()
        Self.write(notices, hook: hook, id: id, texts, to: &writer)
        body = writer.bytes
    }

    /// The request that carries it, signed at a Unix time in seconds; nil when the secret is none.
    package func request(at seconds: Int64) -> HTTPSRequest? {
        guard let key = Self.key(of: hook.secret) else { return nil }
        let signed = Array("\(id).\(seconds).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: key))
        var request = HTTPSRequest(url: hook.url)
        request.method = .post
        request.headers = [
            ("content-type", "application/json"), ("webhook-id", id),
            ("webhook-timestamp", "\(seconds)"),
            ("webhook-signature", "v1,\(Data(code).base64EncodedString())"),
        ]
        request.body = body
        request.maximumBytes = 65_536
        return request
    }

    /// A new secret, `whsec_…`.
    package static func makeSecret() -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<secretBytes).map { _ in UInt8.random(in: 0...255, using: &generator) }
        return secretPrefix + Data(bytes).base64EncodedString()
    }

    /// The key in a secret; nil unless it is `whsec_` and 24 to 64 bytes in base64.
    package static func key(of secret: String) -> [UInt8]? {
        guard secret.hasPrefix(secretPrefix),
            let key = Data(base64Encoded: String(secret.dropFirst(secretPrefix.count))),
            (24...64).contains(key.count)
        else { return nil }
        return Array(key)
    }

    private static func name(of notice: Notice) -> String {
        let subject = notice.alarm.subject
        return "\(notice.kind.rawValue) \(subject.gateway) \(subject.code) \(subject.level) "
            + "\(subject.pack) \(notice.alarm.raised)"
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }

    private static func write(
        _ notices: [Notice], hook: Hook, id: String, _ texts: AlarmTexts,
        to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.name("schema")
            writer.string("amphora/notification/v1")
            writer.name("id")
            writer.string(id)
            writer.name("hook")
            writer.string(hook.name)
            writer.name("language")
            writer.string(texts.language)
            writer.name("notices")
            writer.array { writer in
                for notice in notices { write(notice, texts, to: &writer) }
            }
        }
    }

    private static func write(_ notice: Notice, _ texts: AlarmTexts, to writer: inout JSONWriter) {
        let (alarm, subject) = (notice.alarm, notice.alarm.subject)
        let text = texts.text(
            code: subject.code, level: subject.level, pack: UInt8(clamping: subject.pack))
        writer.object { writer in
            writer.name("change")
            writer.string(notice.kind.rawValue)
            let words: [(StaticString, String)] = [
                ("gateway", subject.gateway), ("code", subject.code), ("level", subject.level),
            ]
            for (name, word) in words {
                writer.name(name)
                writer.string(word)
            }
            writer.name("pack")
            writer.integer(subject.pack)
            writer.moment("raised", unixMilliseconds: alarm.raised)
            writer.moment("cleared", unixMilliseconds: alarm.cleared)
            writer.name("times")
            writer.integer(alarm.times)
            let sentences: [(StaticString, String)] = [
                ("title", text.title), ("meaning", text.meaning), ("done", text.done),
                ("advice", text.advice), ("who", text.who), ("detail", alarm.text),
            ]
            for (name, sentence) in sentences {
                writer.name(name)
                writer.string(sentence)
            }
        }
    }
}
