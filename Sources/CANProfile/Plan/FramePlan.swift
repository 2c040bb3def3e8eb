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
    package internal(set) var frames: [FrameTemplate] = [] {
        didSet { heads = frames.map(FrameHead.init) }
    }
    /// What the encoder needs of each frame, close together.
    private var heads: [FrameHead] = []
    var steps: [StepRow] = []
    /// Those steps that have a number for "not known"; few, and looked at only then.
    var unknowns: [UnknownStep] = []
    var flags: [FlagRow] = []
    /// What each alarm flips: for every frame with alarms 64 warnings, 64 protections, 64 faults.
    var flips: [UInt64] = []
    var numbers: [NumberRow] = []
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
        let head = heads[index]
        guard head.isPlain else { return encodeAny(index, values, count) }
        var frame = head.frame
        if let flips = head.flips {
            frame.bits ^= alarmBits(flips, values.warnings, values.protections, values.faults)
        }
        guard let numbers = numberBits(head.steps, values, offset: 0),
            let switches = switchBits(head.flags, values, offset: 0)
        else { return nil }
        frame.bits = (frame.bits | numbers | switches) & head.used
        return frame
    }

    /// Frames of packs, those not for every bank and those with rare rows, too.
    @inline(never)
    private func encodeAny(_ index: Int, _ values: BankValues, _ count: UInt64) -> CANFrame? {
        guard isSendable(index, values) else { return nil }
        let head = heads[index]
        let position = Int(frames[index].pack) - 1
        let offset = max(0, position) * BankValue.packCount
        guard let numbers = numberBits(head.steps, values, offset: offset),
            let switches = switchBits(head.flags, values, offset: offset)
        else { return nil }
        var frame = head.frame
        if let flips = head.flips {
            let ofPack = values.alarms(pack: position)
            frame.bits ^=
                position < 0
                ? alarmBits(flips, values.warnings, values.protections, values.faults)
                : alarmBits(flips, ofPack.warnings, ofPack.protections, ofPack.faults)
        }
        guard
            let bits = rareBits(
                frames[index], values, frame.bits | numbers | switches, offset, count)
        else { return nil }
        frame.bits = bits & head.used
        return frame
    }

    /// The fields of numbers; nil when one is not known.
    @inline(__always)
    private func numberBits(_ rows: RowRange, _ values: BankValues, offset: Int) -> UInt64? {
        var bits: UInt64 = 0
        var row = Int(rows.first)
        let last = row &+ Int(rows.count)
        while row < last {
            let value = values.raw(steps[row].source, offset)
            if value != .min {
                bits |= steps[row].bits(value)
            } else if let unknown = unknownBits(row) {
                bits |= unknown
            } else {
                return nil
            }
            row &+= 1
        }
        return bits
    }

    /// What stands for a value that is not known; nil withholds the frame.
    @inline(never)
    private func unknownBits(_ row: Int) -> UInt64? {
        for unknown in unknowns where unknown.row == row { return unknown.bits }
        return nil
    }

    /// The fields of one bit; nil when a value is not known.
    @inline(__always)
    private func switchBits(_ rows: RowRange, _ values: BankValues, offset: Int) -> UInt64? {
        var bits: UInt64 = 0
        var row = Int(rows.first)
        let last = row &+ Int(rows.count)
        while row < last {
            let value = values.raw(flags[row].source, offset)
            if value == .min { return nil }
            if value > 0 { bits |= flags[row].bit }
            row &+= 1
        }
        return bits
    }

    /// What the raised alarms flip.
    @inline(__always)
    private func alarmBits(
        _ first: UInt16, _ warnings: AlarmSet, _ protections: AlarmSet, _ faults: AlarmSet
    ) -> UInt64 {
        if warnings.rawValue | protections.rawValue | faults.rawValue == 0 { return 0 }
        return alarmBits(Int(first), warnings) | alarmBits(Int(first) &+ 64, protections)
            | alarmBits(Int(first) &+ 128, faults)
    }

    /// What the raised alarms of one level flip.
    @inline(__always)
    private func alarmBits(_ first: Int, _ alarms: AlarmSet) -> UInt64 {
        var raised = alarms.rawValue
        var bits: UInt64 = 0
        while raised != 0 {
            bits |= flips[first &+ raised.trailingZeroBitCount]
            raised &= raised &- 1
        }
        return bits
    }

    private func isSendable(_ index: Int, _ values: BankValues) -> Bool {
        let pack = Int(frames[index].pack)
        if pack != 0, values[.packOnline, pack: pack - 1] != 1 { return false }
        switch frames[index].condition {
        case .always: return true
        case .onePack: return values[.packsConfigured] == 1
        case .severalPacks: return values[.packsConfigured].map { $0 > 1 } ?? false
        }
    }
}
