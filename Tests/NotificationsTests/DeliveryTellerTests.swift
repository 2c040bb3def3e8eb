import FleetStore
import Foundation
import HTTPSClient
import TestKit
import Testing

@testable import Notifications

/// From an alarm in the store to what a mail server and a browser get.
@Suite struct DeliveryTellerTests {
    private let folder: TemporaryDirectory
    private let identity: LocalIdentity
    private let store: any RecipientStore
    private let start: Int64 = 1_790_000_000_000

    init() throws {
        folder = try TemporaryDirectory("tell")
        identity = try LocalIdentity(folder)
        let address = "sqlite:" + folder.file("fleet.db")
        let fleet = try FleetStores.open(address)
        try fleet.migrate()
        let users = try FleetStores.openUsers(address)
        let author = Author("root", at: start)
        #expect(
            try users.addTenant(Tenant(id: "north", createdMilliseconds: start), by: author))
        let anna = User(
            name: "anna", tenant: "north", role: .operator, createdMilliseconds: start)
        #expect(try users.addUser(anna, by: author) == .added)
        #expect(try users.assign(gateway: "house-1", to: "north", by: author))
        var batch = IngestBatch()
        let clock = RecordClock(
            wallMilliseconds: start + 1000, isTrusted: true,
            boot: "71734537-d6d9-472d-8519-7ef8cf99f170", monotonicMilliseconds: 5)
        let event = EventSample(
            change: "raised", level: "fault", code: "fire_gas", pack: 3, text: "smoke")
        batch.records = [
            FleetRecord(
                key: RecordKey(gateway: "house-1", epoch: 1, sequence: 1), clock: clock,
                receivedMilliseconds: start + 1000, body: .event(event))
        ]
        _ = try fleet.store(batch)
        _ = try FleetStores.openAlarms(address).keepAlarms(limit: 10)
        store = try FleetStores.openRecipients(address)
    }

    private func preferMail(_ address: String) throws {
        let preferences = RecipientPreferences(language: "de", mail: address)
        #expect(
            try store.setPreferences(preferences, of: "anna", by: Author("anna", at: start)))
    }

    private func subscribe(_ service: PlayedPushService) throws {
        let subscription = PushSubscription(
            id: "p1", owner: "anna", endpoint: "https://localhost:\(service.port)/x",
            key: service.key, secret: service.secret, madeMilliseconds: start)
        #expect(
            try store.addPushSubscription(subscription, by: Author("anna", at: start)) == "p1")
    }

    private func teller(
        _ mail: PlayedMailServer? = nil, port: Int? = nil, push: Bool = false
    ) throws -> DeliveryTeller {
        let way = try (mail?.port ?? port).map { port in
            MailWay(
                try SMTPConfiguration(
                    "smtp+plain://127.0.0.1:\(port)", authorities: identity.certificate),
                from: "fleet@example.org", app: "")
        }
        let pushWay = PushWay(
            PushKey(), contact: "mailto:desk@example.org", authorities: identity.certificate,
            allowsLoopback: true)
        return try DeliveryTeller(mail: way, push: push ? pushWay : nil)
    }

    /// Tells what is due so many seconds after the start; what became of it.
    private func tell(_ teller: DeliveryTeller, at seconds: Int64) throws -> [DeliveryOutcome] {
        let now = start + seconds * 1000
        try store.gatherDeliveries(now: now)
        var outcomes: [DeliveryOutcome] = []
        while let told = try teller.tell(store, now: now) { outcomes.append(told.outcome) }
        return outcomes
    }

    @Test func `an alarm is told once by mail and by push, in the user's language`() throws {
        let server = try PlayedMailServer("plain", identity)
        let service = try PlayedPushService([201], identity)
        try preferMail("anna@example.org")
        try subscribe(service)
        // what there is no way for waits
        #expect(try tell(teller(), at: 2) == [])
        #expect(try tell(teller(server), at: 3) == [.sent])
        #expect(try tell(teller(server, push: true), at: 4) == [.sent])
        #expect(try tell(teller(server, push: true), at: 5) == [])
        let headers = try #require(server.messages.first?["headers"] as? [String: String])
        #expect(headers["subject"] == "Störung: Pack 3: Rauch oder Gas – house-1")
        let payload = try #require(service.messages.first?["payload"] as? [String: String])
        #expect(payload["title"] == headers["subject"])
        #expect(try service.messages.count == 1 && server.messages.count == 1)
    }

    @Test func `a server that is not there is tried for hours, and then given up with the reason`()
        throws
    {
        try preferMail("anna@example.org")
        let teller = try teller(port: Int(try Peers.freePort()))
        var now: Int64 = 2
        for pause in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] as [Int64] {
            #expect(try tell(teller, at: now).count == 1)
            #expect(try tell(teller, at: now + pause - 1) == [])
            now += pause
        }
        let last = try tell(teller, at: now)
        guard case .givenUp(let reason) = last.first else {
            Issue.record("expected given up, found \(last)")
            return
        }
        #expect(reason.hasPrefix("given up after 10 tries: mail server '127.0.0.1:"))
        #expect(try store.deliveries(of: "anna", limit: 10).map(\.state) == ["given_up"])
        #expect(try tell(teller, at: now + 100_000) == [])
    }

    @Test func `a browser that is gone is forgotten, one whose service is busy waits as asked`()
        throws
    {
        let service = try PlayedPushService([429, 410], identity)
        try subscribe(service)
        let teller = try teller(push: true)
        let first = try tell(teller, at: 2)
        #expect(
            first == [
                .failed(
                    retryAt: start + 7_202_000,
                    reason: "the push service answered with status 429")
            ])
        #expect(try tell(teller, at: 7201) == [])
        #expect(try tell(teller, at: 7202).count == 1)
        #expect(try store.pushSubscriptions(of: "anna") == [])
        #expect(try service.messages.count == 2)
    }

    @Test func `a test goes to one channel, and leaves the queue alone`() throws {
        let server = try PlayedMailServer("plain", identity)
        let verdict = try teller(server).test(
            .mail("anna@example.org"), preferences: RecipientPreferences(language: "fr"),
            now: start)
        #expect(verdict == .sent)
        let headers = try #require(server.messages.first?["headers"] as? [String: String])
        #expect(headers["subject"] == "Message d’essai")
    }
}
