import Glibc
import TestKit

/// What a simulated fleet has done so far.
struct FleetCounts {
    /// Gateways that the broker has welcomed, and those that wait for it.
    var connected = 0, connecting = 0
    /// Connections that a gateway made after its first.
    var reconnects = 0
    /// Records made, the backlog included.
    var made = 0
    /// Records sent, and how many of these sendings were not the first of their record.
    var sent = 0, repeated = 0
    /// Records the fleet has stored, and those that it never will.
    var acknowledged = 0, rejected = 0
    /// Sendings that the broker did not accept.
    var refused = 0
    /// Times the fleet asked for the backlog to wait.
    var holds = 0
    /// Messages of the fleet that it must not send.
    var faults = 0
    /// Why a connection was lost last.
    var trouble: String?

    /// Records without an answer of the fleet.
    var waiting: Int { made - acknowledged - rejected }
}

extension FleetSimulation {
    /// Everything as one line of JSON.
    var status: String {
        let used = Self.processorSeconds
        let perSending = counts.sent > 0 ? used * 1e6 / Double(counts.sent) : nil
        return JSONText.object([
            ("gateways", "\(gateways.count)"), ("connected", "\(counts.connected)"),
            ("connect_s", JSONText.optional(connectedAfter.map { Double($0) / 1e9 }, decimals: 3)),
            ("made", "\(counts.made)"), ("sent", "\(counts.sent)"),
            ("acknowledged", "\(counts.acknowledged)"), ("rejected", "\(counts.rejected)"),
            ("repeated", "\(counts.repeated)"), ("refused", "\(counts.refused)"),
            ("waiting", "\(counts.waiting)"),
            ("oldest_waiting_s", JSONText.optional(oldestWaitingSeconds, decimals: 3)),
            ("lag_ms", lagText), ("reconnects", "\(counts.reconnects)"),
            ("holds", "\(counts.holds)"), ("faults", "\(counts.faults)"),
            ("trouble", counts.trouble.map(JSONText.string) ?? "null"),
            ("cpu_s", JSONText.number(used, decimals: 3)),
            ("cpu_us_per_sending", JSONText.optional(perSending, decimals: 0)),
        ])
    }

    private var lagText: String {
        func milliseconds(_ span: Int64?) -> String {
            JSONText.optional(span.map { Double($0) / 1000 }, decimals: 1)
        }
        return JSONText.object([
            ("p50", milliseconds(lag.percentile(50))), ("p99", milliseconds(lag.percentile(99))),
            ("max", milliseconds(lag.count > 0 ? lag.maximum : nil)),
        ])
    }

    /// The age by its stamp of the oldest record that waits.
    private var oldestWaitingSeconds: Double? {
        let oldest = gateways.compactMap { $0.book.oldest?.wallMilliseconds }.min()
        return oldest.map { Double(WallClock.milliseconds() - $0) / 1000 }
    }

    /// What this process has used of the processors.
    private static var processorSeconds: Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return [usage.ru_utime, usage.ru_stime].reduce(0) {
            $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6
        }
    }
}
