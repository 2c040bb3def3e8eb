import Synchronization

/// Counts attempts to sign in that failed: with tokens by the address they came from, with passwords by name.
///
/// A token that is good passes always: who shares an address with somebody who guesses is not shut out.
/// Passwords can be guessed, so a name with too many failures is not looked at until its minute is over.
package final class SignInGuard: Sendable {
    /// Passwords that may be wrong within ``window``.
    package static let mostPasswords = 10
    /// Tokens that may be wrong within ``window``; no number of guesses finds one of 130 random bits.
    package static let mostTokens = 200
    /// Seconds from the first failure until the count begins anew.
    package static let window: Int64 = 60
    /// Addresses that are counted at once; beyond that, the count of all begins anew.
    package static let mostAddresses = 10_000

    private struct Count {
        var failures = 0
        var until: ContinuousClock.Instant
    }

    private let counts = Mutex<[String: Count]>([:])
    private let mostFailures: Int
    private let clock: @Sendable () -> ContinuousClock.Instant

    /// Lets so many failures within ``window`` be answered as such; `clock` is one that nobody sets.
    package init(
        most mostFailures: Int,
        clock: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.mostFailures = mostFailures
        self.clock = clock
    }

    /// Seconds to wait when there were too many failures already; nil when not.
    package func wait(_ address: String) -> Int64? {
        let now = clock()
        return counts.withLock { counts in
            guard let count = counts[address], count.until > now,
                count.failures >= mostFailures
            else { return nil }
            return max(1, now.duration(to: count.until).components.seconds)
        }
    }

    /// Notes a failure, and gives the seconds to wait when there were too many; nil when not.
    package func fail(_ address: String) -> Int64? {
        let now = clock()
        return counts.withLock { counts in
            if counts.count >= Self.mostAddresses, counts[address] == nil {
                counts = counts.filter { $0.value.until > now }
                if counts.count >= Self.mostAddresses { counts.removeAll() }
            }
            var count = counts[address] ?? Count(until: now)
            if count.until <= now {
                count = Count(until: now.advanced(by: .seconds(Self.window)))
            }
            count.failures = min(count.failures + 1, mostFailures + 1)
            counts[address] = count
            guard count.failures > mostFailures else { return nil }
            return max(1, now.duration(to: count.until).components.seconds)
        }
    }
}
