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
    var alarms = RowRange()
    /// Whether it has rows of any kind but the two above.
    var hasRareRows = false
    var fallbacks = RowRange()
    var tables = RowRange()
    var texts = RowRange()
    var counters = RowRange()
    var checksums = RowRange()
}
