import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// What streams tell of, and hearing it.
extension UserRig {
    /// The first line with these words that a program prints.
    func line(_ words: String, from child: ChildProcess) async throws -> String {
        try await Self.apart { try child.waitForLine(containing: words, within: 20_000) }
    }

    /// Waits until something is so, ten seconds at most; whether it came.
    static func until(_ condition: () throws -> Bool) async -> Bool {
        for _ in 0..<200 {
            if (try? condition()) == true { return true }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    /// Keeps one more measurement of `gw-1`, made `sequence` ms after the rig's moment.
    func measure(packs count: Int32 = 0, _ millivolts: Int32, sequence: Int64) throws {
        let made = Self.now + sequence
        var bank = BankSample()
        (bank.mode, bank.packsConfigured, bank.millivolts) = ("running", max(2, count), millivolts)
        let packs = (0..<count).map { index -> PackSample in
            var pack = PackSample(pack: index + 1)
            (pack.status, pack.ageMilliseconds, pack.millivolts) = ("online", 200, millivolts)
            pack.cells = Array(repeating: 3251, count: 16)
            return pack
        }
        let clock = RecordClock(
            wallMilliseconds: made, isTrusted: true, boot: "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b",
            monotonicMilliseconds: made - 1_780_000_000_000)
        var batch = IngestBatch()
        batch.records = [
            FleetRecord(
                key: RecordKey(gateway: "gw-1", epoch: 7, sequence: sequence), clock: clock,
                receivedMilliseconds: made, body: .telemetry(bank, packs))
        ]
        #expect(try FleetStores.open(address).store(batch).stored == 1)
    }
}
