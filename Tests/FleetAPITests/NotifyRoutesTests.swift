import Crypto
import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// How users say by the API how they are told.
@Suite(.ownThreads) struct NotifyRoutesTests {
    static let preferences = """
        {"language":"de","mail":"otto@example.org","quiet":{"from":"22:00","to":"07:00"},\
        "levels":"protection"}
        """
    private static let usual = #"{"language":null,"mail":null,"quiet":null,"levels":"warning"}"#
    private let path = "/v1/session/preferences"

    /// What a browser with a key of its own writes.
    static func subscription(_ endpoint: String = "https://push.example.org/send/x") -> String {
        let key = Base64URL.encode(P256.KeyAgreement.PrivateKey().publicKey.x963Representation)
        return """
            {"endpoint":"\(endpoint)","expirationTime":null,\
            "keys":{"p256dh":"\(key)","auth":"BTBZMqHH6r4Tts7J_aSIgg"}}
            """
    }

    private func send(
        _ rig: UserRig, _ method: String, _ path: String, _ body: String? = nil,
        as user: String = "anna"
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path, as: user, method: method,
            headers: body == nil ? [] : ["Content-Type: application/json"], body: body)
    }

    @Test func `what is named changes, null takes away, the rest stays, and it is audited`()
        async throws
    {
        let rig = try await UserRig()
        #expect(try await send(rig, "GET", path).body == Self.usual)
        #expect(try await send(rig, "PATCH", path, Self.preferences).body == Self.preferences)
        #expect(try await send(rig, "GET", path).body == Self.preferences)
        let less = try await send(rig, "PATCH", path, #"{"quiet":null,"mail":null}"#)
        #expect(
            less.body == #"{"language":"de","mail":null,"quiet":null,"levels":"protection"}"#)
        // those of others are their own
        #expect(try await send(rig, "GET", path, as: "otto").body == Self.usual)
        await rig.stop()
        let audit = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 100)
        #expect(
            audit.count { $0.action == "preferences_changed" && $0.author.name == "anna" } == 2)
    }

    @Test func `what is wrong is refused as a whole, with all that is wrong`() async throws {
        let rig = try await UserRig()
        for words in [
            "{", "[]", #"{"x":1}"#, #"{"language":"tlh"}"#, #"{"language":1}"#,
            #"{"mail":"anna"}"#, #"{"mail":"a@b.c\r\nBcc: x@y.z"}"#, #"{"mail":"a@b.c,d@e.f"}"#,
            #"{"mail":"<a@b.c>"}"#, #"{"mail":""}"#, #"{"quiet":{}}"#, #"{"quiet":"22-7"}"#,
            #"{"quiet":{"from":"22:00","to":"22:00"}}"#, #"{"quiet":{"from":"24:00","to":"1:00"}}"#,
            #"{"quiet":{"from":"22:00","to":"07:00","x":1}}"#, #"{"levels":null}"#,
            #"{"levels":"all"}"#, #"{"levels":"fault","mail":"no"}"#,
        ] {
            let answer = try await send(rig, "PATCH", path, words)
            #expect(answer.status == 400, "\(words): \(answer.status)")
            #expect(answer.body.contains("problem:body_invalid"), "\(words)")
        }
        #expect(try await send(rig, "GET", path).body == Self.usual)
        await rig.stop()
    }

    @Test func `a browser is added once and removed by its user only`() async throws {
        let rig = try await UserRig()
        #expect(try await send(rig, "GET", "/v1/push-key").body == #"{"key":"BPushKey"}"#)
        let words = Self.subscription()
        let first = try await send(rig, "POST", "/v1/push-subscriptions", words)
        #expect(first.status == 201)
        let again = try await send(rig, "POST", "/v1/push-subscriptions", words)
        #expect(again.status == 201 && again.body == first.body)
        let id = try #require(first.body.firstMatch(of: /"id":"([a-z0-9]+)"/)).1
        let place = "/v1/push-subscriptions/\(id)"
        #expect(try await send(rig, "DELETE", place, as: "otto").status == 404)
        #expect(try await send(rig, "DELETE", place).status == 204)
        #expect(try await send(rig, "DELETE", place).status == 404)
        await rig.stop()
        let store = try FleetStores.openRecipients(rig.address)
        #expect(try store.pushSubscriptions(of: "anna").isEmpty)
    }

    @Test(arguments: [
        "http://push.example.org/x", "https://", "https:///x", "https://a:b@push.example.org/",
        "https://push.example.org/ä", "file:///etc/passwd", "https://push example.org",
        "https://x/" + String(repeating: "a", count: 1100),
    ])
    func `an address that is none of a push service is refused, without repeating it`(
        endpoint: String
    ) throws {
        let problem = #expect(throws: Problem.self) {
            try SubscriptionReader(Array(Self.subscription(endpoint).utf8))
        }
        #expect(try !"\(#require(problem))".contains("push.example"))
    }

    @Test(arguments: [
        ("p256dh", "BAAA"), ("p256dh", "B" + String(repeating: "A", count: 86)),
        ("auth", "AAAA"), ("auth", "%%%"),
    ])
    func `keys that nothing can be encrypted with are refused`(name: String, value: String) throws {
        let words = Self.subscription()
        let found = try #require(words.firstMatch(of: try Regex("\"\(name)\":\"[^\"]+\"")))
        let changed = words.replacingCharacters(
            in: found.range, with: "\"\(name)\":\"\(value)\"")
        #expect(throws: Problem.self) { try SubscriptionReader(Array(changed.utf8)) }
    }
}
