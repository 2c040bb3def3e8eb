/// Decides when something that is gone is tried again; performs nothing and holds no clock.
///
/// The wait doubles with every failure. A success that lasts resets it; one that breaks at once
/// does not, so that an adapter with a loose plug is not opened ten times a second.
package struct ReopenSchedule: Hashable, Sendable {
    /// When the next attempt is due, in nanoseconds; `Int64.max` while none is wanted.
    package private(set) var nextAttempt: Int64
    private let shortest: Int64
    private let longest: Int64
    private var delay: Int64
    private var openedAt: Int64 = 0

    /// How long a success must last to count, in nanoseconds: 10 s.
    static let proven: Int64 = 10_000_000_000

    /// Sets the waits in nanoseconds; the first attempt is due at once.
    package init(shortest: Int64 = 100_000_000, longest: Int64 = 5_000_000_000) {
        self.shortest = shortest
        self.longest = longest
        delay = shortest
        nextAttempt = .min
    }

    /// Whether an attempt is due.
    package func isDue(at now: Int64) -> Bool { now >= nextAttempt }

    /// An attempt has worked: no further one is wanted.
    package mutating func succeeded(at now: Int64) {
        nextAttempt = .max
        openedAt = now
    }

    /// An attempt has failed: the next comes later than the one before.
    package mutating func failed(at now: Int64) {
        nextAttempt = now &+ delay
        delay = min(delay &* 2, longest)
    }

    /// What worked is gone.
    package mutating func lost(at now: Int64) {
        if now &- openedAt >= Self.proven { delay = shortest }
        failed(at: now)
    }

    /// Nothing is wanted any more, and the next trouble starts with the shortest wait.
    package mutating func reset() {
        nextAttempt = .max
        delay = shortest
    }
}
