import Bank
import FleetIngest
import Quantities
import Telemetry
import TestKit
import Testing
import Views

@testable import GatewayRuntime

@Suite struct HouseSampleTests {
    /// What the local app shows is what the fleet reads in the record of the same moment.
    @Test func `a gateway shows its house as the fleet would`() throws {
        var generator = SeededGenerator(seed: 20_261_126)
        for number in 0..<300 {
            let now = Instant(nanoseconds: 6_000_000_000)
            var packs = PackTable(count: .random(in: 1...16, using: &generator))
            for position in 0..<packs.count where generator.next() % 4 != 0 {
                Self.fill(&packs[position], using: &generator)
            }
            var controller = BankController(configuration: BankConfiguration())
            let state = controller.evaluate(packs, now: now)
            let inverter = InverterSummary(
                profile: "p", keepAlive: "present", busState: "active", framesSent: 5,
                framesReceived: 7)
            var writer = JSONWriter()
            TelemetryDocument.write(
                RecordStamp(
                    gateway: "house", epoch: 1, sequence: 1, wallNanoseconds: 0,
                    isWallTrusted: true, bootID: "00000000-0000-0000-0000-000000000000",
                    monotonic: now), state, packs, inverter, to: &writer)
            let record = try RecordDecoder.decode(
                writer.bytes, from: "house", receivedMilliseconds: 0)
            guard case .telemetry(let bank, let samples) = record.body else {
                Issue.record("record \(number) is no telemetry")
                continue
            }
            #expect(BankSample(state, inverter) == bank, "record \(number)")
            for (position, sample) in samples.enumerated() {
                let own = PackSample(
                    packs[position], number: position + 1, status: state.packStatus[position],
                    now: now)
                #expect(own == sample, "record \(number), pack \(position + 1)")
            }
        }
    }

    private static func fill(_ slot: inout PackSlot, using generator: inout SeededGenerator) {
        let now = Instant(nanoseconds: .random(in: 1...6_000_000_000, using: &generator))
        for signal in PackSignal.allCases where generator.next() % 5 != 0 {
            slot.reading.set(
                signal, to: .random(in: -100_000...100_000, using: &generator), at: now)
        }
        slot.reading.set(.voltage, to: .random(in: 48_000...56_000, using: &generator), at: now)
        for cell in 0..<16 {
            slot.reading.setCell(cell, millivolts: .random(in: 0...4000, using: &generator))
        }
        for probe in 0..<4 {
            slot.reading.setProbe(probe, decidegrees: Bool.random(using: &generator) ? -215 : nil)
        }
        (slot.reading.cellsStamp, slot.reading.probesStamp) = (now, now)
        slot.reading.flagsStamp = now
        slot.reading.warnings = AlarmSet(rawValue: generator.next())
        slot.reading.protections = AlarmSet(rawValue: generator.next())
        slot.reading.knownStates = PackStates(
            rawValue: UInt32(truncatingIfNeeded: generator.next()))
        slot.reading.states = PackStates(rawValue: UInt32(truncatingIfNeeded: generator.next()))
        for byte in "A 1  ".utf8 { slot.serialNumber.append(byte) }
        slot.answeredAt = now
        slot.isComplete = generator.next() % 3 != 0
        slot.isImplausible = generator.next() % 7 == 0
    }
}
