import Synchronization
import Threads

/// One trial at a time: a document of the fleet or a profile set, never both.
///
/// Each is judged by what the house shows with it, and goes back by itself. Two at once would be judged for
/// each other's faults, and one would go back to what it had under the other. The side that comes second
/// waits until the first is done.
final class TrialGate: Sendable {
    /// Who tries something.
    enum Side: Sendable { case configuration, set }

    private let holder = Mutex<Side?>(nil)
    /// Raised when a trial is over.
    let freed: WakeSignal

    init() throws(ThreadError) { freed = try WakeSignal() }

    /// Begins a trial unless the other side has one; true as well for a side that has one already.
    func take(_ side: Side) -> Bool {
        holder.withLock { holder in
            if holder == nil { holder = side }
            return holder == side
        }
    }

    /// The trial of a side is over; nothing happens where it has none.
    func giveBack(_ side: Side) {
        let isFreed = holder.withLock { holder in
            guard holder == side else { return false }
            holder = nil
            return true
        }
        if isFreed { freed.raise() }
    }
}
