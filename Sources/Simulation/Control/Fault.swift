import Bank
import Modbus

/// What can be made to go wrong with a pack or with the whole line.
package enum Fault: Hashable, Sendable {
    /// Answers nothing, and works on.
    case silent
    /// Neither answers nor carries current: its plugs are out.
    case absent
    /// Answers this many milliseconds late.
    case slow(milliseconds: Int)
    /// Stray bytes before and after each answer.
    case noise
    /// Each answer has a wrong CRC.
    case crc
    /// Refuses with this Modbus exception.
    case exception(UInt8)
    /// An answer of a neighbour is glued to each answer, before and after it by turns.
    case glued
    /// Each answer comes in two parts, 20 ms apart.
    case split
    /// Each answer is all zero, with a valid CRC.
    case zero
    /// Answers from this unit id.
    case wrongUnit(UInt8)
    /// Has acted on this protection.
    case protection(AlarmKind)
    /// The adapter gives back what is sent.
    case echo
    /// Somebody else polls this unit once a second.
    case foreign(UInt8)
    /// The adapter is out of its socket.
    case unplugged

    /// The word in commands and in the status.
    package var word: String {
        switch self {
        case .silent: "silent"
        case .absent: "absent"
        case .slow(let milliseconds): "slow \(milliseconds)"
        case .noise: "noise"
        case .crc: "crc"
        case .exception(let code): "exception \(code)"
        case .glued: "glued"
        case .split: "split"
        case .zero: "zero"
        case .wrongUnit(let unit): "wrong-unit \(unit)"
        case .protection(let kind): "protection \(kind.code)"
        case .echo: "echo"
        case .foreign(let unit): "foreign \(unit)"
        case .unplugged: "unplugged"
        }
    }

    /// Whether the fault belongs to the line and not to a pack.
    package var isOfLine: Bool {
        switch self {
        case .echo, .foreign, .unplugged: true
        default: false
        }
    }

    /// Faults of one kind replace each other.
    func isSameKind(as other: Fault) -> Bool {
        word.split(separator: " ").first == other.word.split(separator: " ").first
            && (self == other || !isProtection)
    }

    private var isProtection: Bool {
        if case .protection = self { return true }
        return false
    }
}

/// The faults that stand, each until its moment.
package struct FaultTable: Sendable {
    private struct Entry: Sendable {
        let fault: Fault
        let until: Int64
    }

    /// By pack number; 0 is the line.
    private var entries: [Int: [Entry]] = [:]

    /// Nothing is wrong.
    package init() {}

    /// Raises a fault of packs, or of the line with an empty list, until a moment in nanoseconds.
    package mutating func raise(_ fault: Fault, packs: [Int], until: Int64) {
        for pack in fault.isOfLine ? [0] : packs {
            entries[pack, default: []].removeAll { $0.fault.isSameKind(as: fault) }
            entries[pack, default: []].append(Entry(fault: fault, until: until))
        }
    }

    /// Ends all faults of packs; 0 stands for the line.
    package mutating func clear(packs: [Int]) {
        for pack in packs { entries[pack] = nil }
    }

    /// The faults of one pack, or of the line with 0, that stand at `now`.
    package func active(_ pack: Int, at now: Int64) -> [Fault] {
        (entries[pack] ?? []).filter { $0.until > now }.map(\.fault)
    }
}
