import TestKit
import Testing

@testable import FleetStore

/// The contract of notices, on both stores, by the numbers of its rules.
@Suite(.folders) struct NotificationStoreTests {
    private struct Stores {
        let fleet: any FleetStore
        let alarms: any AlarmStore
        let notices: any NotificationStore
        var hook = Hook(
            name: "desk", url: "https://x", secret: "s", authorities: "", language: "en",
            level: "warning", after: 60_000, made: Records.start)

        init(_ kind: StoreKind) throws {
            let address = try kind.address()
            fleet = try FleetStores.open(address)
            alarms = try FleetStores.openAlarms(address)
            notices = try FleetStores.openNotifications(address)
            #expect(try notices.add(hook))
        }

        func event(
            _ change: String, at seconds: Int64, pack: Int32 = 1, level: String = "warning"
        ) throws {
            var record = Records().telemetry(seconds * 100 + Int64(pack), at: seconds)
            record.body = .event(
                EventSample(
                    change: change, level: level, code: "pack_silent", pack: pack, text: "words"))
            try fleet.store(record)
            _ = try alarms.keepAlarms(limit: 10)
        }

        /// What is told at a moment, as it is taken.
        func take(at seconds: Int64, limit: Int = 100) throws -> [Notice] {
            try notices.takeNotices(
                for: hook, now: Records.start + seconds * 1000, limit: limit)
        }

        /// What is told at a moment, and that it was told.
        func told(at seconds: Int64) throws -> [String] {
            let notices = try take(at: seconds)
            try self.notices.settle(notices, of: hook, retryAt: nil)
            return notices.map(Self.line)
        }

        static func line(_ notice: Notice) -> String {
            "\(notice.kind.rawValue) \(notice.alarm.subject.pack)"
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `an alarm is told once when it has stood, and once when it cannot come back (rule 1)`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        try stores.event("raised", at: 100)
        #expect(try stores.told(at: 159) == [])
        #expect(try stores.told(at: 160) == ["raised 1"])
        #expect(try stores.told(at: 161) == [])
        try stores.event("cleared", at: 200)
        #expect(try stores.told(at: 499) == [])
        #expect(try stores.told(at: 500) == ["cleared 1"])
        #expect(try stores.told(at: 10_000) == [])
        // another one of the same subject
        try stores.event("raised", at: 9_000)
        #expect(try stores.told(at: 10_001) == ["raised 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what flickers is told once, what is short is not told (rule 1)`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        try stores.event("raised", at: 100)
        try stores.event("cleared", at: 130)
        #expect(try stores.told(at: 400) == [])
        try stores.event("raised", at: 401)
        var told: [String] = []
        for seconds in stride(from: 402 as Int64, to: 2000, by: 50) {
            told += try stores.told(at: seconds)
            try stores.event("cleared", at: seconds + 1)
            try stores.event("raised", at: seconds + 20)
        }
        #expect(told == ["raised 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what was before the hook, and what is below its level, is not told`(kind: StoreKind)
        throws
    {
        var stores = try Stores(kind)
        stores.hook.name = "later"
        stores.hook.level = "protection"
        stores.hook.made = Records.start + 500_000
        #expect(try stores.notices.add(stores.hook))
        try stores.event("raised", at: 100, pack: 1, level: "fault")
        try stores.event("raised", at: 600, pack: 2)
        try stores.event("raised", at: 601, pack: 3, level: "protection")
        try stores.event("raised", at: 602, pack: 4, level: "fault")
        #expect(try stores.told(at: 5000) == ["raised 3", "raised 4"])
    }

    @Test(arguments: StoreKind.allCases)
    func `retention and an earlier raising that comes late clear nothing (rule 2)`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        try stores.event("raised", at: 1000)
        #expect(try stores.told(at: 1100) == ["raised 1"])
        try stores.event("raised", at: 900)
        #expect(try stores.told(at: 5000) == [])
        var limits = Retention()
        limits.eventsBefore = Records.start + 4_000_000
        _ = try stores.fleet.retain(limits)
        try stores.event("raised", at: 5001, pack: 2)
        #expect(try stores.told(at: 6000) == ["raised 2"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what one has taken nobody else gets for a minute, and then again (rule 3)`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        for pack in 1...5 as ClosedRange<Int32> {
            try stores.event("raised", at: 100, pack: pack)
        }
        #expect(try stores.take(at: 200, limit: 2).map(Stores.line) == ["raised 1", "raised 2"])
        let rest = try stores.take(at: 201)
        #expect(rest.map(Stores.line) == ["raised 3", "raised 4", "raised 5"])
        try stores.notices.settle(rest, of: stores.hook, retryAt: Records.start + 900_000)
        #expect(try stores.take(at: 259) == [])
        // the program that had taken the first two has ended
        #expect(try stores.told(at: 260) == ["raised 1", "raised 2"])
        let again = try stores.take(at: 900)
        #expect(again.map(\.tries) == [1, 1, 1])
    }

    @Test(arguments: StoreKind.allCases)
    func `hooks have names of their own, and a removed one is told nothing`(kind: StoreKind) throws
    {
        let stores = try Stores(kind)
        #expect(try stores.notices.hooks() == [stores.hook])
        #expect(try !stores.notices.add(stores.hook))
        try stores.event("raised", at: 100)
        #expect(try stores.notices.removeHook("desk"))
        #expect(try !stores.notices.removeHook("desk"))
        #expect(try stores.take(at: 500) == [])
        // one of the same name begins anew
        #expect(try stores.notices.add(stores.hook))
        #expect(try stores.told(at: 501) == ["raised 1"])
    }
}
