import CANBus
import Quantities

/// What a missing keep-alive does.
package enum KeepAliveAction: UInt8, Sendable {
    /// Nobody looks.
    case off
    /// An alarm is raised.
    case report
    /// An alarm is raised and the limits go to zero.
    case stop
}

/// What is sent before the inverter's first keep-alive.
package enum BeforeKeepAlive: UInt8, Sendable {
    /// As usual.
    case values
    /// Nothing.
    case silence
    /// What a stopped bank sends.
    case stop
}

/// How the inverter shows that it lives.
package struct KeepAliveRule: Sendable {
    /// The frames that are a sign of life, in 11 bits or, as one inverter does it, in 29.
    package var identifiers: [CANIdentifier] = []
    /// What must stand in them; nil is anything.
    package var length: UInt8?
    /// The bytes, the first lowest; they count only with a length.
    package var bits: UInt64 = 0
    /// How long it may be missing.
    package var timeout: TimeSpan = .seconds(10)
    /// What a missing one does.
    package var action = KeepAliveAction.off
    /// What is sent before the first.
    package var before = BeforeKeepAlive.values

    /// No sign of life is known.
    package init() {}

    /// Whether a frame has the identifier of a sign of life, whatever stands in it.
    package func concerns(_ frame: CANFrame) -> Bool {
        for identifier in identifiers where identifier.rawValue == frame.identifier.rawValue {
            return true
        }
        return false
    }

    /// Whether a frame is a sign of life: identifier and, where it is agreed, content.
    package func accepts(_ frame: CANFrame) -> Bool {
        guard concerns(frame) else { return false }
        guard let length else { return true }
        return frame.length == length && frame.bits == bits
    }
}

/// Something an inverter may ask for, compiled: a field of a frame has a value.
package struct CommandRow: Hashable, Sendable {
    var identifier: CANIdentifier
    /// The bytes the frame must have for the field to be there.
    var length: UInt8
    var place: FieldPlace
    var equals: UInt64
    /// Whether the limits go to zero.
    package internal(set) var stops: Bool

    /// Whether a frame carries the field at all, and then whether the request stands in it.
    func asks(in frame: CANFrame) -> Bool? {
        guard frame.identifier == identifier, frame.length >= length else { return nil }
        let word = place.isLittleEndian ? frame.bits : frame.bits.byteSwapped
        return word >> UInt64(place.shift) & place.mask == equals
    }
}

/// Watches for the inverter's keep-alive frame and for its requests.
package struct InverterWatch: Sendable {
    /// How the inverter is doing.
    package enum State: UInt8, Sendable {
        /// Not watched, or never seen since the start.
        case unseen
        /// Seen within the time-out.
        case present
        /// Was seen and is missing.
        case silent
    }

    private let rule: KeepAliveRule
    private let commands: [CommandRow]
    /// What a missing keep-alive does.
    package let action: KeepAliveAction
    private var lastAt: Instant = .never
    /// How many keep-alives came.
    package private(set) var count: UInt64 = 0
    /// How many came with other content than agreed and did not count.
    package private(set) var wrong: UInt64 = 0
    /// Bit n: command n is being asked for.
    package private(set) var requests: UInt32 = 0

    /// The most commands one profile can have.
    package static var maximumCommands: Int { 32 }

    /// Watches as a profile says; the installer decides what a missing keep-alive does.
    package init(_ rule: KeepAliveRule, action: KeepAliveAction, commands: [CommandRow] = []) {
        self.rule = rule
        self.commands = commands
        self.action = rule.identifiers.isEmpty ? .off : action
    }

    /// Watches for `identifier` with any content.
    package init(identifier: CANIdentifier?, timeout: TimeSpan, action: KeepAliveAction) {
        var rule = KeepAliveRule()
        if let identifier { rule.identifiers = [identifier] }
        rule.timeout = timeout
        self.init(rule, action: action)
    }

    /// Takes a received frame.
    package mutating func handle(_ frame: CANFrame, at now: Instant) {
        for index in commands.indices.prefix(Self.maximumCommands) {
            guard let asks = commands[index].asks(in: frame) else { continue }
            let bit: UInt32 = 1 << UInt32(index)
            if asks { requests |= bit } else { requests &= ~bit }
        }
        guard rule.concerns(frame) else { return }
        guard rule.accepts(frame) else {
            wrong &+= 1
            return
        }
        lastAt = now
        count &+= 1
    }

    /// Whether the inverter asks to stop: the last value of the field still stands.
    package var asksToStop: Bool {
        for index in commands.indices.prefix(Self.maximumCommands)
        where commands[index].stops && requests & 1 << UInt32(index) != 0 { return true }
        return false
    }

    /// How the inverter is doing at `now`.
    package func state(at now: Instant) -> State {
        guard action != .off, lastAt != .never else { return .unseen }
        return now.since(lastAt) <= rule.timeout ? .present : .silent
    }

    /// Takes over what an earlier watch saw, when it waited for the same sign of life.
    package mutating func adopt(_ earlier: InverterWatch) {
        guard rule.identifiers == earlier.rule.identifiers, rule.length == earlier.rule.length,
            rule.bits == earlier.rule.bits
        else { return }
        lastAt = earlier.lastAt
        count = earlier.count
        wrong = earlier.wrong
        // The same requests stand as long as the same frames ask for them.
        if commands == earlier.commands { requests = earlier.requests }
    }

    /// Whether a keep-alive came within the time-out, also where a missing one does nothing.
    package func isPresent(at now: Instant) -> Bool {
        lastAt != .never && now.since(lastAt) <= rule.timeout
    }

    /// What is sent now as far as the first keep-alive decides; `values` once it came.
    package var before: BeforeKeepAlive { lastAt == .never ? rule.before : .values }

    /// When the state can next change by itself.
    package var deadline: Instant {
        action == .off || lastAt == .never
            ? Instant(nanoseconds: .max) : lastAt + rule.timeout + .milliseconds(1)
    }

    /// When the last keep-alive came.
    package var lastSeen: Instant { lastAt }
}
