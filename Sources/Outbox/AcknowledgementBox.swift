import Numbering
import Synchronization

/// Carries acknowledged sequence numbers, and rejected ones, from the link's thread to the recorder's.
///
/// It holds ranges, so it stays small however long the recorder does not look.
package final class AcknowledgementBox: Sendable {
    private let ranges = Mutex(SequenceRanges())
    private let rejected = Mutex<[Rejection]>([])

    /// Makes an empty box.
    package init() {}

    /// Adds an acknowledged number and tells how many are waiting in the box.
    @discardableResult
    package func insert(_ sequence: Int64) -> Int64 {
        ranges.withLock {
            $0.insert(sequence)
            return $0.count
        }
    }

    /// Adds acknowledged numbers and tells how many are waiting in the box.
    @discardableResult
    package func insert(_ others: SequenceRanges) -> Int64 {
        ranges.withLock {
            $0.formUnion(others)
            return $0.count
        }
    }

    /// Adds rejected records.
    package func reject(_ rejections: [Rejection]) {
        rejected.withLock { $0.append(contentsOf: rejections) }
    }

    /// Takes the rejected records out.
    package func takeRejections() -> [Rejection] {
        rejected.withLock { waiting in
            let taken = waiting
            waiting = []
            return taken
        }
    }

    /// Takes everything acknowledged out.
    package func take() -> SequenceRanges {
        ranges.withLock { waiting in
            let taken = waiting
            waiting = SequenceRanges()
            return taken
        }
    }
}
