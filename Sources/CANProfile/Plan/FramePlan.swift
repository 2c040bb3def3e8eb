import Bank
import CANBus
import Quantities

/// Puts one number into a frame: raw = value × numerator ÷ denominator + addend, rounded, clamped.
package struct NumberRow: Sendable {
    var source: UInt8
    var isLittleEndian: Bool
    /// Left shift in the frame word (Intel) or in the byte-swapped one (Motorola).
    var shift: UInt8
    var mask: UInt64
    var numerator: Int32
    var denominator: Int32
    var addend: Int64
    var minimum: Int64
    var maximum: Int64
}

/// Sets one bit when any of these alarms is raised.
package struct AlarmRow: Sendable {
    var bit: UInt64
    var warnings: UInt64
    var protections: UInt64
    var faults: UInt64
}

/// One frame: constants and texts are baked into the template.
package struct FrameTemplate: Sendable {
    var identifier: CANIdentifier
    var length: UInt8
    var bits: UInt64
    /// How often it is sent.
    package var cycle: TimeSpan
    var firstNumber: UInt16
    var numberCount: UInt8
    var firstAlarm: UInt16
    var alarmCount: UInt8
}

/// A profile compiled for encoding: flat rows, no text, no heap, no lock.
package struct FramePlan: Sendable {
    /// The most frames one profile can have.
    package static var maximumFrames: Int { 32 }

    /// The frames in the order in which they are sent.
    package internal(set) var frames: [FrameTemplate] = []
    var numbers: [NumberRow] = []
    var alarms: [AlarmRow] = []

    init() {}

    /// The frame at `index` for these values, or nil when a value it needs is unknown: a frame with
    /// a made-up number is never sent.
    package func encode(_ index: Int, _ values: BankValues) -> CANFrame? {
        let frame = frames[index]
        var bits = frame.bits
        var swapped: UInt64 = 0
        for row in Int(frame.firstNumber)..<(Int(frame.firstNumber) + Int(frame.numberCount)) {
            let number = numbers[row]
            let value = values.raw(number.source)
            if value == .min { return nil }
            let field = (UInt64(bitPattern: Self.raw(value, number)) & number.mask) << number.shift
            if number.isLittleEndian { bits |= field } else { swapped |= field }
        }
        for row in Int(frame.firstAlarm)..<(Int(frame.firstAlarm) + Int(frame.alarmCount)) {
            let alarm = alarms[row]
            let raised =
                values.warnings.rawValue & alarm.warnings
                | values.protections.rawValue & alarm.protections
                | values.faults.rawValue & alarm.faults
            if raised != 0 { bits |= alarm.bit }
        }
        return CANFrame(frame.identifier, length: frame.length, bits: bits | swapped.byteSwapped)
    }

    /// Rounds to the nearest raw number, halves away from zero, and clamps.
    @inline(__always)
    private static func raw(_ value: Int32, _ row: NumberRow) -> Int64 {
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
