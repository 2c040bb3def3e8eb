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
    var numbers: [NumberRow] = []
    var flags: [FlagRow] = []
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
        let head = heads[index]
        if head.isConditional, !isSendable(index, values) { return nil }
        let offset = Int(head.offset)
        let known = values.allNumbers.span
        var bits = head.bits
        var swapped: UInt64 = 0
        var row = Int(head.numbers.first)
        let lastNumber = row &+ Int(head.numbers.count)
        while row < lastNumber {
            let number = numbers[row]
            let source = Int(number.source)
            let value = known[source < BankValue.bankCount ? source : source &+ offset]
            if value == .min { return nil }
            let raw = (UInt64(bitPattern: number.raw(value)) & number.mask) &<< number.wideShift
            if number.isLittleEndian { bits |= raw } else { swapped |= raw }
            row &+= 1
        }
        bits |= swapped.byteSwapped
        row = Int(head.flags.first)
        let lastFlag = row &+ Int(head.flags.count)
        while row < lastFlag {
            let source = Int(flags[row].source)
            let value = known[source < BankValue.bankCount ? source : source &+ offset]
            if value == .min { return nil }
            if value > 0 { bits |= flags[row].bit }
            row &+= 1
        }
        if head.alarms.count > 0 { bits ^= alarmBits(head, values) }
        if head.hasRareRows {
            guard let rare = rareBits(frames[index], values, bits, offset, count) else {
                return nil
            }
            bits = rare
        }
        return CANFrame(head.identifier, length: head.length, bits: bits)
    }

    /// Alarms of the bank, or of the frame's pack only.
    @inline(__always)
    private func alarmBits(_ head: FrameHead, _ values: BankValues) -> UInt64 {
        var (warnings, protections, faults) = (values.warnings, values.protections, values.faults)
        if head.pack != 0 {
            (warnings, protections, faults) = values.alarms(pack: Int(head.pack) - 1)
        }
        if warnings.rawValue | protections.rawValue | faults.rawValue == 0 { return 0 }
        var flips: UInt64 = 0
        var row = Int(head.alarms.first)
        let last = row &+ Int(head.alarms.count)
        while row < last {
            let alarm = alarms[row]
            let raised =
                warnings.rawValue & alarm.warnings | protections.rawValue & alarm.protections
                | faults.rawValue & alarm.faults
            if raised != 0 { flips |= alarm.flip }
            row &+= 1
        }
        return flips
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
