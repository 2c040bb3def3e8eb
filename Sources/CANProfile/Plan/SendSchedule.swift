import Quantities

/// Decides which frames of a profile are due, keeping their phase.
package struct SendSchedule: Sendable {
    private var nextAt: [Instant]
    private let cycles: [TimeSpan]

    /// A schedule for frames with these cycles; nothing is due before `begin`.
    package init(cycles: [TimeSpan]) {
        self.cycles = cycles
        nextAt = [Instant](repeating: .never, count: cycles.count)
    }

    /// Begins to send at `now`.
    package mutating func begin(at now: Instant) {
        for index in nextAt.indices { nextAt[index] = now }
    }

    /// Stops sending.
    package mutating func stop() {
        for index in nextAt.indices { nextAt[index] = .never }
    }

    /// Whether `begin` was called.
    package var isRunning: Bool { nextAt.contains { $0 != .never } }

    /// When the next frame is due; the end of time when not begun.
    package var next: Instant {
        var earliest = Instant(nanoseconds: .max)
        for instant in nextAt where instant != .never && instant < earliest { earliest = instant }
        return earliest
    }

    /// The due frames at `now`, bit n for frame n; each is planned again one cycle later.
    ///
    /// The plan keeps its phase: a late wake-up does not move the following cycles. After a gap of
    /// more than a cycle it begins anew instead of catching up in a burst.
    package mutating func takeDue(now: Instant) -> UInt32 {
        var due: UInt32 = 0
        for index in nextAt.indices where nextAt[index] != .never && nextAt[index] <= now {
            due |= 1 << UInt32(index)
            let planned = nextAt[index] + cycles[index]
            nextAt[index] = planned <= now ? now + cycles[index] : planned
        }
        return due
    }

    /// The instant for which frame `index` is planned.
    package func planned(_ index: Int) -> Instant { nextAt[index] }
}
