import Alarms
import FleetStore
import Foundation
import HTTPSClient
import TestKit
import Testing

@testable import Notifications

@Suite struct HookTellerTests {
    private let folder: TemporaryDirectory
    private let secret = WebhookMessage.makeSecret()

    init() throws { folder = try TemporaryDirectory("hooks") }

    private func hook(_ url: String, language: String = "en") -> Hook {
        Hook(
            name: "desk", url: url, secret: secret, authorities: folder.file("ca.pem"),
            language: language, level: "warning", after: 0, made: 0)
    }

    private func teller(_ hook: Hook) throws -> HookTeller {
        var configuration = HTTPSConfiguration(authorities: .file(folder.file("ca.pem")))
        configuration.speaksPlainlyToItself = true
        let chosen = configuration
        return HookTeller(hook, texts: try AlarmTexts(hook.language)) {
            () throws(HTTPSFailure) in try HTTPSSession(chosen)
        }
    }

    /// A store with an alarm of each of these gateways.
    private func store(_ gateways: Int) throws -> any NotificationStore {
        let address = "sqlite:" + folder.file("fleet.db")
        let fleet = try FleetStores.open(address)
        try fleet.migrate()
        var batch = IngestBatch()
        batch.records = (0..<gateways).map { number in
            let clock = RecordClock(
                wallMilliseconds: 1_790_000_000_000, isTrusted: true,
                boot: "71734537-d6d9-472d-8519-7ef8cf99f170",
                monotonicMilliseconds: 5)
            return FleetRecord(
                key: RecordKey(gateway: "house-\(number)", epoch: 1, sequence: 1), clock: clock,
                receivedMilliseconds: 1_790_000_000_100,
                body: .event(
                    EventSample(
                        change: "raised", level: "fault", code: "fire_gas", pack: 3,
                        text: "pack 3: \"smoke\"")))
        }
        _ = try fleet.store(batch)
        let alarms = try FleetStores.openAlarms(address)
        while try alarms.keepAlarms(limit: 1000) > 0 {}
        return try FleetStores.openNotifications(address)
    }

    private func object(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test func `what is told is signed, follows its schema and speaks the hook's language`() throws
    {
        let receiver = try Receiver(secret: secret)
        let hook = hook("http://127.0.0.1:\(receiver.port)/in", language: "de")
        let store = try store(1)
        #expect(try store.add(hook))
        let teller = try teller(hook)
        // the receiver holds the time of the signature against its own clock
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(try teller.tell(store, now: now) == .told(1))
        #expect(try teller.tell(store, now: now) == .told(0))
        #expect(teller.test(now: now) == nil)
        let seen = try receiver.messages.map(object)
        #expect(seen.map { $0["verdict"] as? String } == ["good", "good"])
        #expect(seen.map { $0["type"] as? String } == ["application/json", "application/json"])
        let bodies = seen.compactMap { $0["body"] as? String }
        #expect(try SchemaJudge.verdicts("notification-v1", bodies) == ["ok", "ok"])
        let body = try object(bodies[0])
        #expect(body["id"] as? String == seen[0]["id"] as? String)
        let notice = try #require((body["notices"] as? [[String: Any]])?.first)
        #expect(notice["title"] as? String == "Pack 3: Rauch oder Gas")
        #expect(notice["detail"] as? String == "pack 3: \"smoke\"")
        #expect(notice["raised"] as? String == "2026-09-21T14:13:20.000Z")
        #expect(notice["cleared"] is NSNull)
    }

    @Test func `a wrong secret is noticed by the receiver`() throws {
        let receiver = try Receiver(secret: WebhookMessage.makeSecret())
        let teller = try teller(hook("http://127.0.0.1:\(receiver.port)/in"))
        #expect(teller.test(now: Int64(Date().timeIntervalSince1970 * 1000)) == nil)
        #expect(
            try object(receiver.messages[0])["verdict"] as? String
                == "bad No matching signature found")
    }

    @Test func `a fault of many houses is few messages; what was not taken comes again as it was`()
        throws
    {
        let receiver = try Receiver(secret: secret, answers: [503, 204])
        let hook = hook("http://127.0.0.1:\(receiver.port)/in")
        let store = try store(250)
        #expect(try store.add(hook))
        let teller = try teller(hook)
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        #expect(
            try teller.tell(store, now: now)
                == .failed("'\(hook.url)' answered with status 503, expected 200 to 299"))
        #expect(try teller.tell(store, now: now) == .told(100))
        #expect(try teller.tell(store, now: now) == .told(50))
        #expect(try teller.tell(store, now: now + 4_999) == .told(0))
        #expect(try teller.tell(store, now: now + 5_000) == .told(100))
        let seen = try receiver.messages.map(object)
        #expect(seen.count == 4)
        #expect(seen[0]["id"] as? String == seen[3]["id"] as? String)
        #expect(seen[0]["body"] as? String == seen[3]["body"] as? String)
        #expect(Set(seen.compactMap { $0["id"] as? String }).count == 3)
    }

    @Test func `nobody there is said, and the pauses grow to an hour`() throws {
        let port = try Peers.freePort()
        let hook = hook("http://127.0.0.1:\(port)/")
        let store = try store(1)
        #expect(try store.add(hook))
        let teller = try teller(hook)
        var now: Int64 = 1_790_000_100_000
        func tells() throws -> Bool {
            guard case .failed(let reason) = try teller.tell(store, now: now) else { return false }
            #expect(reason.contains("127.0.0.1"), "\(reason)")
            return true
        }
        #expect(try tells())
        for seconds in [5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600] as [Int64] {
            now += seconds * 1000 - 1
            #expect(try !tells(), "before \(seconds) s")
            now += 1
            #expect(try tells(), "after \(seconds) s")
        }
    }

    @Test(arguments: ["", "whsec_", "whsec_AAAA", "whsec_%%", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    func `what is no secret is not one`(secret: String) {
        #expect(WebhookMessage.key(of: secret) == nil)
    }

    @Test func `a made secret is one`() {
        #expect(WebhookMessage.key(of: WebhookMessage.makeSecret())?.count == 24)
        #expect(WebhookMessage.makeSecret() != WebhookMessage.makeSecret())
    }
}
