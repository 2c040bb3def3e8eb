/// What names a record for ever: no two records share it (outbox rule 2).
package struct RecordKey: Hashable, Sendable {
    /// The gateway's id, 1 to 64 characters of `a…z 0…9 -`.
    package var gateway: String
    /// The random number of the gateway's outbox file, 1 to 2⁵³ − 1.
    package var epoch: Int64
    /// The number in that file, from 1.
    package var sequence: Int64

    /// Joins the parts.
    package init(gateway: String, epoch: Int64, sequence: Int64) {
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
    }
}

/// The clocks of a gateway when it made a record (outbox rule 7).
package struct RecordClock: Hashable, Sendable {
    /// Unix time in milliseconds as the gateway believed.
    package var wallMilliseconds: Int64
    /// Whether a time service had set that clock.
    package var isTrusted: Bool
    /// The kernel's id of the boot, 32 lower-case hexadecimal digits in the form 8-4-4-4-12.
    package var boot: String
    /// Milliseconds since an arbitrary point of that boot.
    package var monotonicMilliseconds: Int64

    /// Joins the parts.
    package init(
        wallMilliseconds: Int64, isTrusted: Bool, boot: String, monotonicMilliseconds: Int64
    ) {
        self.wallMilliseconds = wallMilliseconds
        self.isTrusted = isTrusted
        self.boot = boot
        self.monotonicMilliseconds = monotonicMilliseconds
    }
}

/// A record as the fleet keeps it.
package struct FleetRecord: Hashable, Sendable {
    /// What it is about.
    package enum Body: Hashable, Sendable {
        /// A measurement of the bank and of its packs, in the order of their numbers.
        case telemetry(BankSample, [PackSample])
        /// An alarm or a report.
        case event(EventSample)
    }

    /// Its name.
    package var key: RecordKey
    /// When it was made.
    package var clock: RecordClock
    /// Unix time in milliseconds when the fleet received it.
    package var receivedMilliseconds: Int64
    /// What it says.
    package var body: Body
    /// How the gateway's outbox was when the record was made; nil when the record does not say.
    package var outbox: OutboxReport?

    /// Joins the parts.
    package init(
        key: RecordKey, clock: RecordClock, receivedMilliseconds: Int64, body: Body,
        outbox: OutboxReport? = nil
    ) {
        self.key = key
        self.clock = clock
        self.receivedMilliseconds = receivedMilliseconds
        self.body = body
        self.outbox = outbox
    }
}

/// An alarm raised or cleared, or something a gateway noticed.
package struct EventSample: Hashable, Sendable {
    /// `raised`, `cleared` or `noticed`.
    package var change: String
    /// `information`, `warning`, `protection` or `fault`.
    package var level: String
    /// The stable name of what happened.
    package var code: String
    /// The pack's number from 1; 0 is the bank or the gateway.
    package var pack: Int32
    /// The sentence for people.
    package var text: String
    /// What the code says beyond that, JSON; nil when nothing.
    package var detail: String?

    /// Joins the parts.
    package init(
        change: String, level: String, code: String, pack: Int32, text: String,
        detail: String? = nil
    ) {
        self.change = change
        self.level = level
        self.code = code
        self.pack = pack
        self.text = text
        self.detail = detail
    }
}

/// What a gateway says of its own outbox.
package struct OutboxReport: Hashable, Sendable {
    /// Records waiting.
    package var depth: Int64
    /// Unix time in milliseconds, by the gateway's clock, of the oldest record that waits; nil when
    /// none does.
    package var oldestWallMilliseconds: Int64?
    /// Bytes in use and bytes allowed.
    package var bytes: Int64, budgetBytes: Int64
    /// Records lost since the file was begun, by reason.
    package var losses: [String: Int64]

    /// Joins the parts.
    package init(
        depth: Int64, oldestWallMilliseconds: Int64?, bytes: Int64, budgetBytes: Int64,
        losses: [String: Int64]
    ) {
        self.depth = depth
        self.oldestWallMilliseconds = oldestWallMilliseconds
        self.bytes = bytes
        self.budgetBytes = budgetBytes
        self.losses = losses
    }
}

/// A message that is no record, kept with the reason for whoever looks into it.
package struct DeadLetter: Hashable, Sendable {
    /// The topic it came on.
    package var topic: String
    /// The gateway the topic names; nil when it names none.
    package var gateway: String?
    /// Its number, where it could be read.
    package var epoch: Int64?, sequence: Int64?
    /// Unix time in milliseconds when the fleet received it.
    package var receivedMilliseconds: Int64
    /// What was expected and what was found.
    package var reason: String
    /// Its bytes, cut at 64 KiB.
    package var payload: [UInt8]

    /// Joins the parts.
    package init(
        topic: String, gateway: String?, epoch: Int64?, sequence: Int64?,
        receivedMilliseconds: Int64, reason: String, payload: [UInt8]
    ) {
        self.topic = topic
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
        self.receivedMilliseconds = receivedMilliseconds
        self.reason = reason
        self.payload = payload
    }
}
