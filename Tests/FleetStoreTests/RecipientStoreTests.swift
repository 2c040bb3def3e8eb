import TestKit
import Testing

@testable import FleetStore

/// The contract of recipients, on both stores, by the numbers of its rules.
@Suite(.folders) struct RecipientStoreTests {
    @Test(arguments: StoreKind.allCases)
    func `only what a user sees when it is sent is told (rule 1)`(kind: StoreKind) throws {
        let rig = try RecipientRig(kind)
        try rig.addUser("otto", .operator)
        try rig.prefer("otto") { $0.mail = "otto@example.org" }
        for gateway in ["house-1", "house-2", "elsewhere"] {
            try rig.event("raised", at: 10, level: "fault", of: gateway)
        }
        try rig.recipients.gatherDeliveries(now: RecipientRig.start + 11_000)
        #expect(try rig.states("anna") == ["raised waiting"])
        // between raising and sending
        #expect(
            try rig.users.grant(false, gateway: "house-1", to: "anna", by: rig.author))
        #expect(try rig.users.assign(gateway: "house-2", to: "south", by: rig.author))
        #expect(try rig.told(at: 12) == ["otto mail: raised house-1 1"])
        #expect(
            try rig.states("anna") == ["raised dropped: the user does not see this gateway"])
        #expect(try rig.states("otto").contains { $0.hasPrefix("raised dropped") })
    }

    @Test(arguments: StoreKind.allCases)
    func `a fault is told at once, a warning when it has stood, what is short never (rule 2)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.event("raised", at: 100)
        try rig.event("raised", at: 100, level: "protection", pack: 2)
        #expect(try rig.told(at: 101) == ["anna mail: raised house-1 2"])
        #expect(try rig.told(at: 159) == [])
        #expect(try rig.told(at: 160) == ["anna mail: raised house-1 1"])
        try rig.event("raised", at: 200, pack: 3)
        try rig.event("cleared", at: 259, pack: 3)
        // over before anybody looked, and a fault all the same
        try rig.event("raised", at: 250, level: "fault", pack: 4)
        try rig.event("cleared", at: 251, level: "fault", pack: 4)
        #expect(try rig.told(at: 261) == ["anna mail: raised house-1 4"])
        #expect(try rig.told(at: 800) == ["anna mail: cleared house-1 4"])
    }

    @Test(arguments: StoreKind.allCases)
    func `quiet hours hold warnings until their end and join them (rule 2)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.zone("Europe/Berlin", of: "house-1")
        // 14:13:20 UTC is 16:13:20 there
        try rig.prefer("anna") { $0.quiet = QuietHours(from: 16 * 60, to: 17 * 60) }
        let end: Int64 = 46 * 60 + 40
        try rig.event("raised", at: 100)
        try rig.event("raised", at: 300, pack: 2)
        try rig.event("raised", at: 400, pack: 3)
        try rig.event("raised", at: 500, level: "fault", pack: 4)
        #expect(try rig.told(at: 501) == ["anna mail: raised house-1 4"])
        try rig.event("cleared", at: 700, pack: 3)
        #expect(try rig.told(at: end - 1) == [])
        #expect(try rig.told(at: end) == ["anna mail: raised house-1 1, raised house-1 2"])
        #expect(
            try rig.states().contains("raised dropped: over before it was told"))
        // the third was never told, and neither is its end
        try rig.event("cleared", at: end + 10)
        #expect(try rig.told(at: end + 400) == ["anna mail: cleared house-1 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `quiet hours that were taken back hold nothing any more`(kind: StoreKind) throws {
        let rig = try RecipientRig(kind)
        try rig.prefer("anna") { $0.quiet = QuietHours(from: 14 * 60, to: 13 * 60) }
        try rig.event("raised", at: 100)
        #expect(try rig.told(at: 200) == [])
        try rig.prefer("anna", at: 210) { $0.quiet = nil }
        #expect(try rig.told(at: 211) == ["anna mail: raised house-1 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what a gateway forgot by beginning anew is never told cleared (rule 3)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.event("raised", at: 100)
        try rig.event("raised", at: 100, level: "fault", pack: 2)
        #expect(
            try rig.told(at: 200) == ["anna mail: raised house-1 2, raised house-1 1"])
        try rig.event("cleared", at: 290, level: "fault", pack: 2)
        try rig.event("noticed", at: 300, code: "started", pack: 0)
        #expect(try rig.told(at: 10_000) == ["anna mail: cleared house-1 2"])
        // and what comes back later is another one
        try rig.event("raised", at: 9000)
        #expect(try rig.told(at: 10_001) == ["anna mail: raised house-1 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what flickers is told once, and a late raising tells nothing again (rule 3)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.event("raised", at: 1000)
        var told: [String] = []
        for seconds in stride(from: 1061 as Int64, to: 2000, by: 100) {
            told += try rig.told(at: seconds)
            try rig.event("cleared", at: seconds + 1)
            try rig.event("raised", at: seconds + 20)
        }
        try rig.event("raised", at: 950)
        told += try rig.told(at: 2100)
        #expect(told == ["anna mail: raised house-1 1"])
    }

    @Test(arguments: StoreKind.allCases)
    func `what is due at once is one message, and a cause is told once a minute (rule 4)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        for pack in 1...3 as ClosedRange<Int32> {
            try rig.event("raised", at: 100, level: "fault", pack: pack)
        }
        #expect(
            try rig.told(at: 101) == [
                "anna mail: raised house-1 1, raised house-1 2, raised house-1 3"
            ])
        for pack in 4...5 as ClosedRange<Int32> {
            try rig.event("raised", at: 110, level: "fault", pack: pack)
            #expect(try rig.told(at: 110 + Int64(pack)) == [])
        }
        // another cause does not wait
        try rig.event("raised", at: 120, level: "fault", code: "fire_gas", pack: 6)
        #expect(try rig.told(at: 121) == ["anna mail: raised house-1 6"])
        #expect(try rig.told(at: 161) == ["anna mail: raised house-1 4, raised house-1 5"])
    }

    @Test(arguments: StoreKind.allCases)
    func `an hour has so many messages, and what has no room is counted (rule 4)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.addUser("otto", .operator)
        try rig.prefer("otto") { $0.mail = "otto@example.org" }
        for number in 0..<Int64(DeliveryPlan.mostAnHour) {
            try rig.event(
                "raised", at: 10 + number, level: "fault", code: "c-\(number)", of: "house-2")
            #expect(try rig.told(at: 11 + number) == ["otto mail: raised house-2 1"])
        }
        // far more than a message has room for
        for number in 0..<7 as Range<Int64> {
            for pack in 1...16 as ClosedRange<Int32> {
                try rig.event(
                    "raised", at: 100 + number, level: "fault", code: "d-\(number)", pack: pack,
                    of: "house-2")
            }
        }
        #expect(try rig.told(at: 3610) == [])
        let message = try #require(try rig.take(at: 3612))
        #expect(message.notices.count == DeliveryPlan.mostNotices)
        #expect(message.leftOut == 12)
        // whoever tells it again counts the same
        let again = try #require(try rig.take(at: 3800))
        #expect((again.id, again.leftOut, again.notices.count) == (message.id, 12, 100))
        try rig.settle(again, at: 3801)
        #expect(try rig.states("otto").count { $0.hasPrefix("raised left_out") } == 12)
        #expect(try rig.told(at: 3900) == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `what one has taken nobody else gets, until its time is over (rule 5)`(
        kind: StoreKind
    ) throws {
        let rig = try RecipientRig(kind)
        try rig.event("raised", at: 100, level: "fault")
        let first = try #require(try rig.take(at: 101))
        // another server, and more of the same meanwhile
        let other = try FleetStores.openRecipients(rig.address)
        try rig.event("raised", at: 102, level: "fault", pack: 2)
        try other.gatherDeliveries(now: RecipientRig.start + 103_000)
        #expect(
            try other.takeMessage(now: RecipientRig.start + 103_000, mail: true, push: true) == nil)
        #expect(try rig.take(at: 220) == nil)
        // the one that had taken it is no more
        let again = try #require(try rig.take(at: 221))
        #expect(again.id == first.id)
        #expect(RecipientRig.line(again) == "anna mail: raised house-1 1")
        try rig.settle(again, .failed(retryAt: RecipientRig.start + 300_000, reason: "no"), at: 222)
        #expect(try rig.told(at: 299) == [])
        let third = try #require(try rig.take(at: 300))
        #expect((third.id, third.tries) == (first.id, 1))
        try rig.settle(third, .givenUp(reason: "nobody there"), at: 301)
        #expect(try rig.told(at: 310) == ["anna mail: raised house-1 2"])
        #expect(try rig.states().contains("raised given_up: nobody there"))
        // what was not told raised is not told cleared
        try rig.event("cleared", at: 400, level: "fault")
        #expect(try rig.told(at: 1000) == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `several that send at once send each message once (rule 5)`(kind: StoreKind) throws {
        let rig = try RecipientRig(kind)
        for number in 1...8 {
            try rig.addUser("user-\(number)", .operator)
            try rig.prefer("user-\(number)") { $0.mail = "\(number)@example.org" }
        }
        for pack in 1...4 as ClosedRange<Int32> {
            try rig.event("raised", at: 100, level: "fault", pack: pack, of: "house-2")
        }
        let now = RecipientRig.start + 101_000
        let told = Lines()
        let address = rig.address
        try Workers.run(4) { _ in
            let store = try FleetStores.openRecipients(address)
            try store.gatherDeliveries(now: now)
            while let message = try store.takeMessage(now: now, mail: true, push: true) {
                told.add(RecipientRig.line(message))
                try store.settle(message, .sent, now: now)
            }
        }
        let packs = (1...4).map { "raised house-2 \($0)" }.joined(separator: ", ")
        #expect(told.all.sorted() == (1...8).map { "user-\($0) mail: \(packs)" })
    }

    @Test(arguments: StoreKind.allCases)
    func `each channel has its own queue, and one that goes takes it along`(kind: StoreKind) throws
    {
        let rig = try RecipientRig(kind)
        try rig.push("p1", of: "anna", at: 50)
        try rig.event("raised", at: 40, level: "fault")
        try rig.event("raised", at: 60, level: "fault", pack: 2)
        // a browser hears of nothing from before it
        #expect(
            try rig.told(at: 61) == [
                "anna mail: raised house-1 1, raised house-1 2", "anna p1: raised house-1 2",
            ])
        try rig.event("raised", at: 70, level: "fault", code: "x")
        try rig.recipients.gatherDeliveries(now: RecipientRig.start + 71_000)
        #expect(
            try rig.recipients.takeMessage(
                now: RecipientRig.start + 71_000, mail: false, push: false) == nil)
        try rig.prefer("anna", at: 72) { $0.mail = nil }
        #expect(try !rig.recipients.removePushSubscription("p1", of: "otto", by: rig.author))
        #expect(try rig.recipients.removePushSubscription("p1", of: "anna", by: rig.author))
        #expect(try !rig.recipients.removePushSubscription("p1", of: "anna", by: rig.author))
        #expect(try rig.told(at: 80) == [])
        #expect(try rig.states().contains("raised dropped: the user has this channel no more"))
    }

    @Test(arguments: StoreKind.allCases)
    func `preferences are kept, audited, and go with the user`(kind: StoreKind) throws {
        let rig = try RecipientRig(kind)
        #expect(try rig.recipients.preferences(of: "eve") == nil)
        #expect(
            try !rig.recipients.setPreferences(RecipientPreferences(), of: "eve", by: rig.author))
        let wanted = RecipientPreferences(
            language: "de", mail: "a@b.example", quiet: QuietHours(from: 1320, to: 420),
            level: "protection")
        #expect(try rig.recipients.setPreferences(wanted, of: "anna", by: rig.author))
        #expect(try rig.recipients.setPreferences(wanted, of: "anna", by: rig.author))
        #expect(try rig.recipients.preferences(of: "anna") == wanted)
        let entries = try rig.users.audit(tenant: "north", limit: 100)
        #expect(entries.count { $0.action == "preferences_changed" } == 2)
        try rig.event("raised", at: 100)
        try rig.event("raised", at: 100, level: "protection", pack: 2)
        #expect(try rig.told(at: 200) == ["anna mail: raised house-1 2"])
        try rig.push("p1", of: "anna")
        #expect(try rig.users.removeUser("anna", by: rig.author))
        try rig.addUser("anna", .owner)
        #expect(try rig.recipients.preferences(of: "anna") == RecipientPreferences())
        #expect(try rig.recipients.pushSubscriptions(of: "anna") == [])
        #expect(try rig.states() == [])
    }

    @Test(arguments: StoreKind.allCases)
    func `a browser is known by its endpoint, and a user has so many`(kind: StoreKind) throws {
        let rig = try RecipientRig(kind)
        try rig.addUser("otto", .operator)
        for number in 0...Int64(PushSubscription.most) {
            try rig.push("p\(number)", of: "anna", at: number)
        }
        let ids = try rig.recipients.pushSubscriptions(of: "anna").map(\.id)
        #expect(ids == (1...PushSubscription.most).map { "p\($0)" })
        var same = try #require(try rig.recipients.pushSubscriptions(of: "anna").last)
        let id = same.id
        same.id = "another"
        #expect(try rig.recipients.addPushSubscription(same, by: rig.author) == id)
        // somebody else signs in at the same browser
        same.owner = "otto"
        #expect(try rig.recipients.addPushSubscription(same, by: rig.author) == "another")
        #expect(try rig.recipients.pushSubscriptions(of: "otto").map(\.id) == ["another"])
        #expect(try !rig.recipients.pushSubscriptions(of: "anna").map(\.id).contains(id))
    }
}
