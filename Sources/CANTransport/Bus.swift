import CANBus
import Glibc

/// How a CAN bus is, as far as this end can tell.
package enum BusState: String, Hashable, Sendable, CaseIterable {
    /// Frames go out and come in.
    case active
    /// Works, with many errors: one of the controller's counters has passed 96 (ISO 11898-1).
    case warning
    /// Works badly: a counter has passed 127, so other nodes no longer hear about our errors.
    case passive
    /// The controller has taken itself off the bus; nothing goes out until it is restarted.
    case busOff = "bus_off"
    /// The interface exists and is switched off, or an adapter is being set up.
    case down
    /// There is no such interface or adapter, or it cannot be opened.
    case removed

    /// Whether a frame handed over now has a chance to leave.
    package var carriesFrames: Bool {
        switch self {
        case .active, .warning, .passive: true
        case .busOff, .down, .removed: false
        }
    }
}

/// What became of a frame handed to a bus.
package enum SendOutcome: Hashable, Sendable {
    /// The system or the adapter has it, or it waits in line and a newer frame with its identifier
    /// will take its place. That it reached another node is not known.
    case accepted
    /// The line is full. The frame is dropped; a newer one may be tried in the next cycle.
    case full
    /// The bus carries nothing now. The frame is dropped.
    case down
}

/// What a bus has done since the program started; the counts only grow.
package struct BusCounters: Hashable, Sendable {
    /// Frames accepted by the system or the adapter.
    package var sent: UInt64 = 0
    /// Data frames received.
    package var received: UInt64 = 0
    /// Frames dropped because the line was full, or because a newer one took their place in it.
    package var dropped: UInt64 = 0
    /// Frames dropped because the bus carried nothing.
    package var undeliverable: UInt64 = 0
    /// Frames accepted and then refused by an adapter.
    package var refused: UInt64 = 0
    /// Error frames from the driver, or error reports from an adapter.
    package var errorFrames: UInt64 = 0
    /// Remote requests and lines that are no frames; both are passed over.
    package var ignored: UInt64 = 0
    /// How often the interface or adapter was opened.
    package var openings: UInt64 = 0

    /// Begins at zero.
    package init() {}
}

/// A CAN bus that looks after itself: opens, notices trouble, comes back.
///
/// One thread owns it and calls it in a loop: wait in `poll` for `descriptor` or `nextAttention`,
/// then `receive`, then `attend`. No call blocks or throws, and neither `send` nor `receive`
/// allocates. Every moment is in nanoseconds of the monotonic clock.
package protocol Bus: AnyObject {
    /// The interface or device, for people and logs.
    var name: String { get }
    /// For `poll`; -1 while closed, which `poll` passes over.
    var descriptor: Int32 { get }
    /// Whether `poll` must also wait until the descriptor is writable.
    var wantsToWrite: Bool { get }
    /// When `attend` must be called at the latest; `Int64.max` when there is no need.
    var nextAttention: Int64 { get }
    /// How the bus is.
    var state: BusState { get }
    /// What the bus has done.
    var counters: BusCounters { get }
    /// Why the bus carries nothing, when a person can do something about it.
    var problem: BusError? { get }

    /// Opens, reopens, sets up and writes what is left over, as far as it is due.
    func attend(at now: Int64)
    /// Hands over a frame, or drops it.
    func send(_ frame: CANFrame, at now: Int64) -> SendOutcome
    /// Gives the frames that have arrived to `body`, a bounded number a call; returns how many.
    func receive(at now: Int64, _ body: (CANFrame) -> Void) -> Int
    /// Gives the interface or adapter back. The next `attend` opens it again.
    func close()
}

extension Bus {
    /// What to wait for, as the bus is now.
    package var pollRequest: pollfd {
        pollfd(
            fd: descriptor, events: Int16(POLLIN) | (wantsToWrite ? Int16(POLLOUT) : 0), revents: 0)
    }
}
