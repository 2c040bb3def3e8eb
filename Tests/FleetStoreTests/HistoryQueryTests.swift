import History
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct HistoryQueryTests {
    let day: Int64 = 86_400_000
    /// A midnight of UTC.
    let start: Int64 = 1_790_035_200_000
    var records: Records { Records(start: start) }

    private func stored(
        _ kind: StoreKind
    ) throws -> (store: any FleetStore, history: any HistoryStore) {
        let address = try kind.address()
        return (try FleetStores.open(address), try FleetStores.openHistory(address))
    }

    private func chart(
        _ history: any HistoryStore, _ quantity: Quantity = .charge, pack: Int32 = 0,
        days: ClosedRange<Int64>, pixels: Int = 400, now: Int64? = nil
    ) throws -> HistorySeries {
        let to = start + days.upperBound * day
        return try history.series(
            SeriesRequest(
                gateway: "house-1", pack: pack, quantity: quantity,
                from: start + days.lowerBound * day, to: to, pixels: pixels), now: now ?? to)
    }

    @Test(arguments: StoreKind.allCases)
    func `a chart has all samples, whether or not they were rolled up yet`(kind: StoreKind) throws {
        var generator = SeededGenerator(announcedAs: "charts in \(kind)")
        let (store, history) = try stored(kind)
        let all = (0..<1440).map { records.lively($0 + 1, at: $0 * 120, using: &generator) }
        for part in 0..<3 {
            let part = Array(all[part * 480..<(part + 1) * 480])
            _ = try store.store(IngestBatch(part))
            let count = Int64((part.last?.key.sequence ?? 0))
            let now = start + count * 120_000
            func check() throws {
                for (days, pixels, tier) in [
                    (0...2, 400, HistoryTier.minute), (0...2, 100, .quarter), (-400...2, 400, .day),
                ] as [(ClosedRange<Int64>, Int, HistoryTier)] {
                    let bank = try chart(history, days: days, pixels: pixels, now: now)
                    #expect(bank.tier == tier && bank.points.count <= pixels && !bank.isBehind)
                    #expect(bank.points.reduce(0) { $0 + $1.samples } == count, "\(tier)")
                    let pack = try chart(
                        history, .current, pack: 2, days: days, pixels: pixels, now: now)
                    #expect(
                        !pack.points.isEmpty
                            && pack.points.allSatisfy {
                                $0.minimum <= $0.mean && $0.mean <= $0.maximum
                            })
                }
            }
            try check()
            while try history.rollUp(now: now, most: 8) > 0 {}
            try check()
        }
        // the values are those of the samples
        let charges = all.compactMap { record -> Int32? in
            guard case .telemetry(let bank, _) = record.body else { return nil }
            return bank.stateOfCharge
        }
        let points = try chart(history, days: 0...2, pixels: 1).points
        #expect(points.map(\.maximum) == [Int64(charges.max() ?? 0)])
        #expect(points.map(\.minimum) == [Int64(charges.min() ?? 0)])
        #expect(points.map(\.last) == [Int64(charges.last ?? 0)])
        #expect(
            try history.series(
                SeriesRequest(gateway: "nobody", quantity: .power, from: 0, to: 9, pixels: 3),
                now: 9
            ).points.isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `gaps say whether the gateway was off, offline, its pack silent or its outbox full`(
        kind: StoreKind
    ) throws {
        let (store, history) = try stored(kind)
        // numbers 1…60 every minute; then an hour off with an alarm noted; then records lost; then silence
        func add(_ numbers: ClosedRange<Int64>, minute: Int64, silent: Bool = false) throws {
            for number in numbers {
                var record = records.telemetry(
                    number, at: (minute + number - numbers.lowerBound) * 60)
                if silent, case .telemetry(let bank, var packs) = record.body {
                    packs[0].status = "silent"
                    record.body = .telemetry(bank, packs)
                }
                try store.store(record)
            }
        }
        try add(1...60, minute: 0)
        try store.store(records.event(61, at: 5000))
        try add(62...90, minute: 120)
        try add(200...230, minute: 180)
        try add(231...260, minute: 211, silent: true)
        try add(261...290, minute: 241)
        let now = start + 400 * 60_000
        func causes(_ pack: Int32) throws -> [GapCause] {
            try chart(history, .voltage, pack: pack, days: 0...1, now: now).gaps.map(\.cause)
        }
        for _ in 1...2 {
            #expect(try causes(0) == [.nothingRecorded, .outboxLoss, .gatewayOffline])
            #expect(try causes(1) == [.nothingRecorded, .outboxLoss, .packSilent, .gatewayOffline])
            #expect(try causes(2) == [.nothingRecorded, .outboxLoss, .gatewayOffline])
            try history.rollUpAll()
        }
        // keys that were folded still count, and what waits in the outbox may come
        var limits = Retention()
        limits.samplesBefore = start + day
        limits.eventsBefore = start + day
        try store.retain(limits)
        #expect(try causes(0) == [.nothingRecorded, .outboxLoss, .gatewayOffline])
        var told = records.telemetry(300, at: 86_500)
        told.outbox = OutboxReport(
            depth: 3, oldestWallMilliseconds: start + 160 * 60_000, bytes: 1, budgetBytes: 2,
            losses: [:])
        try store.store(told)
        #expect(try causes(0) == [.nothingRecorded, .recordsWaiting, .gatewayOffline])
    }

    @Test(arguments: StoreKind.allCases)
    func `energy of days is that of the samples, also over midnight and of today`(kind: StoreKind)
        throws
    {
        let (store, history) = try stored(kind)
        var batch = IngestBatch()
        // 1 kW for three days and an hour, a sample every four minutes, none at midnight
        for number in Int64(0)..<1095 {
            var record = records.telemetry(number + 1, at: number * 240 + 120)
            if case .telemetry(var bank, let packs) = record.body {
                bank.watts = 1000
                record.body = .telemetry(bank, packs)
            }
            batch.records.append(record)
        }
        _ = try store.store(batch)
        let boundaries = (0...4).map { start + $0 * day }
        // the fresh way reads half a day and says so; then what was computed, with today open
        while try history.rollUp(now: start + 3 * day + 3_700_000, most: 8) > 0 {}
        let days = try history.energy(
            gateway: "house-1", pack: 0, boundaries: boundaries, seenFrom: .min)
        #expect(
            days[0].covered == day - 120_000 && days[1].covered == day && days[2].covered == day)
        #expect(days[1].energy == Energy(charged: 86_400_000_000, discharged: 0))
        #expect(days[3].covered == 3_720_000 - 120_000 - 240_000 + 120_000)
        let hours = try history.energy(
            gateway: "house-1", pack: 0, boundaries: [start + day, start + day + 3_600_000],
            seenFrom: .min)
        #expect(hours.map(\.energy.charged) == [3_600_000_000])
        for wrong in [[], [1], [2, 1], Array(repeating: 1, count: 5)] as [[Int64]] {
            #expect(throws: FleetStoreError.self) {
                try history.energy(gateway: "house-1", pack: 0, boundaries: wrong, seenFrom: .min)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `the outlook has a range, and who holds the current back`(kind: StoreKind) throws {
        let (store, history) = try stored(kind)
        for number in Int64(0)..<20 {
            var record = records.telemetry(number + 1, at: number * 60)
            if case .telemetry(var bank, let packs) = record.body {
                (bank.remaining, bank.full, bank.milliamperes) = (60_000, 100_000, -20_000)
                (bank.chargeCurrent, bank.chargeRule) = (0, "cell_high")
                (bank.chargePack, bank.chargeCell) = (2, 7)
                (bank.dischargeCurrent, bank.dischargeRule) = (80_000, "map_ceiling")
                record.body = .telemetry(bank, packs)
            }
            try store.store(record)
        }
        let now = start + 19 * 60_000 + 5000
        let outlook = try #require(
            try history.outlook(gateway: "house-1", now: now, seenFrom: .min))
        #expect(outlook.runTime?.goal == .empty && outlook.runTime?.shortest == 180)
        #expect(outlook.runTime?.longest == 180 && outlook.flow == .discharging)
        #expect(outlook.chargeLimit?.rule == "cell_high" && outlook.chargeLimit?.milliamperes == 0)
        #expect(outlook.chargeLimit?.pack == 2 && outlook.chargeLimit?.cell == 7)
        #expect(
            outlook.dischargeLimit?.rule == "map_ceiling" && outlook.dischargeLimit?.pack == nil)
        // an old state is no outlook
        #expect(try history.outlook(gateway: "house-1", now: now + 301_000, seenFrom: .min) == nil)
        #expect(try history.outlook(gateway: "nobody", now: now, seenFrom: .min) == nil)
    }

    @Test(arguments: StoreKind.allCases)
    func `condition comes from days, and absurd questions get an answer`(kind: StoreKind) throws {
        let (store, history) = try stored(kind)
        var batch = IngestBatch()
        for number in Int64(0)..<90 {
            var record = records.telemetry(number + 1, at: number * 86_400 + 3600)
            if case .telemetry(let bank, var packs) = record.body {
                packs[0].stateOfHealth = 10_000 - Int32(number)
                packs[0].cells[3] = 3300 + Int16(number)
                packs[0].cycles = 100 + Int32(number)
                record.body = .telemetry(bank, packs)
            }
            batch.records.append(record)
        }
        _ = try store.store(batch)
        try history.rollUpAll()
        let condition = try #require(
            try history.condition(
                gateway: "house-1", pack: 1, now: start + 91 * day, seenFrom: .min))
        #expect(abs((condition.health?.perDay ?? 0) + 1) < 0.001)
        #expect((condition.imbalance?.perDay ?? 0) > 0.5)
        #expect(condition.cycles.counted == 189)
        for (from, to) in [
            (Int64.min, Int64.max), (.max, .min), (0, 0), (.min, .min), (.max, .max),
        ] {
            for pixels in [Int.min, 0, .max] {
                let series = try history.series(
                    SeriesRequest(
                        gateway: "house-1", pack: -7, quantity: .power, from: from, to: to,
                        pixels: pixels), now: .max)
                #expect(series.points.isEmpty)
                _ = try history.series(
                    SeriesRequest(
                        gateway: "house-1", quantity: .voltage, from: from, to: to, pixels: pixels),
                    now: 0)
            }
        }
    }
}
