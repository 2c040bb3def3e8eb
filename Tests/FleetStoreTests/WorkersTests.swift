import Synchronization
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct WorkersTests {
    let records = Records()

    @Test(arguments: StoreKind.allCases)
    func `workers that store the same records at once store each once`(kind: StoreKind) throws {
        let address = try kind.address()
        let sums = Sums()
        let records = self.records
        try Workers.run(4) { worker in
            let store = try FleetStores.open(address)
            var generator = SeededGenerator(seed: UInt64(worker))
            for round in 0..<15 {
                // each worker has all ten gateways, in an order of its own
                var batch = IngestBatch(
                    (0..<40).map { number in
                        records.with { $0.gateway = "house-\(number % 10)" }
                            .telemetry(Int64(round * 4 + number / 10 + 1))
                    })
                batch.records.shuffle(using: &generator)
                sums.add(try store.store(batch))
            }
        }
        #expect(sums.stored == 600 && sums.repeated == 1800)
        let tallies = try FleetStores.open(address).tallies()
        #expect(tallies.map(\.records) == Array(repeating: 60, count: 10))
        #expect(tallies.map(\.packSamples) == Array(repeating: 120, count: 10))
        #expect(try FleetStores.open(address).currentBanks().allSatisfy { $0.key.sequence == 60 })
    }

    @Test(arguments: StoreKind.allCases)
    func `workers share new gateways and new days`(kind: StoreKind) throws {
        let address = try kind.address()
        let records = self.records
        try Workers.run(4) { worker in
            let store = try FleetStores.open(address)
            for day in Int64(0)..<8 {
                let batch = (0..<8).map { number in
                    records.with { $0.gateway = "house-\(day)-\((number + worker) % 8)" }
                        .telemetry(Int64(worker + 1), at: day * 86_400 + Int64(worker))
                }
                _ = try store.store(IngestBatch(batch))
            }
        }
        let tallies = try FleetStores.open(address).tallies()
        #expect(tallies.count == 64 && tallies.allSatisfy { $0.records == 4 })
    }

    /// What all workers have stored.
    private final class Sums: Sendable {
        private let outcome = Mutex(IngestOutcome())
        var stored: Int { outcome.withLock(\.stored) }
        var repeated: Int { outcome.withLock(\.repeated) }

        func add(_ other: IngestOutcome) {
            outcome.withLock {
                $0.stored += other.stored
                $0.repeated += other.repeated
            }
        }
    }
}
