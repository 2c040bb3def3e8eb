import Alarms
import Crypto
import FleetStore
import Foundation
import HTTPSClient
import TestKit
import Testing

@testable import Notifications

@Suite struct PushTests {
    private let folder: TemporaryDirectory
    private let identity: LocalIdentity
    private let key = PushKey()
    private let now: Int64 = 1_790_000_060_000

    init() throws {
        folder = try TemporaryDirectory("push")
        identity = try LocalIdentity(folder)
    }

    private func way(allowsLoopback: Bool = true) -> PushWay {
        PushWay(
            key, contact: "https://app.example.org", authorities: identity.certificate,
            allowsLoopback: allowsLoopback)
    }

    private func subscription(
        _ service: PlayedPushService, host: String = "localhost"
    ) -> PushSubscription {
        PushSubscription(
            id: "p1", owner: "anna", endpoint: "https://\(host):\(service.port)/send/x?y=1",
            key: service.key, secret: service.secret, madeMilliseconds: 0)
    }

    private func text(label: String = "", count: Int32 = 1) throws -> DeliveryText {
        let notices = (0..<count).map { number in
            DeliveryNotice(
                .raised,
                Alarm(
                    AlarmSubject(
                        gateway: "house-1", code: "fire_gas", level: "fault", pack: 3 + number),
                    raised: 1_790_000_000_000, text: "smoke"), label: label)
        }
        let message = DeliveryMessage(
            id: "0123abcd", recipient: "anna", preferences: RecipientPreferences(),
            channel: .mail(""), notices: notices, leftOut: 0, tries: 0)
        return DeliveryText(message, try AlarmTexts("fr"))
    }

    @Test func `the example of RFC 8291 comes out letter by letter`() throws {
        let key = try #require(
            Base64URL.decode(
                "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
            ))
        let secret = try #require(Base64URL.decode("BTBZMqHH6r4Tts7J_aSIgg"))
        let cipher = try #require(PushCipher(key: key, secret: secret))
        let number = try #require(
            Base64URL.decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
        let own = try P256.KeyAgreement.PrivateKey(rawRepresentation: number)
        let salt = try #require(Base64URL.decode("DGv6ra1nlYgDCS1FRnbzlw"))
        let sentence = Array("When I grow up, I want to be a watermelon".utf8)
        let body = try #require(cipher.encrypt(sentence, own: own, salt: salt))
        #expect(
            Base64URL.encode(body)
                == "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg"
                + "Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZ"
                + "wbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN")
        #expect(cipher.encrypt([UInt8](repeating: 0, count: PushCipher.mostBytes)) != nil)
        #expect(cipher.encrypt([UInt8](repeating: 0, count: PushCipher.mostBytes + 1)) == nil)
    }

    @Test func `a browser reads what was sent, and its service knows who sent it`() throws {
        let service = try PlayedPushService([201], identity)
        let text = try text()
        #expect(way().send(text, to: subscription(service), now: now) == .sent)
        let seen = try #require(try service.messages.first)
        #expect(seen["verdict"] as? Bool == true)
        #expect(seen["k"] as? String == key.publicText)
        let claims = try #require(seen["claims"] as? [String: Any])
        #expect(claims["aud"] as? String == "https://localhost:\(service.port)")
        #expect(claims["sub"] as? String == "https://app.example.org")
        let expires = try #require(claims["exp"] as? Int64)
        #expect((1...86_400).contains(expires - now / 1000))
        let headers = try #require(seen["headers"] as? [String: String])
        #expect(headers["ttl"] == "86400")
        #expect(headers["urgency"] == "high")
        #expect(headers["content-encoding"] == "aes128gcm")
        #expect(headers["topic"]?.utf8.count == 32)
        let payload = try #require(seen["payload"] as? [String: String])
        #expect(payload["title"] == text.title)
        #expect(payload["body"] == text.body.joined(separator: "\n"))
        #expect(payload["url"] == "/g/house-1")
        #expect(payload["tag"] == "house-1 fire_gas fault 3")
        #expect(payload["level"] == "fault")
        #expect(payload["gateway"] == "house-1" && payload["code"] == "fire_gas")
    }

    @Test func `what is too long for a message is cut`() throws {
        let service = try PlayedPushService([201], identity)
        // labels are what people wrote
        let text = try text(label: String(repeating: "ö", count: 3000), count: 40)
        #expect(text.body.joined().utf8.count > 4096)
        #expect(way().send(text, to: subscription(service), now: now) == .sent)
        let seen = try #require(try service.messages.first)
        #expect(try #require(seen["length"] as? Int) <= 4096)
    }

    @Test func `a service's answer says what comes next`() throws {
        let service = try PlayedPushService([410, 404, 429, 503, 400], identity)
        let verdicts = try (0..<5).map { _ in
            way().send(try text(), to: subscription(service), now: now)
        }
        let gone = verdicts.prefix(2).allSatisfy { if case .gone = $0 { true } else { false } }
        #expect(gone)
        #expect(
            verdicts[2] == .later("the push service answered with status 429", after: 7200))
        #expect(verdicts[3] == .later("the push service answered with status 503", after: nil))
        #expect(verdicts[4] == .never("the push service answered with status 400"))
    }

    @Test(arguments: ["localhost", "127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254"])
    func `nothing that only this machine can reach is reached by a subscription`(host: String)
        throws
    {
        let service = try PlayedPushService([201], identity)
        let verdict = way(allowsLoopback: false)
            .send(try text(), to: subscription(service, host: host), now: now)
        guard case .never(let reason) = verdict else {
            Issue.record("expected never, found \(verdict)")
            return
        }
        #expect(!reason.contains("/send/x"))
        #expect(try service.messages.isEmpty)
    }

    @Test(arguments: [
        [8, 8, 8, 8], [203, 0, 114, 1], [0x2A, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ])
    func `public addresses are public`(octets: [UInt8]) {
        #expect(PublicAddress.isPublic(octets))
    }

    @Test(arguments: [
        [127, 0, 0, 1], [10, 1, 2, 3], [172, 31, 0, 1], [192, 168, 1, 1], [169, 254, 169, 254],
        [100, 64, 0, 1], [0, 0, 0, 0], [224, 0, 0, 1], [255, 255, 255, 255], [],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 127, 0, 0, 1],
        [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1],
        [0x20, 0x02, 192, 168, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        [0xFD, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    ])
    func `all others are not`(octets: [UInt8]) {
        #expect(!PublicAddress.isPublic(octets))
    }

    @Test func `a key comes back from its file, and base64url from its letters`() throws {
        #expect(PushKey(pem: key.pem)?.publicText == key.publicText)
        #expect(PushKey(pem: "no key") == nil)
        for count in 0..<40 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 77) }
            let text = Base64URL.encode(bytes)
            #expect(Base64URL.decode(text) == bytes)
            #expect(
                Data(bytes).base64EncodedString().replacing("+", with: "-")
                    .replacing("/", with: "_").replacing("=", with: "") == text)
        }
        for text in ["A", "AB", "AA=", "A A", "ÄÄ"] { #expect(Base64URL.decode(text) == nil) }
    }
}
