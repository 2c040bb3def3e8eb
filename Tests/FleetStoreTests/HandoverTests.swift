import History
import TestKit
import Testing

@testable import FleetStore

/// Houses that change hands, on both stores: who comes next sees what comes from then on.
@Suite(.folders) struct HandoverTests {
    private let root = Author("root", at: 1)
    private let hour: Int64 = 3_600_000
    private let records = Records()
    private var start: Int64 { Records.start }
    /// In the middle of the second day, and of a minute.
    private var handed: Int64 { start + 37 * hour + 31_000 }

    /// Anna had `house-1`, which measured every minute for three days; ben took it after her.
    private func house(_ kind: StoreKind) throws -> (address: String, views: any ViewStore) {
        let address = try kind.address()
        let (store, views) = (
            try FleetStores.open(address), try FleetStores.openViews(address)
        )
        _ = try views.addTenant(Tenant(id: "north", createdMilliseconds: 1), by: root)
        for name in ["anna", "ben"] {
            let user = User(name: name, tenant: "north", role: .owner, createdMilliseconds: 1)
            _ = try views.addUser(user, by: root)
        }
        try views.label("house-1", hash: "first", by: root)
        #expect(try views.claim(codeHash: "first", by: Author("anna", at: start)) == "house-1")
        var batch = IngestBatch()
        batch.records = (0..<3 * 24 * 60 as Range<Int64>).map {
            records.telemetry($0 + 1, at: $0 * 60)
        }
        _ = try store.store(batch)
        let before = Author("anna", at: handed - hour)
        #expect(try views.release(gateway: "house-1", passwordHash: "", by: before))
        try views.label("house-1", hash: "second", by: root)
        #expect(try views.claim(codeHash: "second", by: Author("ben", at: handed)) == "house-1")
        return (address, views)
    }

