import Glibc
import Synchronization
import Telemetry

/// What the workers of a process have done since it started.
package struct IngestCounters: Hashable, Sendable {
    /// Messages that came from the broker.
    package var received: Int64 = 0
    /// Records that are stored, and records that had been stored before.
    package var stored: Int64 = 0, repeated: Int64 = 0
    /// Messages that became dead letters.
    package var rejected: Int64 = 0
    /// Messages the store took not even as dead letters.
    package var abandoned: Int64 = 0
    /// Transactions that were committed.
    package var batches: Int64 = 0
    /// Times a gateway's identity was found in use by two machines.
    package var sharedIdentities: Int64 = 0
    /// How old the newest record with a trusted clock was when its batch was committed, in
    /// milliseconds; nil before the first.
    package var lagMilliseconds: Int64?

    /// Nothing done.
    package init() {}
}

/// Counters and troubles of all workers, for whoever wants to know.
package final class IngestMeter: Sendable {
    private struct Contents {
        var counters = IngestCounters()
        /// What is wrong with broker and store of each worker; nil when nothing is.
        var brokers: [String?]
        var stores: [String?]
    }

    private let contents: Mutex<Contents>

    /// A meter for so many workers, none of which has reached its broker yet.
    package init(workers: Int) {
        contents = Mutex(
            Contents(
                brokers: Array(repeating: "not connected yet", count: workers),
                stores: Array(repeating: "not opened yet", count: workers)))
    }

    /// The counters now.
    package var counters: IngestCounters { contents.withLock { $0.counters } }

    /// What keeps the workers from storing what comes; empty when all is well.
    package var troubles: [String] {
        contents.withLock { contents in
            let brokers = Self.list(contents.brokers, "broker")
            return brokers + Self.list(contents.stores, "store")
        }
    }

    private static func list(_ troubles: [String?], _ part: String) -> [String] {
        troubles.enumerated().compactMap { index, trouble in
            trouble.map { "worker \(index + 1): \(part): \($0)" }
        }
    }

    func count(_ change: (inout IngestCounters) -> Void) {
        contents.withLock { change(&$0.counters) }
    }

    func setBroker(_ trouble: String?, worker: Int) {
        contents.withLock { $0.brokers[worker] = trouble }
    }

    func setStore(_ trouble: String?, worker: Int) {
        contents.withLock { $0.stores[worker] = trouble }
    }

    /// Counters, CPU time and troubles as one JSON document; `status` is `ok` or `degraded`.
    package func document() -> [UInt8] {
        let counters = counters
        let troubles = troubles
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.name("status")
            writer.string(troubles.isEmpty ? "ok" : "degraded")
            writer.name("received")
            writer.integer(counters.received)
            writer.name("stored")
            writer.integer(counters.stored)
            writer.name("repeated")
            writer.integer(counters.repeated)
            writer.name("rejected")
            writer.integer(counters.rejected)
            writer.name("abandoned")
            writer.integer(counters.abandoned)
            writer.name("batches")
            writer.integer(counters.batches)
            writer.name("shared_identities")
            writer.integer(counters.sharedIdentities)
            writer.name("lag_ms")
            if let lag = counters.lagMilliseconds { writer.integer(lag) } else { writer.null() }
            writer.name("cpu_ms")
            writer.integer(IngestClock.processMilliseconds())
            writer.name("reasons")
            writer.array { writer in for trouble in troubles { writer.string(trouble) } }
        }
        return writer.bytes
    }
}

/// The clocks of this machine.
enum IngestClock {
    /// Nanoseconds since an arbitrary moment (`CLOCK_MONOTONIC`).
    static func now() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Unix time in milliseconds.
    static func wallMilliseconds() -> Int64 { read(CLOCK_REALTIME) / 1_000_000 }

    /// CPU time of the process in milliseconds.
    static func processMilliseconds() -> Int64 { read(CLOCK_PROCESS_CPUTIME_ID) / 1_000_000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
