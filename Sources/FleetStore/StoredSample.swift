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
