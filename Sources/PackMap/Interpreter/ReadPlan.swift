import Bank
import Modbus
import Quantities

/// How a number lies in a block's data bytes.
package enum RawType: UInt8, Sendable {
    case u16, i16, u32, i32
    /// 32 bits with the low word first.
    case u32LowFirst, i32LowFirst
    /// One byte.
    case u8, i8
    /// The low byte first throughout.
    case u16Little, i16Little, u32Little, i32Little

    /// How many bytes it takes.
    package var width: Int {
        switch self {
        case .u8, .i8: 1
        case .u16, .i16, .u16Little, .i16Little: 2
        case .u32, .i32, .u32LowFirst, .i32LowFirst, .u32Little, .i32Little: 4
        }
    }
}

/// What the offset of a place counts from.
package enum PlaceAnchor: UInt8, Sendable {
    /// The first data byte of the block.
    case start
    /// The end of the last cell or probe that is fitted.
    case cells, probes
}

/// Where a number lies in the data of a block.
package struct Place: Hashable, Sendable {
    /// Bytes from the anchor.
    package var offset: UInt16
    package var anchor: PlaceAnchor
    package var type: RawType

    /// Names a place.
    package init(offset: UInt16, anchor: PlaceAnchor = .start, type: RawType) {
        self.offset = offset
        self.anchor = anchor
        self.type = type
    }
}

/// Where a decoded value goes.
package enum ValueTarget: Hashable, Sendable {
    case signal(PackSignal)
    /// Cell by index from 0; mV.
    case cell(UInt8)
    /// Probe by index from 0; 0.1 °C.
    case probe(UInt8)
}

extension ValueTarget {
    /// The voltage of the pack or of a cell.
    package var isMeasuredVoltage: Bool {
        if case .cell = self { return true }
        return self == .signal(.voltage)
    }

    /// Whether no battery at work has zero here, so that a block of zeros that holds it is false.
    ///
    /// A charge or a current of zero can be; a battery without voltage or capacity cannot.
    package var isNeverZero: Bool {
        switch self {
        case .cell: true
        case .probe: false
        case .signal(let signal):
            switch signal {
            case .voltage, .chargeVoltageLimit, .dischargeVoltageLimit, .fullCapacity,
                .designCapacity, .cellVoltageMean, .cellVoltageMaximum, .cellVoltageMinimum:
                true
            default: false
            }
        }
    }
}

/// What the gate does with a value, in the target's unit.
package struct ValueGate: Sendable {
    /// The smallest and largest plausible value.
    package var minimum: Int32
    package var maximum: Int32
    /// The largest believable change against the last value, or zero for any.
    package var jump: Int32 = 0
    /// How long the last value judges.
    package var jumpSpan = TimeSpan.zero
    /// Whether an impossible value condemns the whole block or only itself.
    package var dropsBlock: Bool
}

/// One value of a block: value = (raw + addend) × numerator ÷ denominator in the target's unit,
/// with whatever its operands do to it.
package struct ValueRow: Sendable {
    package var block: UInt8
    package var place: Place
    package var target: ValueTarget
    /// The lowest bit of a bit range, and its mask after shifting; a mask of zero is the whole.
    package var shift: UInt8 = 0
    package var mask: UInt32 = 0
    package var addend: Int64
    package var numerator: Int64
    package var denominator: Int64
    /// Raw numbers that mean "not available", as a range of the plan's list.
    package var absentStart: UInt16
    package var absentCount: UInt8
    /// Other numbers that take part, as a range of the plan's list.
    package var operandStart: UInt16 = 0
    package var operandCount: UInt8 = 0
    /// Which part of the cells or probes it belongs to: those that one request reads.
    package var part: UInt8 = 0
    package var gate: ValueGate
}

/// What another number does to a value.
package enum OperandKind: UInt8, Sendable {
    /// Raw less the other.
    case minus
    /// Times the other.
    case times
    /// Times ten to the power of the other, −10…10.
    case exponent
    /// Negative while the other is one of some numbers, else positive, whatever its own sign.
    case negative
}

/// Another number of the same block that takes part in a value.
package struct Operand: Sendable {
    package var kind: OperandKind
    package var place: Place
    /// For `negative`: the numbers, as a range of the plan's list of codes.
    package var codeStart: UInt16 = 0
    package var codeCount: UInt8 = 0
}

/// Cells or probes whose fitted number the pack tells.
package struct RunRow: Sendable {
    package var block: UInt8
    /// Cells, or else probes.
    package var isCells: Bool
    /// The first entry.
    package var place: Place
    /// Bytes from one entry to the next.
    package var stride: UInt16
    /// How many a usual pack has, and the most there can be.
    package var nominal: UInt8
    package var most: UInt8
    /// Where the number of fitted entries lies.
    package var count: Place?
    /// Where a bit for each entry tells whether it is fitted.
    package var presence: Place?
}

/// What is worked out from other values instead of being read.
package enum ComputedKind: UInt8, Sendable {
    /// The remaining charge as a part of the full one.
    case remainingOverFull
    /// The sum of all cells.
    case cellSum
}

/// A value that is worked out once its block was taken.
package struct ComputedRow: Sendable {
    package var block: UInt8
    package var kind: ComputedKind
    package var target: PackSignal
    package var gate: ValueGate
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
    package var operands: [Operand] = []
    /// Cells before probes.
    package var runs: [RunRow] = []
    package var computed: [ComputedRow] = []
    package var flags: [FlagRow] = []
    package var rules: [FlagRule] = []
    /// Codes for "not available", and the numbers of `negative` operands.
    package var absent: [Int64] = []
    package var texts: [TextRow] = []
    /// Every state some flag row can report.
    package var knownStates: PackStates = []
    /// What is added to the unit id of a request to get that of the reply.
    package var replyOffset: Int16 = 0
    /// How far apart the addresses of two neighbouring registers are.
    package var addressStep: UInt16 = 1
    /// Whether addresses count from the line's base address.
    package var isRelative = false
    /// The pauses between the reads that wake a sleeping pack.
    package var wakePauses: [TimeSpan] = []
    /// How often a damaged answer is asked for again.
    package var retries: UInt8 = 1

    /// A plan without blocks.
    package init() {}

    /// The unit id that answers when `unit` is asked.
    package func replyUnit(for unit: UnitID) -> UnitID {
        UnitID(UInt8(truncatingIfNeeded: Int16(unit.rawValue) + replyOffset))
    }

    /// The plan with its addresses counted from `base`, where they are relative.
    package func relocated(to base: UInt16) -> ReadPlan {
        guard isRelative else { return self }
        var plan = self
        for index in plan.blocks.indices { plan.blocks[index].address &+= base }
        return plan
    }
}
