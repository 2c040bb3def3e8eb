/// What a record is about; decides its topic and how long it is kept under pressure.
package enum RecordClass: Int64, CaseIterable, Sendable {
    /// A measurement. Under pressure the oldest of these go first.
    case telemetry = 0
    /// A report: started, stopped, applied.
    case event = 1
    /// An alarm raised or cleared. These go last.
    case alarm = 2
}

/// A record on its way into the outbox.
package struct OutboxRecord: Sendable {
    /// What it is about.
    package let recordClass: RecordClass
    /// Unix time in milliseconds when it was made, as the clock stood; only shown, never decided upon.
    package let wallMilliseconds: Int64
    /// The encoded document, as it will be published.
    package let payload: [UInt8]

    /// Makes a record of an encoded document.
    package init(_ recordClass: RecordClass, wallMilliseconds: Int64, payload: [UInt8]) {
        self.recordClass = recordClass
        self.wallMilliseconds = wallMilliseconds
        self.payload = payload
    }
}

/// A record that the fleet has rejected, kept for whoever looks into it.
package struct RejectedRecord: Hashable, Sendable {
    /// Its number.
    package let sequence: Int64
    /// Unix time in milliseconds when it was made.
    package let wallMilliseconds: Int64
    /// The fleet's sentence.
    package let reason: String
    /// The document.
    package let payload: [UInt8]
}

/// A record waiting in the outbox, lent by the database.
package struct OutboxEntry {
    /// Its number: larger than that of every record stored before it, in this file.
    package let sequence: Int64
    /// What it is about.
    package let recordClass: RecordClass
    /// Unix time in milliseconds when it was made.
    package let wallMilliseconds: Int64
    /// The document; valid only inside the closure that was given the entry.
    package let payload: UnsafeRawBufferPointer
}

/// What one read of the waiting records came to.
package struct OutboxBatch: Hashable, Sendable {
    /// How many records were handed over.
    package let count: Int
    /// The number of the last one; what was asked for when there was none.
    package let last: Int64

    /// Says what a read came to.
    package init(count: Int, last: Int64) {
        self.count = count
        self.last = last
    }
}
