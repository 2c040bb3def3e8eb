import Synchronization
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct KeyFoldingTests {
    let records = Records(packs: 1)
    let start = Records.start
    let day: Int64 = 86_400_000

    private func limits(_ samples: Int64, events: Int64? = nil) -> Retention {
        var limits = Retention()
        limits.samplesBefore = samples
        limits.eventsBefore = events
        return limits
    }

    private func ranges(_ address: String) throws -> String {
        try RawSQL.run(
            "SELECT first_seq, last_seq, events, unmended, newest_ms FROM key_range "
                + "ORDER BY gateway, epoch, last_seq", in: address)
    }

    private func rows(of table: String, _ address: String) throws -> String {
        try RawSQL.run("SELECT count(*) FROM \(table)", in: address)
    }

    @Test(arguments: StoreKind.allCases)
    func `old keys become ranges, are acknowledged when they come again and stored where they lack`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let old = [1, 2, 3, 7, 8, 20].map { records.telemetry($0) } + [records.event(4)]
        _ = try store.store(IngestBatch(old))
        var before = try store.tallies()
        try store.retain(limits(start + day, events: start + day))
        before[0].packSamples = 0
        #expect(try store.tallies() == before)
        #expect(try rows(of: "record", address) == "0")
        #expect(
            try ranges(address)
                == "1|4|1|0|\(start + 40_000)\n7|8|0|0|\(start + 80_000)\n20|20|0|0|\(start + 200_000)"
        )
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == [1, 2, 3, 4, 7, 8, 20])
        // only what is stored counts as repeated
        let again = try store.store(IngestBatch((1...22).map { records.telemetry($0) }))
        #expect(again.repeated == 7 && again.stored == 15 && again.sharedIdentities.isEmpty)
        #expect(try store.times().map { $0[0] } == [5, 6] + Array(9...19) + [21, 22])
        // the same numbers of another gateway and of another epoch are others
        let other = IngestBatch(
            old.flatMap { record in
                var records = [record, record]
                records[0].key.gateway = "house-2"
                records[1].key.epoch = 78
                return records
            })
        #expect(try store.store(other).stored == 14)
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == Array(1...22))
    }

    @Test(arguments: StoreKind.allCases)
    func `ranges join those before, behind and between`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        func fold(_ numbers: ClosedRange<Int64>...) throws {
            for numbers in numbers {
                _ = try store.store(IngestBatch(numbers.map { records.telemetry($0) }))
            }
            try store.retain(limits(start + day))
            #expect(try rows(of: "record", address) == "0")
        }
        try fold(11...20, 31...40)
        try fold(41...45)
        try fold(8...10)
        #expect(try rows(of: "key_range", address) == "2")
        try fold(21...30, 1...6)
        #expect(
            try ranges(address) == "1|6|0|0|\(start + 60_000)\n8|45|0|0|\(start + 450_000)")
        try fold(7...7)
        #expect(try ranges(address) == "1|45|0|0|\(start + 450_000)")
        #expect(try store.tallies().map(\.records) == [45])
    }

    @Test(arguments: StoreKind.allCases)
    func `more gaps than a step may write are folded by the next ones`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let odd = stride(from: Int64(1), to: 1400, by: 2).map { records.telemetry($0) }
        #expect(try store.store(IngestBatch(odd)).stored == 700)
        try store.retain(limits(start + day))
        #expect(try rows(of: "record", address) == "0")
        #expect(try rows(of: "key_range", address) == "700")
        let all = IngestBatch((1...1400).map { records.telemetry($0) })
        #expect(try store.store(all).repeated == 700)
        try store.retain(limits(start + day))
        #expect(try ranges(address) == "1|1400|0|0|\(start + 14_000_000)")
    }

    @Test(arguments: StoreKind.allCases)
    func `only what is old and cannot move any more is folded`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        func left() throws -> String {
            try RawSQL.run("SELECT seq FROM record ORDER BY seq", in: address)
        }
        // samples go by quarter hours, so a record lies in each
        let start = self.start + 100_000
        let records = self.records.with { $0.start = start }
        let lost = records.with {
            $0.isTrusted = false
            $0.boot = Records.bootB
        }
        func at(_ number: Int64) -> Int64 { number * 900 }
        try store.store(
            records.telemetry(1, at: at(1)), records.telemetry(2, at: at(2)),
            lost.event(3, at: at(3)), records.telemetry(4, at: at(4)),
            lost.telemetry(5, at: at(5)), records.telemetry(6, at: at(6)))
        var before = try store.tallies()
        // without a limit for samples nothing is old
        var none = Retention()
        none.eventsBefore = start
        none.deadLettersBefore = start + day
        try store.retain(none)
        #expect(try rows(of: "record", address) == "6")
        // 3 is an event that stays and may move; 5 lies before 6, so its sample stays
        try store.retain(limits(start + 4_500_000))
        #expect(try left() == "3\n5\n6")
        try store.retain(limits(start + 5_400_000, events: start))
        #expect(try left() == "3\n6")
        before[0].packSamples = 1
        #expect(try store.tallies() == before)
        // the boot's clock becomes known: the event moves, and the folded record leaves no trace
        let told = records.with {
            $0.boot = Records.bootB
            $0.start -= day
        }
        try store.store(told.telemetry(7, at: at(7)))
        let events = try store.events(gateway: "house-1", from: .min, to: .max, limit: 9)
        #expect(events.map(\.timeMilliseconds) == [start - day + 2_700_000])
        #expect(events.map(\.quality) == [.mended])
        #expect(try store.tallies().map(\.unmended) == [1])
        try store.retain(limits(start + day, events: start))
        #expect(try ranges(address) == "1|7|1|1|\(start + 5_400_000)")
    }

    @Test(arguments: StoreKind.allCases)
    func `events that stay for years do not hide what lies behind them`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let lost = records.with { $0.isTrusted = false }
        _ = try store.store(
            IngestBatch(
                (1...2100).map { lost.event($0) } + (2101...2110).map { lost.telemetry($0) }))
        try store.retain(limits(start + day))
        #expect(try ranges(address) == "2101|2110|0|10|\(start + 21_100_050)")
        #expect(try rows(of: "record", address) == "2100")
        try store.retain(limits(start + day, events: start + day))
        #expect(try ranges(address) == "1|2110|2100|2110|\(start + 21_100_050)")
    }

    @Test(arguments: StoreKind.allCases)
    func `what lacks a time lies before the range that follows it`(kind: StoreKind) throws {
        let store = try kind.store()
        _ = try store.store(IngestBatch([1, 2, 4, 5].map { records.telemetry($0) }))
        try store.retain(limits(start + day))
        let late = records.with {
            $0.isTrusted = false
            $0.boot = Records.bootB
            $0.delay = 9 * day
        }
        try store.store(late.telemetry(3), late.telemetry(6))
        #expect(
            try store.times()
                == [[3, start + 50_000], [6, late.telemetry(6).receivedMilliseconds]])
    }

    @Test(arguments: StoreKind.allCases)
    func `a restored card is noticed by keys that were folded, and an old record is not`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        let house2 = records.with { $0.gateway = "house-2" }
        for number in Int64(1)...9 {
            try store.store(records.telemetry(number), house2.telemetry(number))
        }
        try store.retain(limits(start + day))
        let late = house2.with { $0.delay = 9 * day }
        let restored = records.with {
            $0.boot = Records.bootB
            $0.start += 9 * day
        }
        var untrusted = restored
        untrusted.isTrusted = false
        try store.store(untrusted.telemetry(3))
        #expect(try store.tallies().map(\.shared) == [nil, nil])
        let outcome = try store.store(restored.telemetry(4), late.telemetry(4), late.telemetry(9))
        #expect(outcome.stored == 0 && outcome.repeated == 3)
        #expect(outcome.sharedIdentities == ["house-1"])
        #expect(
            try store.tallies().map(\.shared?.sessions) == [
                [GatewaySession(epoch: 77, boot: Records.bootB), .forgotten(77)], nil,
            ])
    }

    @Test(arguments: StoreKind.allCases)
    func `nothing is lost or doubled while keys are folded and others store`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        // received long before they were made, so keys are old and samples are not
        let records = self.records.with { $0.delay = -100 * day }
        let limits = limits(start - day)
        let stored = Mutex(0)
        let storing = Mutex(3)
        let folder = Workers.start {
            let store = try FleetStores.open(address)
            while storing.withLock({ $0 > 0 }) { try store.retain(limits) }
            try store.retain(limits)
        }
        // all three send the same keys
        try Workers.run(3) { _ in
            defer { storing.withLock { $0 -= 1 } }
            let store = try FleetStores.open(address)
            for batch in Int64(0)..<60 {
                let numbers = Self.numbers(of: batch)
                let outcome = try store.store(IngestBatch(numbers.map { records.telemetry($0) }))
                stored.withLock { $0 += outcome.stored }
            }
        }
        if let error = folder.wait() { throw error }
        let store = try FleetStores.open(address)
        let all = Set((Int64(0)..<60).flatMap(Self.numbers)).sorted()
        #expect(stored.withLock { $0 } == all.count)
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == all)
        #expect(try rows(of: "record", address) == "0")
        let tally = try #require(try store.tallies().first)
        #expect(tally.records == Int64(all.count) && tally.packSamples == Int64(all.count))
        #expect(try store.times().map { $0[0] } == all)
    }

    /// Forty new numbers, every fifth time old ones that are folded by now; every seventh is never used.
    private static func numbers(of batch: Int64) -> [Int64] {
        let first = (batch % 5 == 4 ? batch / 3 : batch) * 40
        return (first..<first + 40).filter { $0 % 7 != 0 }
    }

    @Test func `in PostgreSQL a record that comes while its key is folded is not stored anew`()
        throws
    {
        let address = try StoreKind.postgres.address() + "&application_name=while-folding"
        let store = try FleetStores.open(address)
        let batch = IngestBatch((1...9).map { records.telemetry($0) })
        _ = try store.store(batch)
        // a page that is folded and not committed yet
        let connection = try PostgresConnection(address, store: "test")
        try connection.execute(
            "BEGIN; SELECT pg_advisory_xact_lock(\(PostgresSchema.keyLock))", "fold")
        let folding = try #require(KeyFolding(limits(start + day)))
        _ = try folding.fold(
            from: GatewayKey(gateway: 1, epoch: 77, sequence: 1), in: connection)
        let outcome = Mutex(IngestOutcome())
        let worker = Workers.start {
            let result = try FleetStores.open(address).store(batch)
            outcome.withLock { $0 = result }
        }
        let waiting = """
            SELECT count(*) FROM pg_stat_activity
            WHERE application_name = 'while-folding' AND wait_event_type = 'Lock'
            """
        let waits = Patience.wait(30_000) {
            (try? RawSQL.run(waiting, in: address)) == "1" ? true : nil
        }
        #expect(waits == true)
        try connection.execute("COMMIT", "fold")
        if let error = worker.wait() { throw error }
        #expect(outcome.withLock { $0.stored == 0 && $0.repeated == 9 })
        #expect(try rows(of: "record", address) == "0")
    }

    @Test(arguments: StoreKind.allCases)
    func `a range is found by its end, also without statistics`(kind: StoreKind) throws {
        let address = try kind.address()
        switch kind {
        case .sqlite:
            let plans = try [
                KeyRanges.next, SQLiteStatements.neighbours.replacing("?1", with: "'[[1,77,5]]'"),
            ].map { statement in
                var sql = statement
                for number in 1...3 { sql = sql.replacing("?\(number)", with: "1") }
                return try RawSQL.run("EXPLAIN QUERY PLAN " + sql, in: address)
            }
            for (plan, count) in zip(plans, [1, 2]) {
                let looks = plan.components(separatedBy: "(gateway=? AND epoch=? AND last_seq>?)")
                #expect(looks.count == count + 1 && !plan.contains("TEMP B-TREE"), "\(plan)")
            }
        case .postgres:
            let connection = try PostgresConnection(address, store: "test")
            for table in PostgresSchema.temporary { try connection.execute(table, "begin") }
            for (statement, count) in [
                (PostgresStatements.gate, 1), (PostgresStatements.others, 1),
                (PostgresStatements.neighbours, 2),
            ] {
                let parameters: [SQLValue] = statement.contains("?3") ? [.null, .null, .null] : []
                let plan: [TableName] = try connection.rows(
                    "EXPLAIN (COSTS off) " + statement, parameters)
                let text = plan.map(\.name).joined(separator: "\n")
                let looks = text.components(separatedBy: "using key_range_pkey")
                #expect(
                    looks.count == count + 1 && !text.contains("Seq Scan on key_range"), "\(text)")
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a hundred thousand old keys take a bounded space`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let count: Int64 = 100_000
        try store.store(records.telemetry(1))
        try fill(2...count, address)
        if kind == .postgres { try RawSQL.run("VACUUM ANALYZE record", in: address) }
        let before = try bytes(kind, address)
        let start = ContinuousClock.now
        try store.retain(limits(self.start + 1000 * day))
        let elapsed = start.duration(to: .now)
        #expect(try rows(of: "record", address) == "0")
        #expect(try rows(of: "key_range", address) == "1")
        #expect(try store.tallies().map(\.records) == [count])
        if kind == .postgres { try RawSQL.run("VACUUM FULL record, key_range", in: address) }
        let after = try bytes(kind, address)
        print(
            "keys in \(kind): \(before / count) bytes each before, \(after) bytes for all \(count)",
            "after, folded in \(elapsed)")
        #expect(before > 80 * count && after < 65_536)
        #expect(try store.store(records.telemetry(count / 2)).repeated == 1)
        #expect(try store.store(records.telemetry(count + 1)).stored == 1)
    }

    /// Writes records past the store, one every ten seconds.
    private func fill(_ numbers: ClosedRange<Int64>, _ address: String) throws {
        try RawSQL.run(
            """
            WITH RECURSIVE n(i) AS (SELECT \(numbers.lowerBound) UNION ALL
                SELECT i + 1 FROM n WHERE i < \(numbers.upperBound))
            INSERT INTO record SELECT gateway, epoch, i, kind, boot, wall_ms + i * 10000, trusted,
                monotonic_ms + i * 10000, received_ms + i * 10000, time_ms + i * 10000, time_quality
            FROM record CROSS JOIN n
            """, in: address)
    }

    /// What keys take on disk, with their indices.
    private func bytes(_ kind: StoreKind, _ address: String) throws -> Int64 {
        let sql =
            kind == .sqlite
            ? "SELECT sum(pgsize) FROM dbstat WHERE name IN ('record', 'key_range', 'record_unmended')"
            : "SELECT pg_total_relation_size('record') + pg_total_relation_size('key_range')"
        return try #require(Int64(try RawSQL.run(sql, in: address)))
    }
}
