/// Why a record was lost.
package enum LossReason: String, CaseIterable, Sendable {
    /// The disk was full when it came.
    case diskFull = "disk_full"
    /// The file or its file system could not be written when it came.
    case readOnly = "read_only"
    /// It lay in a damaged file, or came while the file was.
    case damaged = "damaged"
    /// The store failed in another way when it came.
    case storeFailed = "store_failed"
    /// A measurement whose neighbours stayed, when room was scarce.
    case thinnedTelemetry = "thinned_telemetry"
    /// A measurement that made room for younger ones within the byte budget.
    case evictedTelemetry = "evicted_telemetry"
    /// A report that made room when no measurement was left.
    case evictedEvent = "evicted_event"
    /// An alarm that made room when nothing else was left.
    case evictedAlarm = "evicted_alarm"
    /// A record that the fleet refused; it is kept aside in the file for a while.
    case rejected
}

/// What the outbox holds and what it has lost.
package struct OutboxStatus: Hashable, Sendable {
    /// The database file.
    package let path: String
    /// The random number of this file; with the sequence number it names a record for ever.
    package let epoch: Int64
    /// Records waiting.
    package let depth: Int64
    /// The number of the oldest waiting record; nil when none waits.
    package let oldestSequence: Int64?
    /// When the oldest waiting record was made, Unix milliseconds; nil when none waits.
    package let oldestWallMilliseconds: Int64?
    /// The number the next record will get.
    package let nextSequence: Int64
    /// Bytes of the database and its log on disk.
    package let fileBytes: Int64
    /// Bytes of pages in use; freed pages are used again and do not count.
    package let usedBytes: Int64
    /// What the pages in use may come to; nil in a file that was not yet told.
    package let budgetBytes: Int64?
    /// Records lost since the file was begun, by reason; reasons with none are left out.
    package let losses: [LossReason: Int64]

    /// Records lost for any reason.
    package var lost: Int64 { losses.values.reduce(0, +) }
}
