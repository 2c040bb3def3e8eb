import History
import TestKit
import TimeZones

@testable import FleetStore

/// Windows as they must be, computed from all samples at once.
struct ExpectedWindows {
    static let tiers: [HistoryTier] = [.minute, .quarter, .day]

    let gateway: String
    let zone: String

    /// Reads the samples past the roll-ups and makes windows of them.
    func windows(
        _ tier: HistoryTier, pack: Int32, in store: any FleetStore
    ) throws -> [RollUp] {
        let samples: [HistorySample] =
            pack == 0
            ? try store.bankSamples(gateway: gateway, from: .min, to: .max, limit: 1_000_000)
                .map(Self.sample)
            : try store.packSamples(
                gateway: gateway, pack: pack, from: .min, to: .max, limit: 1_000_000
            ).map(Self.sample)
        var gatherer = RollUpGatherer(tier == .day ? .quarter : tier)
        for sample in samples { gatherer.add(sample) }
        guard tier == .day else { return gatherer.windows }
        let calendar = SiteCalendar(zone: zone, zones: ZoneFolder())
        return Dictionary(grouping: gatherer.windows) { calendar.dayStart(of: $0.start) }
            .sorted { $0.key < $1.key }
            .compactMap { RollUp.joined($0.value, start: $0.key) }
    }

    private static func sample(_ stored: StoredSample<BankSample>) -> HistorySample {
        let bank = stored.sample
        var sample = HistorySample(moment: stored.moment)
        sample.millivolts = bank.millivolts.map(Int64.init)
        sample.milliamperes = bank.milliamperes.map(Int64.init)
        sample.milliwatts = bank.watts.map { Int64($0) * 1000 }
        sample.charge = bank.stateOfCharge.map(Int64.init)
        sample.health = bank.stateOfHealth.map(Int64.init)
        sample.full = bank.full
        sample.temperature = bank.temperatureMean.map(Int64.init)
        if let high = bank.cellMaximum, let low = bank.cellMinimum, high >= low {
            sample.spread = Int64(high) - Int64(low)
        }
        sample.derivePower()
        return sample
    }

    private static func sample(_ stored: StoredSample<PackSample>) -> HistorySample {
        let pack = stored.sample
        var sample = HistorySample(moment: stored.moment)
        sample.isOnline = pack.status == "online"
        sample.millivolts = pack.millivolts.map(Int64.init)
        sample.milliamperes = pack.milliamperes.map(Int64.init)
        sample.charge = pack.stateOfCharge.map(Int64.init)
        sample.health = pack.stateOfHealth.map(Int64.init)
        sample.full = pack.full.map(Int64.init)
        sample.cycles = pack.cycles.map(Int64.init)
        sample.deriveSpread(cells: pack.cells)
        let probes = pack.probes.compactMap { $0.map(Int64.init) }
        if !probes.isEmpty { sample.temperature = probes.reduce(0, +) / Int64(probes.count) }
        sample.derivePower()
        return sample
    }
}

extension StoredSample {
    var moment: RecordMoment {
        RecordMoment(time: timeMilliseconds, epoch: key.epoch, sequence: key.sequence)
    }
}

extension HistoryStore {
    /// Computes until nothing is left to do, long after everything.
    func rollUpAll(now: Int64 = Records.start + 400 * 86_400_000) throws {
        while try rollUp(now: now, most: 8) > 0 {}
    }

    /// All windows of a pack.
    func all(
        _ tier: HistoryTier, gateway: String = "house-1", pack: Int32 = 0
    ) throws -> [RollUp] {
        try windows(tier, gateway: gateway, pack: pack, from: .min, to: .max, limit: 1_000_000)
    }
}

extension Records {
    /// A measurement with values that change, at a moment of its own.
    func lively(
        _ sequence: Int64, at seconds: Int64, using generator: inout some RandomNumberGenerator
    ) -> FleetRecord {
        var record = telemetry(sequence, at: seconds)
        guard case .telemetry(var bank, var packs) = record.body else { return record }
        bank.watts =
            Int32.random(in: 0...9, using: &generator) == 0
            ? nil : .random(in: -5000...5000, using: &generator)
        bank.stateOfCharge = .random(in: 0...10_000, using: &generator)
        for index in packs.indices {
            packs[index].milliamperes = .random(in: -90_000...90_000, using: &generator)
            packs[index].cells = (0..<16).map { _ in .random(in: 3200...3400, using: &generator) }
            packs[index].cycles = Int32(clamping: sequence / 100)
            if Int32.random(in: 0...7, using: &generator) == 0 { packs[index].status = "silent" }
        }
        record.body = .telemetry(bank, packs)
        return record
    }
}
