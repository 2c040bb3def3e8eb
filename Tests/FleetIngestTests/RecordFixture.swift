import Bank
import FleetIngest
import FleetStore
import Quantities
import Telemetry
import TestKit

/// Documents as gateways write them, from random states.
struct RecordFixture {
    static let boot = "71734537-d6d9-472d-8519-7ef8cf99f170"
    /// The largest number a record may hold, 2⁵³ − 1.
    static let largest: Int64 = 1 << 53 - 1
    static let wall: Int64 = 1_700_000_000_123
    static let now = Instant(nanoseconds: 5_000_000_000)
    static let inverter = InverterSummary(
        profile: "pylontech-lv-1.2", keepAlive: "present", busState: "bus_off", framesSent: 6,
        framesReceived: 1)

    var gateway = "gw-1"
    var epoch: Int64 = 7
    var outbox: OutboxSummary?
    var packs: PackTable
    var state: BankState

    /// A bank of random packs, some of which never answered.
    init(packs count: Int? = nil, using generator: inout SeededGenerator) {
        packs = PackTable(count: count ?? .random(in: 1...16, using: &generator))
        for position in 0..<packs.count where count != nil || generator.next() % 8 != 0 {
            Self.fill(&packs[position], using: &generator)
        }
        var controller = BankController(configuration: BankConfiguration())
        state = controller.evaluate(packs, now: Self.now)
    }

    /// The telemetry record with a number.
    func telemetry(_ sequence: Int64) -> [UInt8] {
        var writer = JSONWriter()
        TelemetryDocument.write(stamp(sequence), state, packs, Self.inverter, to: &writer)
        return writer.bytes
    }

    /// An event with a number.
    static func event(
        _ sequence: Int64, gateway: String = "gw-1", epoch: Int64 = 7, text: String = "hot"
    ) -> [UInt8] {
        var writer = JSONWriter()
        let stamp = RecordStamp(
            gateway: gateway, epoch: epoch, sequence: sequence,
            wallNanoseconds: wall * 1_000_000, isWallTrusted: true, bootID: boot, monotonic: now)
        EventDocument.write(
            stamp, change: .raised, level: .protection, code: "cell_overvoltage", pack: 3,
            text: text, to: &writer)
        return writer.bytes
    }

    private func stamp(_ sequence: Int64) -> RecordStamp {
        RecordStamp(
            gateway: gateway, epoch: epoch, sequence: sequence,
            wallNanoseconds: Self.wall * 1_000_000, isWallTrusted: sequence % 2 == 0,
            bootID: Self.boot, monotonic: Self.now, outbox: outbox)
    }

    private static func fill(_ slot: inout PackSlot, using generator: inout SeededGenerator) {
        let at = Instant(nanoseconds: .random(in: 1...5_000_000_000, using: &generator))
        for signal in PackSignal.allCases where generator.next() % 5 != 0 {
            slot.reading.set(
                signal, to: .random(in: -1_000_000...1_000_000, using: &generator), at: at)
        }
        for cell in 0..<16 where generator.next() % 9 != 0 {
            slot.reading.setCell(cell, millivolts: .random(in: 0...4000, using: &generator))
        }
        for probe in 0..<4 {
            slot.reading.setProbe(
                probe, decidegrees: Bool.random(using: &generator) ? -215 : nil)
        }
        slot.reading.cellsStamp = at
        slot.reading.probesStamp = at
        slot.reading.flagsStamp = at
        slot.reading.warnings = AlarmSet(rawValue: generator.next())
        slot.reading.protections = AlarmSet(rawValue: generator.next() & generator.next())
        slot.reading.knownStates = PackStates(
            rawValue: UInt32(truncatingIfNeeded: generator.next()))
        slot.reading.states = PackStates(rawValue: UInt32(truncatingIfNeeded: generator.next()))
        slot.reading.setFlagWord(2, to: 0xFFFF)
        for byte in "P16S\"é\u{1}".utf8 { slot.serialNumber.append(byte) }
        slot.answeredAt = at
        slot.isComplete = Bool.random(using: &generator)
        slot.isImplausible = generator.next() % 7 == 0
    }
}

extension String {
    /// The text with one part replaced, which must be in it.
    func changing(_ part: String, to other: String) throws -> String {
        guard contains(part) else { throw NoSuchPart(part: part, text: self) }
        return replacing(part, with: other, maxReplacements: 1)
    }

    private struct NoSuchPart: Error {
        let part: String
        let text: String
    }
}
