/// What the fleet knows, on disk; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances, in one process or in many, may use one database
/// at once. Calls block.
package protocol FleetStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Stores a batch in one transaction; when it throws, nothing of it is stored.
    ///
    /// A record whose key is stored already is left alone and counted as repeated, also when it comes
    /// twice in one batch. A dead letter is kept once, and counted, when its gateway and
    /// number are the same, or its gateway and bytes when it has no number; of a gateway only the newest
    /// 256 are kept. Times are
    /// mended on the way: a record of a clock that was not trusted lands at the time that another
    /// record of the same boot tells, whichever of them comes first.
    func store(_ batch: IngestBatch) throws(FleetStoreError) -> IngestOutcome

    /// How much is stored of each gateway, ordered by id.
    func tallies() throws(FleetStoreError) -> [GatewayTally]

    /// The numbers stored of one gateway's epoch, ascending; for proofs, not for pages.
    func sequences(gateway: String, epoch: Int64) throws(FleetStoreError) -> [Int64]

    /// Samples of one pack made from one Unix time in milliseconds until before another, oldest first.
    ///
    /// At most `limit`; those of the same time are in the order of their numbers.
    func packSamples(
        gateway: String, pack: Int32, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<PackSample>]

    /// Samples of the bank as a whole, bounded and ordered as `packSamples`.
    func bankSamples(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<BankSample>]

    /// Events, bounded and ordered as `packSamples`.
    func events(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>]

    /// The newest sample of each bank, ordered by gateway; looks at no history.
    ///
    /// Of one epoch the highest number is the newest. Of two epochs it is the one made later, where
    /// nothing counts as made after it was received.
    func currentBanks() throws(FleetStoreError) -> [StoredSample<BankSample>]

    /// Removes what is older than the given Unix times in milliseconds, and tells how much that was.
    ///
    /// Samples and windows go by whole quarter hours, and samples not before they are in their windows.
    /// Keys stay, so an old record that comes again is not stored anew; those of records older than
    /// the limit of samples are folded into ranges, in steps between which others store. The newest
    /// sample of each bank stays too.
    @discardableResult
    func retain(_ limits: Retention) throws(FleetStoreError) -> RetentionReport
}

/// What one transaction stores.
package struct IngestBatch: Sendable {
    /// Records in the order they came.
    package var records: [FleetRecord] = []
    /// Messages that are no records.
    package var deadLetters: [DeadLetter] = []

    /// An empty batch.
    package init() {}

    /// Whether there is nothing to store.
    package var isEmpty: Bool { records.isEmpty && deadLetters.isEmpty }
}

/// What became of a batch.
package struct IngestOutcome: Hashable, Sendable {
    /// Records that were new.
    package var stored = 0
    /// Records that were stored before.
    package var repeated = 0
    /// Gateways whose identity a second machine uses too, ordered by id: records of two epochs came
    /// by turns, or two different records bear one key.
    package var sharedIdentities: [String] = []

    /// Nothing stored.
    package init() {}
}

/// What is stored of a gateway.
package struct GatewayTally: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Records of both kinds, and how many of them are events.
    package var records: Int64, events: Int64
    /// Pack samples.
    package var packSamples: Int64
    /// Dead letters, and those that went because there were too many.
    package var deadLetters: Int64, deadLettersDropped: Int64
    /// Records whose time is not known because their clock was never trusted.
    package var unmended: Int64
    /// What the gateway said last of its outbox.
    package var outbox: OutboxReport?
    /// That two machines use its identity; nil when that was never seen.
    package var shared: SharedIdentity?

    /// Joins the parts.
    package init(
        gateway: String, records: Int64, events: Int64, packSamples: Int64, deadLetters: Int64,
        deadLettersDropped: Int64 = 0, unmended: Int64, outbox: OutboxReport?,
        shared: SharedIdentity? = nil
    ) {
        self.gateway = gateway
        self.records = records
        self.events = events
        self.packSamples = packSamples
        self.deadLetters = deadLetters
        self.deadLettersDropped = deadLettersDropped
        self.unmended = unmended
        self.outbox = outbox
        self.shared = shared
    }
}

/// A run of one machine: an outbox and a boot.
package struct GatewaySession: Hashable, Sendable {
    /// The number of the outbox file.
    package var epoch: Int64
    /// The kernel's id of the boot; empty when only the key of its record is still known.
    package var boot: String

    /// Joins the parts.
    package init(epoch: Int64, boot: String) {
        self.epoch = epoch
        self.boot = boot
    }
}

/// An identity that two machines were seen to use.
package struct SharedIdentity: Hashable, Sendable {
    /// Unix times in milliseconds of the first and of the last batch that told.
    package var firstSeen: Int64, lastSeen: Int64
    /// Batches that told.
    package var sightings: Int64
    /// The two sessions that contradicted each other last; of a copied outbox both have one epoch.
    package var sessions: [GatewaySession]

    /// Joins the parts.
    package init(
        firstSeen: Int64, lastSeen: Int64, sightings: Int64, sessions: [GatewaySession]
    ) {
        self.firstSeen = firstSeen
        self.lastSeen = lastSeen
        self.sightings = sightings
        self.sessions = sessions
    }
}

/// Until when things are kept; Unix times in milliseconds, nil keeps all.
package struct Retention: Hashable, Sendable {
    /// Samples made before are removed, and keys of records received before are folded.
    package var samplesBefore: Int64?
    /// Windows of a minute before are removed.
    package var minutesBefore: Int64?
    /// Windows of a quarter hour before are removed, but not before their samples and two days; days stay.
    package var quartersBefore: Int64?
    /// Events made before are removed.
    package var eventsBefore: Int64?
    /// Dead letters that did not come again since are removed.
    package var deadLettersBefore: Int64?
    /// What was noted before of who changed what is removed, in all tenants.
    package var auditBefore: Int64?

    /// Keeps all.
    package init() {}
}

/// What retention removes, or would.
package struct RetentionReport: Hashable, Sendable {
    /// Measurements, each with the samples of its packs.
    package var measurements: Int64 = 0
    package var events: Int64 = 0
    package var deadLetters: Int64 = 0
    /// Entries of who changed what.
    package var auditEntries: Int64 = 0
    /// Windows of a minute and of a quarter hour, of banks and packs.
    package var minutes: Int64 = 0, quarters: Int64 = 0

    /// Nothing.
    package init() {}
}

/// Why the store could not do what was asked.
package enum FleetStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The database cannot be reached, or went away; the same call may work later.
    case unavailable(store: String, detail: String)
    /// The database refused what it was given; the same call will fail again.
    case refused(store: String, operation: String, detail: String)
    /// The database is not ours, or of a version this program does not know.
    case foreign(store: String, detail: String)

    /// The sentence for the person who reads it.
    package var description: String {
        switch self {
        case .unavailable(let store, let detail): "store '\(store)' is not available: \(detail)"
        case .refused(let store, let operation, let detail):
            "store '\(store)' refused to \(operation): \(detail)"
        case .foreign(let store, let detail):
            "store '\(store)' is not a fleet store of this version: \(detail)"
        }
    }
}
