import History
import Synchronization
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct HistoryRetentionTests {
    let day: Int64 = 86_400_000
    let quarter: Int64 = 900_000
    /// A midnight of UTC, so that days and quarter hours are round.
    let start: Int64 = 1_790_035_200_000
    var records: Records { Records(start: start) }

    private func stored(
        _ kind: StoreKind
    ) throws -> (store: any FleetStore, history: any HistoryStore, address: String) {
        let address = try kind.address()
        return (try FleetStores.open(address), try FleetStores.openHistory(address), address)
    }

    private func limits(samples: Int64? = nil, minutes: Int64? = nil, quarters: Int64? = nil)
        -> Retention
    {
        var limits = Retention()
        limits.samplesBefore = samples
        limits.minutesBefore = minutes
        limits.quartersBefore = quarters
        return limits
    }

    /// One record each ten minutes for some days.
    private func fill(
        _ days: Int64, _ store: any FleetStore, using generator: inout SeededGenerator,
        without hidden: Range<Int64> = 0..<0
    ) throws -> [FleetRecord] {
        let all = (0..<days * 144).map {
            records.lively($0 + 1, at: $0 * 600 + 1, using: &generator)
        }
        let shown = all.filter { !hidden.contains($0.key.sequence) }
        for batch in stride(from: 0, to: shown.count, by: 60) {
            _ = try store.store(IngestBatch(Array(shown[batch..<min(batch + 60, shown.count)])))
        }
        return all
    }

    private func check(_ history: any HistoryStore, _ expected: [HistoryTier: [[RollUp]]]) throws {
        for (tier, packs) in expected {
            for (pack, windows) in packs.enumerated() {
                #expect(
                    try history.all(tier, pack: Int32(pack)) == windows, "\(tier), pack \(pack)")
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `windows outlive their samples, each tier as long as it shall`(kind: StoreKind) throws {
        var generator = SeededGenerator(announcedAs: "retention in \(kind)")
        let (store, history, _) = try stored(kind)
        _ = try fill(8, store, using: &generator)
        let expected = ExpectedWindows(gateway: "house-1", zone: "UTC")
        var wanted: [HistoryTier: [[RollUp]]] = [:]
        for tier in ExpectedWindows.tiers {
            wanted[tier] = try (0...2).map { try expected.windows(tier, pack: $0, in: store) }
        }
        // nothing was rolled up yet: retention does it before samples go
        let cut = limits(
            samples: start + 6 * day, minutes: start + 7 * day, quarters: start + 3 * day)
        let dry = try history.removable(cut)
        #expect(dry.measurements == 6 * 144 && dry.minutes == 0)
        let report = try store.retain(cut)
        #expect(report.measurements == 6 * 144)
        #expect(report.minutes == 6 * 144 * 3)
        #expect(report.quarters == 3 * 96 * 3)
        #expect(try store.times().count == 2 * 144)
        try history.rollUpAll()
        wanted[.minute] = wanted[.minute]?.map { $0.filter { $0.start >= start + 7 * day } }
        wanted[.quarter] = wanted[.quarter]?.map { $0.filter { $0.start >= start + 3 * day } }
        try check(history, wanted)
        // the same again finds nothing, dry or not
        #expect(try history.removable(cut) == RetentionReport())
        #expect(try store.retain(cut) == RetentionReport())
        try check(history, wanted)
    }

    @Test(arguments: StoreKind.allCases)
    func `a backlog that comes after samples of its time went is in all windows (3)`(
        kind: StoreKind
    ) throws {
        var generator = SeededGenerator(announcedAs: "late history in \(kind)")
        let (store, history, address) = try stored(kind)
        // the gateway was offline for a day and a half, from the middle of a quarter hour on
        let hidden: Range<Int64> = 200..<417
        let all = try fill(6, store, using: &generator, without: hidden)
        try history.rollUpAll()
        try store.retain(limits(samples: start + 5 * day))
        let late = all.filter { hidden.contains($0.key.sequence) }
        for batch in stride(from: 0, to: late.count, by: 31) {
            let batch = Array(late[batch..<min(batch + 31, late.count)])
            #expect(try store.store(IngestBatch(batch)).stored == batch.count)
            try history.rollUpAll()
        }
        // what came late went again with all else of its time
        #expect(try store.times().count == 144)
        // the same as in a store that never removed anything
        let other = try kind.store()
        _ = try other.store(IngestBatch(all))
        let expected = ExpectedWindows(gateway: "house-1", zone: "UTC")
        var wanted: [HistoryTier: [[RollUp]]] = [:]
        for tier in ExpectedWindows.tiers {
            wanted[tier] = try (0...2).map { try expected.windows(tier, pack: $0, in: other) }
        }
        try check(history, wanted)
        // and so when even its quarter hours had gone
        try store.retain(limits(samples: start + 5 * day, quarters: start + 3 * day))
        var older = records.lively(9000, at: 500, using: &generator)
        older.clock.wallMilliseconds = start + 500_000
        try store.store(older)
        try history.rollUpAll()
        let first = try #require(try history.all(.day).first)
        #expect(first.samples == 145 && first.start == start)
        #expect(try history.all(.quarter).first?.start == start + 3 * day)
        #expect(try RawSQL.run("SELECT count(*) FROM rollup_mark", in: address) == "0")
    }

    @Test(arguments: StoreKind.allCases)
    func `retention beside ingest and roll-ups loses and doubles nothing (2)`(kind: StoreKind)
        throws
    {
        var generator = SeededGenerator(announcedAs: "retention at work in \(kind)")
        let (store, history, address) = try stored(kind)
        let all = (0..<300).map {
            records.lively($0 + 1, at: $0 * 600 + 1, using: &generator)
        }
        let cut = limits(samples: start + day)
        let working = Mutex(true)
        let others = (0..<2).map { number in
            Workers.start {
                let history = try FleetStores.openHistory(address)
                while working.withLock({ $0 }) {
                    if number == 0 { _ = try history.retain(cut) }
                    _ = try history.rollUp(now: Records.start + 400 * 86_400_000, most: 3)
                }
            }
        }
        defer { working.withLock { $0 = false } }
        for batch in stride(from: 0, to: all.count, by: 7) {
            _ = try store.store(IngestBatch(Array(all[batch..<min(batch + 7, all.count)])))
        }
        working.withLock { $0 = false }
        for worker in others { if let error = worker.wait() { throw error } }
        try store.retain(cut)
        try history.rollUpAll()
        let other = try kind.store()
        _ = try other.store(IngestBatch(all))
        let expected = ExpectedWindows(gateway: "house-1", zone: "UTC")
        for tier in ExpectedWindows.tiers {
            for pack in 0...2 as ClosedRange<Int32> {
                let wanted = try expected.windows(tier, pack: pack, in: other)
                #expect(try history.all(tier, pack: pack) == wanted, "\(tier), pack \(pack)")
            }
        }
    }
}
