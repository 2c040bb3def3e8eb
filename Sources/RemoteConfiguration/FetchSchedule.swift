/// When the fleet is asked next; has no clock and does nothing.
///
/// A thousand gateways that started together must not ask together: the interval varies by a quarter
/// to either side. After trouble the wait grows from ten seconds to the interval, and the fleet's own
/// word to come back later counts before everything but a call.
package struct FetchSchedule {
    private static var second: Int64 { 1_000_000_000 }

    private var intervalSeconds: Int
    private var troubles = 0
    /// When to ask, in nanoseconds of a monotonic clock.
    package private(set) var next: Int64
    private var notBefore: Int64

    /// Asks at once.
    package init(intervalSeconds: Int, now: Int64) {
        self.intervalSeconds = intervalSeconds
        next = now
        notBefore = now
    }

    /// Asks in this interval from now on.
    package mutating func change(
        intervalSeconds: Int, now: Int64, using generator: inout some RandomNumberGenerator
    ) {
        guard intervalSeconds != self.intervalSeconds else { return }
        self.intervalSeconds = intervalSeconds
        next = max(notBefore, now &+ spread(Int64(intervalSeconds), &generator))
    }

    /// There is news: ask now, unless the fleet asked for rest.
    package mutating func call(now: Int64) { next = max(now, notBefore) }

    /// The fleet has answered.
    package mutating func noteAnswer(
        now: Int64, using generator: inout some RandomNumberGenerator
    ) {
        troubles = 0
        next = now &+ spread(Int64(intervalSeconds), &generator)
    }

    /// The fleet was not reached, or asks to come back later.
    package mutating func noteTrouble(
        retrySeconds: Int?, now: Int64, using generator: inout some RandomNumberGenerator
    ) {
        troubles = min(troubles + 1, 16)
        let wait = min(Int64(intervalSeconds), 10 << Int64(troubles - 1))
        next = now &+ spread(wait, &generator)
        guard let retrySeconds else { return }
        notBefore = now &+ Int64(clamping: retrySeconds) &* Self.second
        next = max(next, notBefore)
    }

    private func spread(
        _ seconds: Int64, _ generator: inout some RandomNumberGenerator
    ) -> Int64 {
        let whole = seconds * Self.second
        return Int64.random(in: (whole - whole / 4)...(whole + whole / 4), using: &generator)
    }
}
