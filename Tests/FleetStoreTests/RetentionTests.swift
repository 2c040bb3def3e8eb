import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct RetentionTests {
    let records = Records()
    let start = Records.start
    let day: Int64 = 86_400_000

    @Test(arguments: StoreKind.allCases)
    func `what is old goes, and does not come back when it is sent again`(kind: StoreKind) throws {
        let store = try kind.store()
        // five days, one measurement and one event every six hours
        var batch = IngestBatch()
        for number in Int64(0)..<20 {
            batch.records.append(records.telemetry(number * 2 + 1, at: number * 21_600))
            batch.records.append(records.event(number * 2 + 2, at: number * 21_600))
        }
        _ = try store.store(batch)
        var limits = Retention()
        // samples go by whole quarter hours
        limits.samplesBefore = start + 2 * day + 900_000
        limits.eventsBefore = start + day
        try store.retain(limits)
        #expect(try store.times().map { $0[1] }.min() == start + 2 * day + 21_600_000)
        #expect(try store.times().count == 11)
        let tally = try #require(try store.tallies().first)
        #expect(tally.records == 40 && tally.packSamples == 22)
        #expect(try store.events(gateway: "house-1", from: .min, to: .max, limit: 99).count == 16)
        #expect(try store.store(batch).repeated == 40)
        #expect(try store.times().count == 11)
    }

    @Test(arguments: StoreKind.allCases)
    func `the state of a silent bank outlives its history`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(records.telemetry(1))
        var limits = Retention()
        limits.samplesBefore = start + 400 * day
        try store.retain(limits)
        #expect(try store.times().isEmpty)
        #expect(try store.currentBanks().map(\.key.sequence) == [1])
    }

    @Test(arguments: StoreKind.allCases)
    func `dead letters go by when they came`(kind: StoreKind) throws {
        let store = try kind.store()
        let letters = (1...4).map { number in
            DeadLetter(
                topic: "t", gateway: "house-1", epoch: 1, sequence: number,
                receivedMilliseconds: start + number, reason: "", payload: [])
        }
        _ = try store.store(IngestBatch([], deadLetters: letters))
        var limits = Retention()
        limits.deadLettersBefore = start + 3
        try store.retain(limits)
        #expect(try store.tallies().map(\.deadLetters) == [2])
    }

    @Test(arguments: StoreKind.allCases)
    func `who changed what goes by when it was noted`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.openHistory(address)
        try store.migrate()
        let users = try FleetStores.openUsers(address)
        for number in Int64(0)..<8 {
            let author = Author("root", at: start + number * day)
            let tenant = Tenant(id: "t\(number % 2)", createdMilliseconds: start)
            _ = try users.addTenant(tenant, by: author)
            #expect(try users.assign(gateway: "house-\(number)", to: tenant.id, by: author))
        }
        func times(_ tenant: String) throws -> [Int64] {
            try users.audit(tenant: tenant, limit: 99).map(\.author.milliseconds)
        }
        let all = try times("t0") + times("t1")
        var limits = Retention()
        limits.auditBefore = start + 5 * day
        let old = Int64(all.filter { $0 < start + 5 * day }.count)
        #expect(old >= 5)
        #expect(try store.removable(limits).auditEntries == old)
        #expect(try store.retain(limits).auditEntries == old)
        #expect(try times("t0") + times("t1") == all.filter { $0 >= start + 5 * day })
        #expect(try store.retain(Retention()).auditEntries == 0)
        #expect(try !times("t1").isEmpty)
    }

    @Test func `PostgreSQL keeps a table for each day and drops whole ones`() throws {
        let address = try StoreKind.postgres.address()
        let store = try FleetStores.open(address)
        let tables = """
            SELECT count(*) FROM pg_tables
            WHERE schemaname = current_schema() AND tablename LIKE 'pack_sample_2%'
            """
        for number in Int64(0)..<4 {
            try store.store(records.telemetry(number + 1, at: number * 86_400))
        }
        // a clock that is wrong by decades gets no table, and is read like any other
        try store.store(
            records.with {
                $0.start -= 20 * 365 * day; $0.delay = 0
            }.telemetry(9))
        var lost = records.telemetry(10)
        lost.clock.wallMilliseconds = 0
        try store.store(lost)
        #expect(try RawSQL.run(tables, in: address) == "5")
        #expect(try RawSQL.run("SELECT count(*) FROM pack_sample_other", in: address) == "2")
        #expect(try store.times().count == 6)
        var limits = Retention()
        limits.samplesBefore = start + 2 * day
        try store.retain(limits)
        #expect(try RawSQL.run(tables, in: address) == "2")
        // what comes late finds no table any more and is kept all the same
        try store.store(records.telemetry(20, at: 5))
        #expect(try store.times().count == 3)
    }
}
