/// How the link to the broker is.
package struct LinkStatus: Hashable, Sendable {
    /// What the link is doing.
    package enum State: String, Sendable {
        /// Between two attempts to connect.
        case waiting
        /// On the way to the broker.
        case connecting
        /// The broker has welcomed us.
        case online
        /// Asked to stop; the last acknowledgements are due.
        case stopping
        /// Not running.
        case stopped
    }

    /// What the link is doing.
    package var state = State.stopped
    /// Since when, in nanoseconds on the monotonic clock.
    package var sinceNanoseconds: Int64 = 0
    /// How often the broker has welcomed us.
    package var connections = 0
    /// Records sent and not yet acknowledged.
    package var inFlight = 0
    /// Records of the past that are still to be sent; what has left the store meanwhile counts.
    package var backlog: Int64 = 0
    /// Records the broker has taken and the receiver has not confirmed.
    package var unconfirmed: Int64 = 0
    /// Records the broker has taken.
    package var acknowledged: UInt64 = 0
    /// Answers by which the broker refused a record; each refused record is sent again later.
    package var refused: UInt64 = 0
    /// Messages received and dropped because nobody took them out of the queue.
    package var receivedDropped: UInt64 = 0
    /// The last trouble, in words; stays after it is over.
    package var lastTrouble: String?

    /// The status of a link that has not run.
    package init() {}
}
