import TestKit

@testable import FleetStore

/// Records as tests need them: one every ten seconds of a boot, from a moment of 2026 on.
struct Records {
    /// Unix time in milliseconds at the beginning of each boot, unless a test says otherwise.
    static let start: Int64 = 1_790_000_000_000
    static let bootA = "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b"
    static let bootB = "1bb04ab4-a0b4-48b4-a5d5-4a71b84d0d9c"
    static let bootC = "2cc04ab4-a0b4-48b4-a5d5-4a71b84d0d9d"

    var gateway = "house-1"
    var epoch: Int64 = 77
    var boot = Records.bootA
    var isTrusted = true
    /// Wall time at the beginning of the boot.
    var start = Records.start
    /// Received less made, ms.
    var delay: Int64 = 50
    var packs: Int32 = 2

    /// A measurement `sequence` × 10 s after the beginning of the boot.
    func telemetry(_ sequence: Int64, at seconds: Int64? = nil) -> FleetRecord {
        var bank = BankSample()
        bank.mode = "running"
        bank.packsConfigured = packs
        bank.millivolts = 52_000 + Int32(clamping: sequence)
        let samples = (0..<packs).map { number in
            var pack = PackSample(pack: number + 1)
            pack.status = "online"
            pack.cells = (0..<16).map { 3300 + Int16($0) + Int16(number) }
            pack.probes = [251, 252, nil, 254]
            pack.millivolts = 52_000 + Int32(clamping: sequence)
            return pack
        }
        return record(sequence, seconds, .telemetry(bank, samples))
    }

    /// An event at the same moments.
    func event(_ sequence: Int64, at seconds: Int64? = nil) -> FleetRecord {
        let event = EventSample(
            change: "raised", level: "warning", code: "cell_high", pack: 1,
            text: "pack 1: cell 3 is high, 3.61 V")
        return record(sequence, seconds, .event(event))
    }

    private func record(
        _ sequence: Int64, _ seconds: Int64?, _ body: FleetRecord.Body
    ) -> FleetRecord {
        let monotonic = (seconds ?? sequence * 10) * 1000
        let clock = RecordClock(
            wallMilliseconds: isTrusted ? start + monotonic : monotonic, isTrusted: isTrusted,
            boot: boot, monotonicMilliseconds: monotonic)
        return FleetRecord(
            key: RecordKey(gateway: gateway, epoch: epoch, sequence: sequence), clock: clock,
            receivedMilliseconds: start + monotonic + delay, body: body)
    }

    /// With some parts changed.
    func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

extension IngestBatch {
    init(_ records: [FleetRecord], deadLetters: [DeadLetter] = []) {
        self.init()
        self.records = records
        self.deadLetters = deadLetters
    }
}

extension FleetStore {
    @discardableResult
    func store(_ records: FleetRecord...) throws(FleetStoreError) -> IngestOutcome {
        try store(IngestBatch(records))
    }

    /// Numbers and times of all bank samples of a gateway, in their order.
    func times(of gateway: String = "house-1") throws -> [[Int64]] {
        try bankSamples(gateway: gateway, from: .min, to: .max, limit: 100_000)
            .map { [$0.key.sequence, $0.timeMilliseconds] }
    }

    /// How the times of all bank samples of a gateway are known.
    func qualities(of gateway: String = "house-1") throws -> [TimeQuality] {
        try bankSamples(gateway: gateway, from: .min, to: .max, limit: 100_000).map(\.quality)
    }
}
