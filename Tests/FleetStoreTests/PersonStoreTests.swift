import History
import TestKit
import Testing

@testable import FleetStore

/// Pages of what is held of a person, on both stores.
@Suite(.folders) struct PersonStoreTests {
    @Test(arguments: StoreKind.allCases)
    func `pages hold each measurement once, over gaps of years and with all of one moment`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let day: Int64 = 86_400
        let old = Records(epoch: 1, boot: Records.bootB, start: Records.start - 900 * day * 1000)
        let records = Records()
        // the same moment three times, in no order
        try store.store(
            records.telemetry(3, at: 50), records.telemetry(1, at: 50),
            records.telemetry(2, at: 50), records.telemetry(4, at: 3 * day),
            records.with { $0.gateway = "house-2" }.telemetry(9, at: 50))
        try store.store(old.telemetry(1), old.event(2), records.event(7, at: 50))
        let views = try FleetStores.openViews(address)
        for limit in [1, 2, 100] {
            var found: [MeasuredRecord] = []
            var place = RecordMoment(time: .min, epoch: .min, sequence: .min)
            while case let page = try views.measurements(
                of: "house-1", behind: place, limit: limit), let last = page.last
            {
                #expect(page.count <= limit)
                found += page
                place = last.place
            }
            #expect(found.map(\.bank.key.epoch) == [1, 77, 77, 77, 77])
            #expect(found.map(\.bank.key.sequence) == [1, 1, 2, 3, 4])
            #expect(found.allSatisfy { $0.packs.map(\.pack) == [1, 2] })
            #expect(found.allSatisfy { $0.bank.key.gateway == "house-1" })
        }
        var events: [Int64] = []
        var place = RecordMoment(time: .min, epoch: .min, sequence: .min)
        while case let page = try views.events(of: "house-1", behind: place, limit: 1),
            let last = page.last
        {
            events.append(last.key.sequence)
            place = RecordMoment(
                time: last.timeMilliseconds, epoch: last.key.epoch, sequence: last.key.sequence)
        }
        #expect(events == [2, 7])
    }

    @Test(arguments: StoreKind.allCases)
    func `what was changed by somebody or about them is told, and of nobody else`(
        kind: StoreKind
    ) throws {
        let views = try FleetStores.openViews(kind.address())
        let root = Author("root", at: 1)
        for tenant in ["north", "south"] {
            _ = try views.addTenant(Tenant(id: tenant, createdMilliseconds: 1), by: root)
        }
        for (name, tenant) in [("anna", "north"), ("ben", "north"), ("cleo", "south")] {
            let user = User(name: name, tenant: tenant, role: .owner, createdMilliseconds: 1)
            _ = try views.addUser(user, by: root)
        }
        // a name that stands in another tenant as a program's
        #expect(try views.setPassword("x", of: "cleo", by: Author("anna", at: 2)))
        #expect(try views.setPassword("x", of: "ben", by: Author("anna", at: 3)))
        #expect(try views.setPassword("x", of: "ben", by: Author("ben", at: 4)))
        let anna = try #require(try views.user("anna"))
        var told: [String] = []
        var place: AuditPlace?
        while case let page = try views.audit(about: anna, behind: place, limit: 1),
            let last = page.last
        {
            told.append("\(last.entry.author.name) \(last.entry.action) \(last.entry.subject)")
            place = last.place
        }
        #expect(told == ["anna password_set ben", "root user_added anna"])
    }
}
