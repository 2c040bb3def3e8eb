import CutPoints
import FleetStore
import Glibc
import Logging

/// Takes records from the broker, stores them in batches, and tells the gateways what is stored.
///
/// 1. A gateway is told only after the commit, so a worker that dies at any point loses nothing: the
///    gateway sends again what it was not told of.
/// 2. The store keeps each key once, so what is sent again is not stored again.
/// 3. While the store is away nothing is read: the batch at hand waits, the broker holds the rest, and
///    gateways are asked to keep their backlog.
/// 4. What is no record is kept as a dead letter and acknowledged as rejected, so it does not come
///    again.
///
/// Runs on one thread that calls `run` and does nothing else. Several workers, in one process or in
/// many, share one subscription; each has a connection and a store of its own.
package final class IngestWorker {
    /// Stores a batch in one transaction, as the contract of `FleetStore` says.
    package typealias BatchStore = (IngestBatch) throws(FleetStoreError) -> IngestOutcome
    /// Opens the store of one worker and brings its tables up to date; called again while it throws
    /// that the store is not available.
    package typealias StoreOpener = @Sendable () throws(FleetStoreError) -> BatchStore

    /// How long a worker that was asked to stop waits for the broker's answers.
    private static let drainTime: Int64 = 2_000_000_000

    let configuration: IngestConfiguration
    let index: Int
    let meter: IngestMeter
    var log: Logger
    let openStore: StoreOpener

    /// Gateways that are to be told of a new configuration now; asked once a second while the broker is
    /// there, by the worker that has it.
    package var news: NewsSource?
    var newsAskedAt: Int64 = 0
    /// Gateways at which somebody looks now; asked like ``news``.
    package var watched: WatchedSource?
    /// When each of them was told, by the monotonic clock in nanoseconds.
    var watchedTold: [String: Int64] = [:]
    var watchedAskedAt: Int64 = 0

    var store: BatchStore?
    var storeBackoff: Backoff<SystemRandomNumberGenerator>
    /// When to try the store again.
    var storeRetryAt: Int64 = 0
    /// Since when the store has been away; nil while it is there.
    var storeAwaySince: Int64?

    var client: BrokerClient?
    var brokerBackoff: Backoff<SystemRandomNumberGenerator>
    /// When to connect, and until when the broker must have welcomed us.
    var connectAt: Int64 = 0, welcomeUntil: Int64 = 0
    /// Since when the subscription stands; nil without it.
    var onlineSince: Int64?
    /// Whether the connection has brought a message.
    var hasCarried = false
    /// What was wrong with the broker last; nil while it is there.
    var brokerTrouble: String?
    private var maintainedAt: Int64 = 0

    var batcher: Batcher
    var queue = StoreQueue()
    var table = AcknowledgementTable()
    var holds = HoldBook()
    /// Documents for gateways: not sent yet, and sent but not answered by the broker.
    var waiting: [OutgoingDocument] = []
    var inFlight: [Int32: OutgoingDocument] = [:]
    private var stopUntil: Int64?

    /// Prepares worker `index`, from 0, of those that `meter` counts.
    package init(
        _ configuration: IngestConfiguration, index: Int, meter: IngestMeter, log: Logger,
        openStore: @escaping StoreOpener
    ) {
        self.configuration = configuration
        self.index = index
        self.meter = meter
        self.log = log
        self.log[metadataKey: "worker"] = "\(index + 1)"
        self.openStore = openStore
        let (first, longest) = (
            configuration.retryMilliseconds * 1_000_000,
            configuration.retryMaximumMilliseconds * 1_000_000
        )
        storeBackoff = Backoff(
            first: first, longest: longest, generator: SystemRandomNumberGenerator())
        brokerBackoff = Backoff(
            first: first, longest: longest, generator: SystemRandomNumberGenerator())
        batcher = Batcher(
            mostRows: configuration.batchRows, milliseconds: configuration.batchMilliseconds)
    }

    /// Works until `stop` becomes readable, then stores what it holds, acknowledges it and leaves.
    ///
    /// Stopping takes two seconds at most when the broker is slow to answer, longer only while the
    /// store works or a name is being resolved. Throws when the store can never be used, or when no
    /// client can be made.
    package func run(stop: Int32) throws(IngestError) {
        while true {
            let now = IngestClock.now()
            try work(now, isStopping: stopUntil != nil)
            try keepConnected(now, isStopping: stopUntil != nil)
            tellNews(now)
            tellWatched(now)
            publishWaiting()
            if isDone(now) { break }
            let ready = wait(stop: stopUntil == nil ? stop : -1)
            if ready.stop { stopUntil = IngestClock.now() + Self.drainTime }
            receive(ready)
        }
        storeRetryAt = 0
        try work(IngestClock.now(), isStopping: true)
        publishWaiting()
        leaveBroker()
    }

    private func isDone(_ now: Int64) -> Bool {
        guard let stopUntil else { return false }
        if now >= stopUntil { return true }
        guard batcher.isEmpty, queue.isEmpty else { return false }
        return onlineSince == nil || (waiting.isEmpty && inFlight.isEmpty)
    }

    /// What a wait ended with.
    struct Ready {
        var stop = false
        var readable = false
        var writable = false
        /// The connection is gone, seen without reading.
        var isGone = false
    }

    /// Waits for the broker, the owner or the next deadline, a second at most.
    private func wait(stop: Int32) -> Ready {
        let now = IngestClock.now()
        var deadline = now + 1_000_000_000
        if let due = batcher.deadline, queue.isEmpty { deadline = min(deadline, due) }
        if watched != nil, onlineSince != nil {
            deadline = min(deadline, watchedAskedAt + Self.watchedInterval)
        }
        if store == nil || !queue.isEmpty { deadline = min(deadline, storeRetryAt) }
        if store != nil, client == nil, queue.isEmpty { deadline = min(deadline, connectAt) }
        let milliseconds = Int32(max(0, min(1000, (deadline - now + 999_999) / 1_000_000)))
        let input = queue.isEmpty ? Int16(POLLIN) : 0
        let output = client?.wantsToWrite == true ? Int16(POLLOUT) : 0
        var descriptors = (
            pollfd(fd: stop, events: Int16(POLLIN), revents: 0),
            pollfd(fd: client?.descriptor ?? -1, events: input | output, revents: 0)
        )
        let count = withUnsafeMutableBytes(of: &descriptors) {
            poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 2, milliseconds)
        }
        guard count > 0 else { return Ready() }
        let connection = Int32(descriptors.1.revents)
        return Ready(
            stop: descriptors.0.revents != 0,
            readable: connection & (POLLIN | POLLHUP | POLLERR) != 0,
            writable: connection & POLLOUT != 0,
            isGone: connection & (POLLHUP | POLLERR | POLLNVAL) != 0)
    }

    /// Reads what has come until the batch is full or due, or nothing more is there.
    ///
    /// The library reads one packet at a time and does not say whether another waits, which TLS may
    /// hide from `poll`; so it is asked until nothing happens. While the queue holds something nothing
    /// is read (rule 3).
    private func receive(_ ready: Ready) {
        guard queue.isEmpty else {
            if ready.isGone {
                lost("it closed the connection")
            } else if ready.writable, let client {
                settle(client.process(canRead: false, canWrite: true))
            }
            return
        }
        var canRead = ready.readable || onlineSince != nil
        var canWrite = ready.writable
        while canRead || canWrite, let client {
            let before = client.events.count
            settle(client.process(canRead: canRead, canWrite: canWrite))
            absorb(client.events)
            canWrite = false
            canRead = client.events.count != before && !batcher.isFull
            if let due = batcher.deadline, due <= IngestClock.now() { canRead = false }
        }
    }

    /// Judges the messages that came.
    private func absorb(_ events: BrokerEvents) {
        guard !events.messages.isEmpty else { return }
        hasCarried = true
        let now = IngestClock.now()
        expectWelcome(now)
        let wall = IngestClock.wallMilliseconds()
        for (topic, payload) in events.messages {
            CutPoint.pass("received")
            let message = HeldMessage(
                topic: topic, payload: payload, root: configuration.root,
                receivedMilliseconds: wall)
            if let gateway = message.gateway { holds.hear(gateway, at: now) }
            batcher.append(message, at: now)
        }
        let count = Int64(events.messages.count)
        meter.count { $0.received += count }
        events.messages.removeAll(keepingCapacity: true)
    }

    /// Asks for signs of life once a second; not while nothing is read, as no answer would be seen.
    func maintain(_ now: Int64) {
        guard queue.isEmpty, now - maintainedAt > 1_000_000_000, let client,
            client.descriptor >= 0
        else { return }
        maintainedAt = now
        settle(client.maintain())
    }
}
