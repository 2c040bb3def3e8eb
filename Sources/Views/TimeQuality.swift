/// How a record's time is known.
package enum TimeQuality: Int32, Hashable, Sendable {
    /// The gateway's clock was trusted when it made the record.
    case trusted = 0
    /// Told afterwards by a trusted record of the same boot.
    case mended = 1
    /// Not known: the record lies where it was received, but before any later record of its epoch.
    case unmended = 2
}
