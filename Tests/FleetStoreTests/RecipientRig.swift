import TestKit
import Testing

@testable import FleetStore

/// A store with gateways, alarms and users who are told of them.
struct RecipientRig {
    /// 2026-09-21 14:13:20 UTC.
    static let start = Records.start
    let address: String
    let fleet: any FleetStore
    let alarms: any AlarmStore
    let users: any UserStore
    let recipients: any RecipientStore
    private let devices: any DeviceStore
    var author: Author { Author("root", at: Self.start) }

    /// The tenant `north` has gateways `house-1` and `house-2`; `anna` owns the first and gets mail.
    init(_ kind: StoreKind) throws {
        address = try kind.address()
        fleet = try FleetStores.open(address)
        alarms = try FleetStores.openAlarms(address)
        users = try FleetStores.openUsers(address)
        recipients = try FleetStores.openRecipients(address)
        devices = try FleetStores.openDevices(address)
        for id in ["north", "south"] {
            #expect(
                try users.addTenant(Tenant(id: id, createdMilliseconds: Self.start), by: author))
        }
        for id in ["house-1", "house-2"] {
            #expect(try users.assign(gateway: id, to: "north", by: author))
        }
        try addUser("anna", .owner)
        #expect(try users.grant(true, gateway: "house-1", to: "anna", by: author))
        try prefer("anna") { $0.mail = "anna@example.org" }
    }

    func addUser(_ name: String, _ role: UserRole) throws {
        let user = User(
            name: name, tenant: "north", role: role, createdMilliseconds: Self.start)
        #expect(try users.addUser(user, by: author) == .added)
    }

    func prefer(
        _ name: String, at seconds: Int64 = 0, _ change: (inout RecipientPreferences) -> Void
    ) throws {
        var preferences = try #require(try recipients.preferences(of: name))
        change(&preferences)
        let author = Author(name, at: Self.start + seconds * 1000)
        #expect(try recipients.setPreferences(preferences, of: name, by: author))
    }

    func zone(_ zone: String, of gateway: String) throws {
        let device = Device(
            id: gateway, label: "Barn", zone: zone, createdMilliseconds: Self.start)
        let token = DeviceToken(
            hash: "hash-\(gateway)", device: gateway, createdMilliseconds: 0,
            expiresMilliseconds: 1)
        #expect(try devices.addDevices([(device: device, token: token)]) == [])
    }

    /// An event of a gateway, so many seconds after the start.
    func event(
        _ change: String, at seconds: Int64, level: String = "warning",
        code: String = "pack_silent", pack: Int32 = 1, of gateway: String = "house-1"
    ) throws {
        var records = Records()
        records.gateway = gateway
        var record = records.telemetry(
            seconds * 1000 + Int64(pack) + (change == "raised" ? 0 : 50), at: seconds)
        record.body = .event(
            EventSample(change: change, level: level, code: code, pack: pack, text: "words"))
        try fleet.store(record)
        _ = try alarms.keepAlarms(limit: 10)
    }

    func push(_ id: String, of name: String, at seconds: Int64 = 0) throws {
        let subscription = PushSubscription(
            id: id, owner: name, endpoint: "https://push.example/\(id)", key: "k", secret: "s",
            madeMilliseconds: Self.start + seconds * 1000)
        #expect(try recipients.addPushSubscription(subscription, by: author) == id)
    }

    /// A message that is due, taken and not settled.
    func take(at seconds: Int64) throws -> DeliveryMessage? {
        try recipients.gatherDeliveries(now: Self.start + seconds * 1000)
        return try recipients.takeMessage(
            now: Self.start + seconds * 1000, mail: true, push: true)
    }

    func settle(
        _ message: DeliveryMessage?, _ outcome: DeliveryOutcome = .sent, at seconds: Int64
    ) throws {
        try recipients.settle(
            try #require(message), outcome, now: Self.start + seconds * 1000)
    }

    /// All that is told at a moment, a line for each message.
    func told(at seconds: Int64) throws -> [String] {
        var lines: [String] = []
        while let message = try take(at: seconds) {
            lines.append(Self.line(message))
            try settle(message, at: seconds)
        }
        return lines
    }

    /// `anna mail: raised house-1 1, …`.
    static func line(_ message: DeliveryMessage) -> String {
        let notices = message.notices.map {
            "\($0.kind.rawValue) \($0.alarm.subject.gateway) \($0.alarm.subject.pack)"
        }
        return "\(message.recipient) \(message.channel.name): "
            + notices.joined(separator: ", ")
            + (message.leftOut == 0 ? "" : " and \(message.leftOut) more")
    }

    /// The states in the queue of a user.
    func states(_ name: String = "anna") throws -> [String] {
        try recipients.deliveries(of: name, limit: 1000).map { entry in
            "\(entry.kind.rawValue) \(entry.state)"
                + (entry.reason.isEmpty ? "" : ": \(entry.reason)")
        }
    }
}
