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

/// Watches for the inverter's keep-alive frame.
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

    private let identifier: CANIdentifier?
    private let timeout: TimeSpan
    /// What a missing keep-alive does.
    package let action: KeepAliveAction
    private var lastAt: Instant = .never
    /// How many keep-alives came.
    package private(set) var count: UInt64 = 0

    /// Watches for `identifier`, in 11 bits or, as one inverter does it, in 29.
    package init(identifier: CANIdentifier?, timeout: TimeSpan, action: KeepAliveAction) {
        self.identifier = identifier
        self.timeout = timeout
        self.action = identifier == nil ? .off : action
    }

    /// Takes a received frame.
    package mutating func handle(_ frame: CANFrame, at now: Instant) {
        guard let identifier, frame.identifier.rawValue == identifier.rawValue else { return }
        lastAt = now
        count &+= 1
    }

    /// How the inverter is doing at `now`.
    package func state(at now: Instant) -> State {
        guard action != .off, lastAt != .never else { return .unseen }
        return now.since(lastAt) <= timeout ? .present : .silent
    }

    /// When the state can next change by itself.
    package var deadline: Instant {
        action == .off || lastAt == .never
            ? Instant(nanoseconds: .max) : lastAt + timeout + .milliseconds(1)
    }

    /// When the last keep-alive came.
    package var lastSeen: Instant { lastAt }
}
