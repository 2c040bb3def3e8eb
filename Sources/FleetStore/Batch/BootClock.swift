/// What a trusted record tells about the clocks of its boot.
struct BootClock: Hashable {
    /// Milliseconds of the boot when the record was made.
    let monotonic: Int64
    /// Wall time less monotonic time, ms.
    let offset: Int64

    /// Times are kept within ± 2⁵³ ms, 285,000 years, so that no sum of two overflows.
    private static let bound: Int64 = 1 << 53

    init(monotonic: Int64, offset: Int64) {
        self.monotonic = monotonic
        self.offset = offset
    }

    /// What a record's clock tells; nil when it was not trusted.
    init?(_ clock: RecordClock) {
        guard clock.isTrusted else { return nil }
        monotonic = Self.bounded(clock.monotonicMilliseconds)
        offset = Self.bounded(clock.wallMilliseconds) - monotonic
    }

    /// The one of two that was told later; the newest offset counts when a clock has jumped.
    func newer(_ other: Self) -> Self { other.monotonic >= monotonic ? other : self }

    /// Whether it is later than what is known and tells something else.
    ///
    /// Half a second is more than a clock drifts between two looks and less than anyone sees in a
    /// chart, so a steady clock is written once a boot and not with each batch.
    func corrects(_ known: Self) -> Bool {
        monotonic > known.monotonic && (offset - known.offset).magnitude > 500
    }

    /// The Unix time at a moment of the boot.
    func time(at monotonic: Int64) -> Int64 { Self.bounded(monotonic) + offset }

    /// A number from outside, brought within the bound.
    static func bounded(_ milliseconds: Int64) -> Int64 {
        min(max(milliseconds, -bound), bound)
    }
}

extension FleetRecord {
    /// Where it lands, and how that is known.
    func landing(_ boot: BootClock?) -> (Int64, TimeQuality) {
        if clock.isTrusted { return (BootClock.bounded(clock.wallMilliseconds), .trusted) }
        if let boot { return (boot.time(at: clock.monotonicMilliseconds), .mended) }
        return (BootClock.bounded(receivedMilliseconds), .unmended)
    }
}
