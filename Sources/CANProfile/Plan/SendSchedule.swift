import Quantities

/// Decides which frames of a profile are due, keeping their phase.
package struct SendSchedule: Sendable {
    private var nextAt: [Instant]
    private let cycles: [TimeSpan]
    private let phases: [TimeSpan]
    private let turns: [(turn: UInt16, of: UInt16)]
    private let isPolled: Bool
    private var hasBegun = false
    private var polledAt: Instant = .never
    private var polls: UInt64 = 0

    /// Polls that come closer together are answered once.
    private static var pollPause: TimeSpan { .milliseconds(20) }

    /// A schedule for frames with these cycles; nothing is due before `begin`.
    package init(cycles: [TimeSpan]) {
        self.cycles = cycles
        phases = [TimeSpan](repeating: .zero, count: cycles.count)
        turns = [(turn: UInt16, of: UInt16)](repeating: (0, 1), count: cycles.count)
        isPolled = false
        nextAt = [Instant](repeating: .never, count: cycles.count)
    }

    /// A schedule for the frames of a plan, sent by themselves or, `onPoll`, when they are asked for.
    package init(_ plan: FramePlan, onPoll: Bool = false) {
        cycles = plan.frames.map { $0.cycle }
        phases = plan.frames.map { $0.phase }
        turns = plan.frames.map { ($0.turn, $0.turns) }
        isPolled = onPoll
        nextAt = [Instant](repeating: .never, count: plan.frames.count)
    }

    /// Begins to send at `now`.
    package mutating func begin(at now: Instant) {
        hasBegun = true
        guard !isPolled else { return }
        for index in nextAt.indices { nextAt[index] = now + phases[index] }
    }

    /// Stops sending.
    package mutating func stop() {
        hasBegun = false
        polledAt = .never
        for index in nextAt.indices { nextAt[index] = .never }
    }

    /// The whole set is asked for; nothing happens before `begin` and where nobody polls.
    ///
    /// Pages that take turns do so from poll to poll.
    package mutating func poll(at now: Instant) {
        guard isPolled, hasBegun else { return }
        if polledAt != .never, now.since(polledAt) < Self.pollPause { return }
        polledAt = now
        for index in nextAt.indices
        where polls % UInt64(max(1, turns[index].of)) == UInt64(turns[index].turn) {
            nextAt[index] = now
        }
        polls &+= 1
    }

    /// Whether `begin` was called.
    package var isRunning: Bool { hasBegun }

    /// When the next frame is due; the end of time when none is planned.
    package var next: Instant {
        var earliest = Instant(nanoseconds: .max)
        for instant in nextAt where instant != .never && instant < earliest { earliest = instant }
        return earliest
    }

    /// The due frames at `now`; each is planned again one cycle later.
    ///
    /// The plan keeps its phase: a late wake-up does not move the following cycles. After a gap of
    /// more than a cycle it begins anew instead of catching up in a burst.
    package mutating func takeDue(now: Instant) -> FrameSet {
        var due = FrameSet()
        for index in nextAt.indices where nextAt[index] != .never && nextAt[index] <= now {
            due.insert(index)
            let planned = nextAt[index] + cycles[index]
            nextAt[index] = isPolled ? .never : planned <= now ? now + cycles[index] : planned
        }
        return due
    }

    /// The instant for which frame `index` is planned.
    package func planned(_ index: Int) -> Instant { nextAt[index] }
}
