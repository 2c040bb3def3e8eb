/// How a record's time is known.
package enum TimeQuality: Int32, Hashable, Sendable {
    /// The gateway's clock was trusted when it made the record.
    case trusted = 0
    /// Told afterwards by a trusted record of the same boot.
    case mended = 1
    /// Not known: the record lies where it was received, but before any later record of its epoch.
    case unmended = 2
}

/// A sample with the record that brought it and the time it was made.
package struct StoredSample<Sample: Hashable & Sendable>: Hashable, Sendable {
    /// The record's name.
    package var key: RecordKey
    /// Unix time in milliseconds.
    package var timeMilliseconds: Int64
    /// How that time is known.
    package var quality: TimeQuality
    /// What was measured or noticed.
    package var sample: Sample

    /// Joins the parts.
    package init(
        key: RecordKey, timeMilliseconds: Int64, quality: TimeQuality, sample: Sample
    ) {
        self.key = key
        self.timeMilliseconds = timeMilliseconds
        self.quality = quality
        self.sample = sample
    }
}
