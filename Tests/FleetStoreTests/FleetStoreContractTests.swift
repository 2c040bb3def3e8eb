import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct FleetStoreContractTests {
    let records = Records()

    @Test(arguments: StoreKind.allCases)
    func `a record is stored once however often it comes`(kind: StoreKind) throws {
        let store = try kind.store()
        let batch = IngestBatch([records.telemetry(1), records.telemetry(2), records.event(3)])
        let first = try store.store(batch)
        #expect(first.stored == 3 && first.repeated == 0)
        let again = try store.store(batch)
        #expect(again.stored == 0 && again.repeated == 3 && again.sharedIdentities.isEmpty)
        let tally = try #require(try store.tallies().first)
        #expect(tally.records == 3 && tally.events == 1 && tally.packSamples == 4)
        #expect(try store.sequences(gateway: "house-1", epoch: 77) == [1, 2, 3])
        #expect(
            try store.packSamples(
                gateway: "house-1", pack: 2, from: .min, to: .max, limit: 10
            ).count == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `a record that comes twice in one batch is stored once`(kind: StoreKind) throws {
        let store = try kind.store()
        let outcome = try store.store(
            records.telemetry(2), records.telemetry(1), records.telemetry(2))
        #expect(outcome.stored == 2 && outcome.repeated == 1)
        #expect(try store.times().map { $0[0] } == [1, 2])
    }

    @Test(arguments: StoreKind.allCases)
    func `what is half new is stored by half`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(records.telemetry(2), records.event(3))
        let outcome = try store.store(
            records.telemetry(1), records.telemetry(2), records.event(3), records.event(4))
        #expect(outcome.stored == 2 && outcome.repeated == 2)
        #expect(try store.times().map { $0[0] } == [1, 2])
        #expect(try store.events(gateway: "house-1", from: .min, to: .max, limit: 9).count == 2)
    }

    @Test(arguments: StoreKind.allCases)
    func `every value comes back as it went in, unknown ones too`(kind: StoreKind) throws {
        let store = try kind.store()
        var generator = SeededGenerator(announcedAs: "FleetStore values")
        let samples = (1...200).map { Samples.record($0, using: &generator) }
        #expect(try store.store(IngestBatch(samples)).stored == 200)
        for record in samples {
            guard case .telemetry(let bank, let packs) = record.body else { continue }
            let time = record.clock.wallMilliseconds
            let banks = try store.bankSamples(
                gateway: "house-1", from: time, to: time + 1, limit: 2)
            #expect(banks.map(\.sample) == [bank])
            for pack in packs {
                let stored = try store.packSamples(
                    gateway: "house-1", pack: pack.pack, from: time, to: time + 1, limit: 2)
                #expect(stored.map(\.sample) == [pack])
                #expect(stored.map(\.key) == [record.key])
            }
        }
        let events = try store.events(gateway: "house-1", from: .min, to: .max, limit: 1000)
        let wanted = samples.compactMap { record -> EventSample? in
            if case .event(let event) = record.body { event } else { nil }
        }
        #expect(events.map(\.sample) == wanted)
    }

    @Test(arguments: StoreKind.allCases)
    func `reading is bounded by time and number`(kind: StoreKind) throws {
        let store = try kind.store()
        _ = try store.store(IngestBatch((1...9).map { records.telemetry($0) }))
        let from = Records.start + 30_000
        let some = try store.bankSamples(
            gateway: "house-1", from: from, to: from + 30_000, limit: 9)
        #expect(some.map(\.key.sequence) == [3, 4, 5])
        let two = try store.bankSamples(gateway: "house-1", from: from, to: .max, limit: 2)
        #expect(two.map(\.key.sequence) == [3, 4])
        #expect(try store.bankSamples(gateway: "else", from: .min, to: .max, limit: 9).isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `a dead letter is kept once, and those without a number by their bytes`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        func letter(_ sequence: Int64?, _ payload: [UInt8], reason: String) -> DeadLetter {
            DeadLetter(
                topic: "amphora/v1/house-1/up/event", gateway: "house-1",
                epoch: sequence.map { _ in 77 }, sequence: sequence, receivedMilliseconds: 5,
                reason: reason, payload: payload)
        }
        let letters = [
            letter(4, [1, 0, 255], reason: "no\0text"), letter(4, [2], reason: "again"),
            letter(nil, [1], reason: "no number"), letter(nil, [1], reason: "no number"),
            letter(nil, [], reason: "empty"),
            DeadLetter(
                topic: "elsewhere", gateway: nil, epoch: nil, sequence: 3,
                receivedMilliseconds: 5, reason: "", payload: []),
        ]
        for _ in 1...2 { _ = try store.store(IngestBatch([], deadLetters: letters)) }
        let tallies = try store.tallies()
        #expect(tallies.map(\.gateway) == ["house-1"])
        #expect(tallies.map(\.deadLetters) == [3])
    }

    @Test(arguments: StoreKind.allCases)
    func `a letter that comes again is counted, with its first and its last time`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        for (time, topic) in ["event", "telemetry", "event"].enumerated() {
            var letter = Self.letter([1, 2, 3], at: Int64(100 - time))
            letter.topic = "amphora/v1/house-1/up/\(topic)"
            _ = try store.store(IngestBatch([], deadLetters: [letter]))
        }
        _ = try store.store(
            IngestBatch(
                [], deadLetters: [Self.letter([1, 2, 3], at: 200), Self.letter([9], at: 3)]))
        let rows = "SELECT times, received_ms, last_ms FROM dead_letter ORDER BY times"
        #expect(try RawSQL.run(rows, in: address) == "1|3|3\n4|100|200")
        // a letter that still comes is not old
        var limits = Retention()
        limits.deadLettersBefore = 150
        try store.retain(limits)
        #expect(try RawSQL.run(rows, in: address) == "4|100|200")
    }

    @Test(arguments: StoreKind.allCases)
    func `of the letters of a gateway the newest stay, and the others are counted`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let most = Letters.most
        var other = Self.letter([7], at: 1)
        other.gateway = "house-2"
        var nobody = Self.letter([7], at: 1)
        nobody.gateway = nil
        _ = try store.store(IngestBatch([], deadLetters: [other, nobody]))
        for first in stride(from: 0, to: most + 40, by: 100) {
            let letters = (first..<min(first + 100, most + 40)).map { number in
                Self.letter(Array("\(number)".utf8), at: 1000 + number)
            }
            _ = try store.store(IngestBatch([], deadLetters: letters))
        }
        let tallies = try store.tallies()
        #expect(tallies.map(\.deadLetters) == [most, 1])
        #expect(tallies.map(\.deadLettersDropped) == [40, 0])
        let oldest = "SELECT min(last_ms) FROM dead_letter WHERE gateway = 'house-1'"
        #expect(try RawSQL.run(oldest, in: address) == "1040")
        #expect(
            try RawSQL.run("SELECT count(*) FROM dead_letter WHERE gateway IS NULL", in: address)
                == "1")
    }

    private static func letter(_ payload: [UInt8], at milliseconds: Int64) -> DeadLetter {
        DeadLetter(
            topic: "amphora/v1/house-1/up/event", gateway: "house-1", epoch: nil, sequence: nil,
            receivedMilliseconds: milliseconds, reason: "no number", payload: payload)
    }

    @Test(arguments: StoreKind.allCases)
    func `the last word on the outbox is that of the newest record`(kind: StoreKind) throws {
        let store = try kind.store()
        func told(_ sequence: Int64, depth: Int64) -> FleetRecord {
            var record = records.telemetry(sequence)
            record.outbox = OutboxReport(
                depth: depth, oldestWallMilliseconds: depth == 0 ? nil : 9, bytes: 4096,
                budgetBytes: 1 << 40, losses: ["disk_full": 3, "ev\"icted": 4])
            return record
        }
        try store.store(told(5, depth: 0), told(4, depth: 8), records.telemetry(6))
        try store.store(told(3, depth: 7))
        #expect(try store.tallies().first?.outbox == told(5, depth: 0).outbox)
    }

    @Test(arguments: StoreKind.allCases)
    func `the current state only moves forward`(kind: StoreKind) throws {
        let store = try kind.store()
        func current() throws -> [Int64] { try store.currentBanks().map(\.key.sequence) }
        try store.store(records.telemetry(5), records.telemetry(6))
        #expect(try current() == [6])
        try store.store(records.telemetry(2))
        #expect(try current() == [6])
        // a clock that went back by twenty years does not hold it
        try store.store(records.with { $0.start -= 631_152_000_000 }.telemetry(7))
        #expect(try current() == [7])
        let later = records.with { $0.epoch = 3 }
        try store.store(later.telemetry(1, at: 900))
        #expect(try current() == [1])
        try store.store(records.telemetry(8, at: 80))
        #expect(try store.currentBanks().map(\.key.epoch) == [3])
    }

    @Test(arguments: StoreKind.allCases)
    func `a boot id that is none is refused by both`(kind: StoreKind) throws {
        let store = try kind.store()
        let record = records.with { $0.boot = "here\0" }.telemetry(1)
        let error = #expect(throws: FleetStoreError.self) { try store.store(record) }
        #expect("\(try #require(error))".contains("expected a boot id of the form 8-4-4-4-12"))
        #expect(try store.tallies().isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `numbers from outside may be as large as they like`(kind: StoreKind) throws {
        let store = try kind.store()
        var batch = IngestBatch()
        for (number, clock) in [Int64.min, -1, 0, .max].enumerated() {
            for isTrusted in [true, false] {
                var record = records.telemetry(Int64(number * 2 + (isTrusted ? 1 : 2)))
                record.clock.isTrusted = isTrusted
                record.clock.wallMilliseconds = clock
                record.clock.monotonicMilliseconds = clock == 0 ? .max : clock
                record.receivedMilliseconds = clock
                batch.records.append(record)
            }
        }
        #expect(try store.store(batch).stored == 8)
        #expect(try store.tallies().map(\.records) == [8])
    }
}
