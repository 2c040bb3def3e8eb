import Foundation
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct MendingPlanTests {
    let untrusted = Records(isTrusted: false)

    /// A database with records that have no time, and without statistics about them.
    private func filled(_ kind: StoreKind) throws -> String {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        if kind == .postgres {
            try RawSQL.run("ALTER TABLE record SET (autovacuum_enabled = false)", in: address)
        }
        for batch in Int64(0)..<6 {
            let numbers = (batch * 250 + 1)...(batch * 250 + 250)
            _ = try store.store(IngestBatch(numbers.map { untrusted.telemetry($0) }))
        }
        return address
    }

    @Test(arguments: StoreKind.allCases)
    func `a record without a time is placed without a look at all others`(kind: StoreKind) throws {
        let address = try filled(kind)
        let statements =
            [Mending.lowEnough, Mending.lowerRecords]
            + Mending.samples.map { Mending.lowerSamples($0) }
            + Mending.samples.map { Mending.follow($0) }
        for statement in statements {
            let values = ["1", "77", "1400", "1402", "0"]
            var sql = statement
            for (index, value) in values.enumerated() {
                sql = sql.replacing("?\(index + 1)", with: value)
            }
            let explain = kind == .sqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN (COSTS off) "
            let plan = try RawSQL.run(explain + sql, in: address)
            switch kind {
            case .sqlite: #expect(plan.contains("seq>? AND seq<?") && !plan.contains("SCAN"))
            case .postgres:
                #expect(plan.contains("seq >") && !plan.contains("Seq Scan"), "\(plan)")
                #expect(!plan.contains("Nested Loop") && !plan.contains("Filter: (seq"), "\(plan)")
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `what lies beside a key is found by the key`(kind: StoreKind) throws {
        let address = try filled(kind)
        let plan: String
        switch kind {
        case .sqlite:
            plan = try RawSQL.run(
                "EXPLAIN QUERY PLAN "
                    + SQLiteStatements.neighbours.replacing("?1", with: "'[[1,77,1501]]'"),
                in: address)
            #expect(plan.components(separatedBy: "epoch=? AND seq").count == 6, "\(plan)")
        case .postgres:
            plan = try RawSQL.run(
                "EXPLAIN (COSTS off) "
                    + PostgresStatements.neighbours.replacing("?1", with: "'{1}'")
                    .replacing("?2", with: "'{77}'").replacing("?3", with: "'{1501}'"),
                in: address)
            #expect(plan.components(separatedBy: "using record_pkey").count == 4, "\(plan)")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `a backlog without times lands before what came first, stored or in its batch`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        let start = Records.start
        func at(_ sequence: Int64, _ received: Int64) -> FleetRecord {
            var record = untrusted.telemetry(sequence)
            record.receivedMilliseconds = start + received
            return record
        }
        try store.store(at(40, 1000), at(41, 2000))
        // two halves by turns, as two workers share them
        try store.store(at(10, 5000), at(12, 5001), at(14, 5002))
        try store.store(at(11, 6000), at(13, 6001), at(15, 6002), at(12, 6003))
        #expect(
            try store.times().map { $0[1] - start } == [
                1000, 1000, 1000, 1000, 1000, 1000, 1000, 2000,
            ])
        // one that was made before takes those before it along, and no further
        var early = Records(boot: Records.bootB).telemetry(13_000)
        early.key.sequence = 16
        early.clock.wallMilliseconds = start + 500
        try store.store(early, at(17, 7000))
        #expect(
            try store.times().map { [$0[0], $0[1] - start] } == [
                [10, 500], [11, 500], [12, 500], [13, 500], [14, 500], [15, 500], [16, 500],
                [17, 1000], [40, 1000], [41, 2000],
            ])
        let packs = try store.packSamples(
            gateway: "house-1", pack: 2, from: start + 500, to: start + 501, limit: 99)
        #expect(packs.map(\.key.sequence) == Array(10...16))
    }
}