    @Test(arguments: StoreKind.allCases)
    func `of what was recorded before nothing is shown, rolled up or not`(kind: StoreKind) throws {
        let (_, views) = try house(kind)
        let end = start + 72 * hour
        let sight = GatewaySight(tenant: "north", viewer: "ben")
        let seenFrom = try #require(try views.gateway("house-1", within: sight)).seenFrom
        #expect(seenFrom == handed)
        #expect(
            try views.gateway("house-1", within: GatewaySight(tenant: "north", viewer: "anna"))
                == nil)
        // who looks after all houses knows all that was
        #expect(
            try views.gateway("house-1", within: GatewaySight(tenant: "north", viewer: nil))?
                .seenFrom == .min)
        for isRolledUp in [false, true] {
            if isRolledUp { while try views.rollUp(now: end + 48 * hour, most: 500) > 0 {} }
            for (from, pixels) in [
                (handed - hour, 4000), (start, 4000), (start, 300), (start - 800 * 24 * hour, 50),
            ] {
                var request = SeriesRequest(
                    gateway: "house-1", quantity: .voltage, from: from, to: end, pixels: pixels)
                let all = try views.series(request, now: end).points
                request.seenFrom = seenFrom
                let seen = try views.series(request, now: end)
                #expect(!all.isEmpty)
                // millivolts tell which record it was: the lowest that may be seen is that of the handover
                let first = 52_001 + (handed - start) / 60_000
                #expect(
                    seen.points.allSatisfy { $0.minimum > first },
                    "\(isRolledUp) \(from) \(pixels) \(seen.points.map(\.minimum).min() ?? 0)")
                #expect(seen.gaps.allSatisfy { $0.from >= handed })
                if isRolledUp || pixels == 4000 { #expect(!seen.points.isEmpty) }
            }
            let days = [0, 24, 48, 72].map { start + $0 * hour }
            let energy = try views.energy(
                gateway: "house-1", pack: 0, boundaries: days, seenFrom: seenFrom)
            #expect(energy.first?.covered == 0)
        }
        #expect(try views.newest(of: "house-1", seenFrom: end) == nil)
        #expect(try views.newest(of: "house-1", seenFrom: seenFrom) != nil)
        #expect(try views.outlook(gateway: "house-1", now: end, seenFrom: end) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `alarms that were over are hidden, and who took care of one that stands`(
        kind: StoreKind
    ) throws {
        let (address, views) = try house(kind)
        let store = try FleetStores.open(address)
        func event(_ number: Int64, _ change: String, _ pack: Int32, _ minutes: Int64)
            -> FleetRecord
        {
            var record = records.event(number, at: minutes * 60)
            if case .event(var event) = record.body {
                (event.change, event.pack) = (change, pack)
                record.body = .event(event)
            }
            return record
        }
        try store.store(
            event(9001, "raised", 1, 10), event(9002, "cleared", 1, 60),
            event(9003, "raised", 2, 20), event(9004, "raised", 3, 30),
            event(9005, "cleared", 3, 60 * 50))
        while try views.keepAlarms(limit: 100) > 0 {}
        for pack in [2, 3] as [Int32] {
            let subject = AlarmSubject(
                gateway: "house-1", code: "cell_high", level: "warning", pack: pack)
            #expect(
                try views.add(
                    AlarmWord(subject, .acknowledged, made: start + 2 * hour, author: "anna")))
        }
        while try views.keepAlarms(limit: 100) > 0 {}
        var filter = AlarmFilter()
        filter.sight = GatewaySight(tenant: "north", viewer: "ben")
        let seen = try views.alarms(filter)
        #expect(seen.map(\.subject.pack) == [3, 2])
        #expect(seen.allSatisfy { $0.acknowledged != nil && $0.acknowledgedBy.isEmpty })
        filter.sight = GatewaySight(tenant: "north", viewer: nil)
        #expect(try views.alarms(filter).map(\.acknowledgedBy) == ["anna", "anna", ""])
    }

    @Test(arguments: StoreKind.allCases)
    func `whom a house is granted sees it from when an owner last gave it up`(
        kind: StoreKind
    ) throws {
        let (_, views) = try house(kind)
        func seenFrom(_ name: String) throws -> Int64? {
            let sight = GatewaySight(tenant: "north", viewer: name)
            return try views.gateway("house-1", within: sight)?.seenFrom
        }
        #expect(try views.grant(true, gateway: "house-1", to: "anna", by: Author("ada", at: 5)))
        #expect(try seenFrom("anna") == handed - hour)
        #expect(try views.grant(false, gateway: "house-1", to: "ben", by: Author("ada", at: 77)))
        #expect(try views.grant(true, gateway: "house-1", to: "ben", by: Author("ada", at: 78)))
        #expect(try seenFrom("ben") == 77)
        let ida = User(name: "ida", tenant: "north", role: .installer, createdMilliseconds: 1)
        #expect(try views.addUser(ida, by: root) == .added)
        #expect(try views.grant(true, gateway: "house-1", to: "ida", by: Author("ada", at: 79)))
        // an installer who goes leaves no house
        #expect(try views.grant(false, gateway: "house-1", to: "ida", by: Author("ada", at: 99)))
        #expect(try views.grant(true, gateway: "house-1", to: "ida", by: Author("ada", at: 99)))
        #expect(try seenFrom("ida") == 77)
    }

    @Test(arguments: StoreKind.allCases)
    func `who had taken a house of somebody else sees no more of their years`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        // as tables of the version before left it
        for (gateway, author, made) in [
            ("one", "anna", 10), ("two", "anna", 10), ("two", "ben", 20), ("three", "cleo", 10),
            ("three", "ben", 30),
        ] {
            try RawSQL.run(
                """
                INSERT INTO audit_entry (made_ms, tenant, author, action, subject, detail)
                VALUES (\(made), 'north', '\(author)', 'gateway_claimed', '\(gateway)', '')
                """, in: address)
        }
        for (viewer, gateway) in [
            ("anna", "one"), ("ben", "two"), ("cleo", "three"), ("ben", "three"),
        ] {
            try RawSQL.run(
                "INSERT INTO gateway_viewer (viewer, gateway) VALUES ('\(viewer)', '\(gateway)')",
                in: address)
        }
        for statement in PersonSchema.statements.dropFirst(2) {
            try RawSQL.run(statement, in: address)
        }
        let seen = try RawSQL.run(
            "SELECT viewer, gateway, seen_from_ms FROM gateway_viewer ORDER BY 1, 2", in: address)
        #expect(seen == "anna|one|0\nben|three|0\nben|two|20\ncleo|three|0")
    }
}
