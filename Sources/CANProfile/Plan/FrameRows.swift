import Bank
import CANBus
import Quantities

/// Where a number goes in a frame.
struct FieldPlace: Hashable, Sendable {
    var isLittleEndian: Bool
    /// Left shift in the frame word (Intel) or in the byte-swapped one (Motorola).
    var shift: UInt8
    var mask: UInt64

    /// The field's bits in the frame word, first byte lowest.
    @inline(__always)
    func bits(_ raw: Int64) -> UInt64 {
        let field = (UInt64(bitPattern: raw) & mask) << UInt64(shift)
        return isLittleEndian ? field : field.byteSwapped
    }
}

/// Which whole number a value between two raw steps becomes.
enum Rounding: UInt8, Sendable {
    /// The nearer one, halves away from zero.
    case nearest
    /// The one towards zero, or away from it: for limits, which must never come out looser.
    case down, up

    /// What is added to a magnitude before it is divided by `divisor` and cut.
    func bias(_ divisor: UInt32) -> UInt32 {
        switch self {
        case .nearest: divisor / 2
        case .down: 0
        case .up: divisor - 1
        }
    }
}

/// Puts one number into a frame: raw = value × numerator ÷ denominator + addend, rounded, clamped.
package struct NumberRow: Sendable {
    var source: UInt8
    var isLittleEndian: Bool
    /// Left shift in the frame word (Intel) or in the byte-swapped one (Motorola).
    var shift: UInt8
    var mask: UInt64
    /// Negative where the protocol counts the other way round.
    var numerator: Int32
    var denominator: Int32
    var addend: Int64
    var minimum: Int64
    var maximum: Int64
    /// How it is rounded, as what is added to the magnitude of value × numerator.
    private(set) var bias: UInt32
    /// 2^63 ÷ denominator rounded up, which replaces the division; 0 where it cannot.
    ///
    /// Exact for every sum of magnitude and bias, which is below 2^32: the error of the factor is at
    /// most the denominator, and denominator × 2^32 is below 2^63.
    private(set) var reciprocal: UInt64

    init(
        source: UInt8, place: FieldPlace, numerator: Int32, denominator: Int32, addend: Int64,
        range: ClosedRange<Int64>, rounding: Rounding
    ) {
        self.source = source
        (isLittleEndian, shift, mask) = (place.isLittleEndian, place.shift, place.mask)
        (self.numerator, self.denominator) = (numerator, denominator)
        self.addend = addend
        (minimum, maximum) = (range.lowerBound, range.upperBound)
        let divisor = denominator.magnitude
        bias = rounding.bias(divisor)
        let half: UInt64 = 1 << 63
        reciprocal = numerator != 1 ? 0 : divisor == 1 ? half : half / UInt64(divisor) + 1
    }

    @inline(__always)
    var wideShift: UInt64 { UInt64(shift) }

    /// The bit in the frame word, first byte lowest, of a field of one bit that shows whether the value
    /// is above zero; nil for every other row.
    var flagBit: UInt64? {
        guard mask == 1, numerator == 1, denominator == 1, addend == 0, (minimum, maximum) == (0, 1)
        else { return nil }
        return FieldPlace(isLittleEndian: isLittleEndian, shift: shift, mask: mask).bits(1)
    }

    /// Scales, rounds and clamps.
    @inline(__always)
    func raw(_ value: Int32) -> Int64 {
        let quotient: Int64
        if reciprocal != 0 {
            let sum = (UInt64(value.magnitude) &+ UInt64(bias)) &<< 1
            let magnitude = Int64(
                truncatingIfNeeded: sum.multipliedFullWidth(by: reciprocal).high)
            quotient = value < 0 ? 0 &- magnitude : magnitude
        } else {
            let product = Int64(value) * Int64(numerator)
            let sum = product.magnitude &+ UInt64(bias)
            let magnitude = Int64(truncatingIfNeeded: sum / UInt64(denominator.magnitude))
            quotient = product < 0 ? 0 &- magnitude : magnitude
        }
        let raw = quotient &+ addend
        return raw < minimum ? minimum : raw > maximum ? maximum : raw
    }
}

/// Sets one bit while a value that is 0 or 1 is 1.
struct FlagRow: Sendable {
    var source: UInt8
    /// In the frame word, first byte lowest.
    var bit: UInt64
}

/// A number with a raw number of its own for "not known".
struct FallbackRow: Sendable {
    var number: NumberRow
    var unknown: Int64
}

