import Bank
import CANBus
import Quantities

/// A profile compiled for encoding: flat rows, no text, no heap, no lock.
package struct FramePlan: Sendable {
    /// The most frames one profile can list.
    package static var maximumFrames: Int { 64 }
    /// The most frames a plan can have: those sent for each pack count sixteen times.
    package static var maximumTemplates: Int { FrameSet.capacity }

    /// The frames in the order in which they are sent.
    package internal(set) var frames: [FrameTemplate] = []
    var numbers: [NumberRow] = []
    var alarms: [AlarmRow] = []
    var fallbacks: [FallbackRow] = []
    var tables: [TableRow] = []
    var entries: [TableEntry] = []
    var texts: [TextRow] = []
    var counters: [CounterRow] = []
    var checksums: [ChecksumRow] = []

    init() {}

    /// Whether this bank is sent the frame at `index` at all; not whether its values are known.
    package func isWanted(_ index: Int, packs: Int) -> Bool {
        let frame = frames[index]
        guard Int(frame.pack) <= packs else { return false }
        switch frame.condition {
        case .always: return true
        case .onePack: return packs == 1
        case .severalPacks: return packs > 1
        }
    }

    /// The frame at `index` for these values, or nil when it must not be sent.
    ///
    /// A frame with a made-up number is never sent: nil when a value it needs is unknown, when its
    /// pack is not online or not configured, and when it is not for a bank of this size. `count` is
    /// how often it was sent before, for frames that count themselves.
    package func encode(_ index: Int, _ values: BankValues, count: UInt64 = 0) -> CANFrame? {
        let frame = frames[index]
        if frame.pack != 0 || frame.condition != .always, !isSendable(frame, values) { return nil }
        let offset = frame.pack == 0 ? 0 : (Int(frame.pack) - 1) * BankValue.packCount
        var bits = frame.bits
        var swapped: UInt64 = 0
        for row in frame.numbers.indices {
            let number = numbers[row]
            let value = values.raw(number.source, offset)
            if value == .min { return nil }
            let field = (UInt64(bitPattern: Self.raw(value, number)) & number.mask) << number.shift
            if number.isLittleEndian { bits |= field } else { swapped |= field }
        }
        bits |= swapped.byteSwapped
        if frame.alarms.count > 0 { bits ^= alarmBits(frame, values) }
        if frame.hasRareRows {
            guard let rare = rareBits(frame, values, bits, offset, count) else { return nil }
            bits = rare
        }
        return CANFrame(frame.identifier, length: frame.length, bits: bits)
    }

    /// Alarms of the bank, or of the frame's pack only.
    @inline(__always)
    private func alarmBits(_ frame: FrameTemplate, _ values: BankValues) -> UInt64 {
        var (warnings, protections, faults) = (values.warnings, values.protections, values.faults)
        if frame.pack != 0 {
            (warnings, protections, faults) = values.alarms(pack: Int(frame.pack) - 1)
        }
        var flips: UInt64 = 0
        for row in frame.alarms.indices {
            let alarm = alarms[row]
            let raised =
                warnings.rawValue & alarm.warnings | protections.rawValue & alarm.protections
                | faults.rawValue & alarm.faults
            if raised != 0 { flips |= alarm.flip }
        }
        return flips
    }

    private func isSendable(_ frame: FrameTemplate, _ values: BankValues) -> Bool {
        if frame.pack != 0, values[.packOnline, pack: Int(frame.pack) - 1] != 1 { return false }
        switch frame.condition {
        case .always: return true
        case .onePack: return values[.packsConfigured] == 1
        case .severalPacks: return values[.packsConfigured].map { $0 > 1 } ?? false
        }
    }

    /// Rounds to the nearest raw number, halves away from zero, and clamps.
    @inline(__always)
    static func raw(_ value: Int32, _ row: NumberRow) -> Int64 {
        var raw: Int64
        if row.numerator == 1 {
            let divisor = UInt32(row.denominator)
            let (rounded, overflow) = value.magnitude.addingReportingOverflow(divisor / 2)
            let quotient = Int64((overflow ? UInt32.max : rounded) / divisor)
            raw = value < 0 ? -quotient : quotient
        } else {
            raw = (Int64(value) * Int64(row.numerator)).dividedRounding(by: Int64(row.denominator))
        }
        raw += row.addend
        return raw < row.minimum ? row.minimum : raw > row.maximum ? row.maximum : raw
    }
}
