import Bank
import Modbus
import Quantities

/// How a number lies in a block's data bytes.
package enum RawType: UInt8, Sendable {
    case u16, i16, u32, i32
    /// 32 bits with the low word first.
    case u32LowFirst, i32LowFirst
    /// The high or the low byte of a register.
    case u8High, u8Low, i8High, i8Low
}

/// Where a decoded value goes.
package enum ValueTarget: Hashable, Sendable {
    case signal(PackSignal)
    /// Cell by index from 0; mV.
    case cell(UInt8)
    /// Probe by index from 0; 0.1 °C.
    case probe(UInt8)
}

/// One value of a block: value = (raw + addend) × numerator ÷ denominator in the target's unit.
package struct ValueRow: Sendable {
    package var block: UInt8
    package var byteOffset: UInt16
    package var type: RawType
    package var target: ValueTarget
    package var addend: Int64
    package var numerator: Int64
    package var denominator: Int64
    /// Raw numbers that mean "not available", as a range of the plan's list.
    package var absentStart: UInt16
    package var absentCount: UInt8
    /// The smallest and largest plausible value in the target's unit.
    package var minimum: Int32
    package var maximum: Int32
    /// Whether an impossible value condemns the whole block or only itself.
    package var dropsBlock: Bool
}

/// What a flag bit stands for.
package enum FlagMeaning: Hashable, Sendable {
    case warning(AlarmKind)
    case protection(AlarmKind)
    case fault(AlarmKind)
    /// A state, by its bits in ``PackStates``.
    case state(UInt32)
}

/// One bit, or a group of bits of which any counts.
package struct FlagRule: Sendable {
    package var mask: UInt16
    package var meaning: FlagMeaning
}

/// One word or byte of flags.
package struct FlagRow: Sendable {
    package var block: UInt8
    package var byteOffset: UInt16
    /// 1 or 2 bytes.
    package var width: UInt8
    package var firstRule: UInt16
    package var ruleCount: UInt8
    /// Cell number − 1 of bit 0 when the word tells balancing, else −1.
    package var balancingFirstCell: Int8
}

/// Which text of a pack's identity a run of registers holds.
package enum TextField: UInt8, CaseIterable, Sendable { case serial, model, firmware }

/// One text of a block.
package struct TextRow: Sendable {
    package var block: UInt8
    package var byteOffset: UInt16
    package var length: UInt8
    package var field: TextField
}

/// When a block is read.
package enum PollRule: Hashable, Sendable {
    /// Every n-th cycle; 1 is every cycle.
    case every(UInt8)
    /// At the start, after a pack came back, and rarely otherwise.
    case once
}

/// One block of registers or bits, read with one request.
package struct PlanBlock: Sendable {
    package var function: FunctionCode
    package var address: UInt16
    package var count: UInt16
    package var poll: PollRule
    /// Whether the first frame to the inverter waits for it (rule 1).
    package var isRequired: Bool
    /// Whether a refusal of this block leaves the pack usable.
    package var mayFail: Bool
    /// Whether data bytes that are all zero are impossible.
    package var rejectsZero: Bool

    /// The request for this block of one unit.
    package func request(to unit: UnitID) -> ReadRequest? {
        ReadRequest(unit: unit, function: function, address: address, count: count)
    }
}

/// What is wrong with a block whose CRC was right.
package enum BlockVerdict: Hashable, Sendable {
    /// Taken over.
    case accepted
    /// Dropped: every byte is zero.
    case allZero
    /// Dropped: a value is impossible.
    case implausible(ValueTarget, Int32)
    /// Dropped: fewer bytes than the block has.
    case short
}

/// The texts by which a pack names itself.
package struct PackIdentity: Hashable, Sendable {
    /// Serial number; packs are keyed by it.
    package var serial = SerialNumber()
    /// Model name.
    package var model = SerialNumber()
    /// Firmware version.
    package var firmware = SerialNumber()

    /// Nothing known.
    package init() {}
}

/// A pack map compiled for reading: flat lists, no text, no heap while decoding.
package struct ReadPlan: Sendable {
    /// The blocks in the order in which they are read.
    package var blocks: [PlanBlock] = []
    package var values: [ValueRow] = []
    package var flags: [FlagRow] = []
    package var rules: [FlagRule] = []
    package var absent: [Int64] = []
    package var texts: [TextRow] = []
    /// Every state some flag row can report.
    package var knownStates: PackStates = []
    /// What is added to the unit id of a request to get that of the reply.
    package var replyOffset: Int16 = 0

    /// A plan without blocks.
    package init() {}

    /// The unit id that answers when `unit` is asked.
    package func replyUnit(for unit: UnitID) -> UnitID {
        UnitID(UInt8(truncatingIfNeeded: Int16(unit.rawValue) + replyOffset))
    }
}