/// Looks a value up in a list.
struct TableRow: Sendable {
    var source: UInt8
    var place: FieldPlace
    /// Its entries in ``FramePlan/entries``.
    var first: UInt16
    var count: UInt8
    /// What is sent for a value that is not listed or not known; nil withholds the frame.
    var unknown: Int64?
}

/// One entry of a list: the value in our unit and what is sent for it.
struct TableEntry: Sendable {
    var value: Int32
    var raw: Int64
}

/// Flips bits when any of these alarms is raised; the template holds the cleared ones.
package struct AlarmRow: Sendable {
    var flip: UInt64
    var warnings: UInt64
    var protections: UInt64
    var faults: UInt64
}

/// Which text of the bank or of a pack a field carries.
package enum TextSource: UInt8, CaseIterable, Sendable {
    /// The first known serial number of the bank, and that of the frame's pack.
    case serial, packSerial
    /// The gateway's name.
    case gateway
    /// `P07C12`
    case cellMaximumName, cellMinimumName
    /// `P07T2`
    case temperatureMaximumName, temperatureMinimumName
}

/// Puts characters of a text into whole bytes.
struct TextRow: Sendable {
    var source: TextSource
    /// The first character that is sent, from 0.
    var from: UInt8
    /// The first byte of the frame and how many bytes.
    var byte: UInt8
    var count: UInt8
    /// What fills the rest: a space or zero.
    var pad: UInt8
}

/// Puts the count of sendings into a frame.
struct CounterRow: Sendable {
    var place: FieldPlace
}

/// How a checksum is computed over all other bytes of a frame.
package enum ChecksumKind: UInt8, Sendable {
    /// The low byte of the sum.
    case sum8
    /// All bytes exclusive-ored.
    case xor8
    /// Polynomial x⁸+x²+x+1 (0x07), from 0, the first byte first, neither reflected nor inverted.
    case crc8
}

/// Puts a checksum into one byte of a frame.
struct ChecksumRow: Sendable {
    var kind: ChecksumKind
    var byte: UInt8
}

/// For which banks a frame is sent.
package enum FrameCondition: UInt8, Sendable {
    /// For all.
    case always
    /// Where one pack is configured, or more than one.
    case onePack, severalPacks
}

/// Where a frame's rows of one kind are.
struct RowRange: Sendable {
    var first: UInt16 = 0
    var count: UInt8 = 0

    @inline(__always)
    var indices: Range<Int> { Int(first)..<(Int(first) + Int(count)) }
}

/// One frame: constants and texts are baked into the template.
package struct FrameTemplate: Sendable {
    /// On the bus.
    package internal(set) var identifier: CANIdentifier
    var length: UInt8
    var bits: UInt64
    /// How often it is sent.
    package internal(set) var cycle: TimeSpan
    /// How much later than the first frame, for pages that take turns.
    package internal(set) var phase: TimeSpan = .zero
    /// Its place among the pages that take turns, and how many these are.
    package internal(set) var turn: UInt16 = 0
    package internal(set) var turns: UInt16 = 1
    /// The pack it tells of, from 1; 0 for the bank.
    package internal(set) var pack: UInt8 = 0
    /// For which banks it is sent.
    package internal(set) var condition = FrameCondition.always
    var numbers = RowRange()
    var flags = RowRange()
    var alarms = RowRange()
    /// Whether it is not for every bank, or only while its pack is online.
    var isConditional: Bool { pack != 0 || condition != .always }
    /// Whether it has rows of any kind but the three above.
    var hasRareRows = false
    var fallbacks = RowRange()
    var tables = RowRange()
    var texts = RowRange()
    var counters = RowRange()
    var checksums = RowRange()
}

/// The part of a template that is read for every frame that is encoded.
struct FrameHead: Sendable {
    let identifier: CANIdentifier
    let length: UInt8
    let pack: UInt8
    let isConditional: Bool
    let hasRareRows: Bool
    /// How much further on the pack's values are than those of the first pack.
    let offset: UInt16
    let numbers: RowRange
    let flags: RowRange
    let alarms: RowRange
    let bits: UInt64

    init(_ frame: FrameTemplate) {
        identifier = frame.identifier
        length = frame.length
        pack = frame.pack
        isConditional = frame.isConditional
        hasRareRows = frame.hasRareRows
        offset = UInt16(max(1, Int(frame.pack)) - 1) * UInt16(BankValue.packCount)
        (numbers, flags, alarms) = (frame.numbers, frame.flags, frame.alarms)
        bits = frame.bits
    }
}
