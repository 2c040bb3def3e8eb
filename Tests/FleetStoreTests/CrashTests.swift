import Glibc
import Synchronization
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct CrashTests {
    let records = Records(packs: 8)

    @Test func `PostgreSQL killed while it stores keeps each batch whole or not at all`() throws {
        let server = try PostgresServer()
        let address = try server.database()
        let store = try FleetStores.open(address)
        try store.migrate()
        let acknowledged = Counter()
        var next: Int64 = 0
        for round in 1...3 {
            // a worker stores batch after batch until the server is gone
            let first = next
            let records = self.records
            let worker = Workers.start {
                let store = try FleetStores.open(address)
                var batch = first
                while batch < first + 10_000 {
                    _ = try store.store(Self.batch(batch, records))
                    acknowledged.set(batch + 1)
                    batch += 1
                }
            }
            _ = Patience.wait(10_000) { acknowledged.value >= first + 3 ? true : nil }
            usleep(UInt32(round) * 7_000)
            server.kill()
            let error = try #require(worker.wait())
            guard case FleetStoreError.unavailable = error else {
                Issue.record("expected unavailable, found \(error)")
                return
            }
            // a store that was open before finds its way back by itself
            #expect(throws: FleetStoreError.self) { try store.tallies() }
            try server.start()
            next = try check(store, acknowledged: acknowledged.value)
        }
    }

    /// Whether all that was acknowledged is there and nothing by half; gives the next batch.
    private func check(_ store: any FleetStore, acknowledged: Int64) throws -> Int64 {
        let stored = try store.sequences(gateway: "house-1", epoch: 77)
        let batches = Int64(stored.count) / 10
        #expect(stored == Array(1...batches * 10))
        #expect(batches >= acknowledged && batches <= acknowledged + 1)
        let tally = try #require(try store.tallies().first)
        #expect(tally.packSamples == batches * 80)
        // the state is that of the newest record before anything comes again
        #expect(try store.currentBanks().map(\.key.sequence) == [batches * 10])
        // what was not acknowledged comes again
        let outcome = try store.store(Self.batch(acknowledged, records))
        #expect(outcome.stored == (batches == acknowledged ? 10 : 0))
        #expect(try store.tallies().first?.packSamples == (acknowledged + 1) * 80)
        #expect(try store.currentBanks().map(\.key.sequence) == [(acknowledged + 1) * 10])
        return acknowledged + 1
    }

    private static func batch(_ number: Int64, _ records: Records) -> IngestBatch {
        IngestBatch((number * 10 + 1...number * 10 + 10).map { records.telemetry($0) })
    }

    @Test func `a server that stops and comes back is found again`() throws {
        let server = try PostgresServer()
        let store = try FleetStores.open(try server.database())
        try store.migrate()
        #expect(try store.store(records.telemetry(1)).stored == 1)
        server.stop()
        for _ in 1...2 {
            let error = #expect(throws: FleetStoreError.self) {
                try store.store(records.telemetry(2))
            }
            guard case .unavailable = try #require(error) else {
                Issue.record("expected unavailable, found \(String(describing: error))")
                return
            }
        }
        try server.start()
        #expect(try store.store(records.telemetry(2)).stored == 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `a batch that is refused leaves nothing behind`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        try store.store(records.telemetry(1))
        // the events' table is gone, so the batch fails after its measurements went in
        try RawSQL.run("DROP TABLE event", in: address)
        #expect(throws: FleetStoreError.self) {
            try store.store(records.telemetry(2), records.event(3))
        }
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == [1])
        #expect(try store.times().map { $0[0] } == [1])
    }

    @Test(arguments: ["bank_state", "outbox_report"], StoreKind.allCases)
    func `a batch whose state cannot be kept is not stored, so no state stays behind`(
        table: String, kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        func told(_ sequence: Int64) -> FleetRecord {
            var record = records.telemetry(sequence)
            record.outbox = OutboxReport(
                depth: sequence, oldestWallMilliseconds: nil, bytes: 1, budgetBytes: 2, losses: [:])
            return record
        }
        try store.store(told(1))
        try RawSQL.run("ALTER TABLE \(table) RENAME TO away", in: address)
        #expect(throws: FleetStoreError.self) { try store.store(told(2)) }
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == [1])
        try RawSQL.run("ALTER TABLE away RENAME TO \(table)", in: address)
        #expect(try store.store(told(2)).stored == 1)
        #expect(try store.currentBanks().map(\.key.sequence) == [2])
        #expect(try store.tallies().map(\.outbox?.depth) == [2])
    }

    private final class Counter: Sendable {
        private let number = Mutex<Int64>(0)
        var value: Int64 { number.withLock { $0 } }
        func set(_ value: Int64) { number.withLock { $0 = value } }
    }
}
