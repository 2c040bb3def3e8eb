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
struct NumberRow: Sendable {
    var source: UInt8
    var place: FieldPlace
    /// Negative where the protocol counts the other way round.
    var numerator: Int32
    var denominator: Int32
    var addend: Int64
    var range: ClosedRange<Int64>
    var rounding: Rounding

    /// The bit in the frame word, first byte lowest, of a field of one bit that shows whether the value
    /// is above zero; nil for every other row.
    var flagBit: UInt64? {
        guard place.mask == 1, numerator == 1, denominator == 1, addend == 0, range == 0...1
        else { return nil }
        return place.bits(1)
    }

    /// Scales, rounds and clamps.
    func raw(_ value: Int32) -> Int64 {
        let product = Int64(value) * Int64(numerator)
        let divisor = denominator.magnitude
        let sum = product.magnitude &+ UInt64(rounding.bias(divisor))
        let magnitude = Int64(truncatingIfNeeded: sum / UInt64(max(1, divisor)))
        let raw = (product < 0 ? 0 &- magnitude : magnitude) &+ addend
        return min(max(raw, range.lowerBound), range.upperBound)
    }
}

/// A number that is only divided, into an Intel field: what nearly every field is, made small and quick.
struct StepRow: Sendable {
    /// 2^64 ÷ denominator rounded up, which replaces the division; for 1, the largest there is.
    ///
    /// Exact for every sum of magnitude and bias, which is below 2^32: the error of the factor is at
    /// most the denominator, and denominator × 2^32 is below 2^64. For 1 it is one too small, which
    /// takes one off every sum above zero; its bias of one makes up for that.
    private let reciprocal: UInt64
    /// Addend less the lowest raw number, wrapped, so that one comparison tells whether to clamp.
    private let lift: UInt64
    /// How many steps the highest raw number is above the lowest.
    private let width: UInt64
    private let lowest: UInt64
    private let mask: UInt64
    /// How it is rounded, as what is added to the magnitude.
    private let bias: UInt32
    let source: UInt8
    private let shift: UInt8

    /// Nil for a row that needs more than this.
    init?(_ row: NumberRow) {
        guard row.numerator == 1, row.denominator > 0, row.place.isLittleEndian else { return nil }
        let divisor = row.denominator.magnitude
        reciprocal = divisor == 1 ? .max : .max / UInt64(divisor) + 1
        bias = divisor == 1 ? 1 : row.rounding.bias(divisor)
        lowest = UInt64(bitPattern: row.range.lowerBound)
        lift = UInt64(bitPattern: row.addend) &- lowest
        width = UInt64(bitPattern: row.range.upperBound) &- lowest
        (source, mask, shift) = (row.source, row.place.mask, row.place.shift)
    }

    /// The field's bits in the frame word, first byte lowest: scaled, rounded and clamped.
    @inline(__always)
    func bits(_ value: Int32) -> UInt64 {
        let sum = UInt64(value.magnitude) &+ UInt64(bias)
        let magnitude = sum.multipliedFullWidth(by: reciprocal).high
        let quotient = value < 0 ? 0 &- magnitude : magnitude
        var steps = quotient &+ lift
        if steps > width {
            let isBelow = Int64(bitPattern: steps &+ lowest) < Int64(bitPattern: lowest)
            steps = isBelow ? 0 : width
        }
        return ((steps &+ lowest) & mask) &<< UInt64(shift)
    }
}

/// Sets one bit while a value that is 0 or 1 is 1.
struct FlagRow: Sendable {
    var source: UInt8
    /// In the frame word, first byte lowest.
    var bit: UInt64
}

/// A number with raw numbers of its own for "not known" and for a stopped bank.
struct FallbackRow: Sendable {
    var number: NumberRow
    /// What is sent for a value that is not known; nil withholds the frame.
    var unknown: Int64?
    /// What is sent instead of any value while the bank is stopped.
    var whenStopped: Int64?

    /// The same as a quick row and the bits for "not known", where that is all there is to it.
    var step: (row: StepRow, unknown: UInt64)? {
        guard let unknown, whenStopped == nil, let row = StepRow(number) else { return nil }
        return (row, number.place.bits(unknown))
    }
}

/// What a quick row puts into the frame while its value is not known.
struct UnknownStep: Sendable {
    /// The place in ``FramePlan/steps``.
    var row: Int
    /// In the frame word, first byte lowest.
    var bits: UInt64
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
    /// What is sent instead of any value while the bank is stopped.
    var whenStopped: Int64?
}

/// One entry of a list: the value in our unit and what is sent for it.
struct TableEntry: Sendable {
    var value: Int32
    var raw: Int64
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
    var steps = RowRange()
    var flags = RowRange()
    /// Where its part of ``FramePlan/flips`` begins; nil without alarms.
    var flips: UInt16?
    /// Whether it has rows of any kind but the three above.
    var hasRareRows = false
    var numbers = RowRange()
    var fallbacks = RowRange()
    var tables = RowRange()
    var texts = RowRange()
    var counters = RowRange()
    var checksums = RowRange()
}

/// The part of a template that is read for every frame that is encoded.
struct FrameHead: Sendable {
    /// The frame as it is before any row.
    let frame: CANFrame
    /// The bits of the bytes that it has.
    let used: UInt64
    /// Whether it is for every bank, of no pack, and has no rare rows.
    let isPlain: Bool
    let steps: RowRange
    let flags: RowRange
    let flips: UInt16?

    init(_ frame: FrameTemplate) {
        let whole = CANFrame(frame.identifier, length: frame.length, bits: .max)
        used = whole?.bits ?? 0
        self.frame = CANFrame(frame.identifier, length: frame.length, bits: frame.bits) ?? .empty
        isPlain = frame.pack == 0 && frame.condition == .always && !frame.hasRareRows
        (steps, flags, flips) = (frame.steps, frame.flags, frame.flips)
    }
}
