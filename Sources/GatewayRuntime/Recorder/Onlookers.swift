import Quantities
import Synchronization

/// Whether somebody looks at this gateway from afar, as the fleet says now and then.
///
/// Nobody has to say that it is over: it is unless the fleet says it again.
final class Onlookers: Sendable {
    /// The longest that one word of the fleet counts, in seconds.
    private static let most = 60
    /// By the machine's monotonic clock, in nanoseconds.
    private let until = Atomic<Int64>(.min)

    /// Somebody looks for so long; shorter than before changes nothing.
    func stay(seconds: Int, now: Instant) {
        let end = now + .seconds(Int64(min(Self.most, max(0, seconds))))
        until.max(end.nanoseconds, ordering: .relaxed)
    }

    /// Whether somebody does.
    func look(at now: Instant) -> Bool { now.nanoseconds < until.load(ordering: .relaxed) }
}
