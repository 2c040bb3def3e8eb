internal import CCurl
import Synchronization

/// Ends requests from any thread.
///
/// It stays cancelled until `permit` is called, so that a call which comes just before a request
/// starts is not lost.
package final class HTTPSCanceller: Sendable {
    /// The multi handle that waits, as a number: it is used under the lock only, and its owner takes
    /// it away before freeing it.
    private struct State {
        var isCancelled = false
        var waiting: UInt?
    }

    private let state = Mutex(State())

    /// Not cancelled.
    package init() {}

    /// Whether requests end with ``HTTPSFailure/Kind/cancelled``.
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Ends the request under way at once, and those that follow.
    package func cancel() {
        state.withLock {
            $0.isCancelled = true
            guard let waiting = $0.waiting else { return }
            curl_multi_wakeup(CurlHandle.multi(waiting))
        }
    }

    /// Lets requests through again.
    package func permit() { state.withLock { $0.isCancelled = false } }

    /// Names the handle that `cancel` wakes; nil for none.
    func wake(_ multi: UInt?) { state.withLock { $0.waiting = multi } }
}
