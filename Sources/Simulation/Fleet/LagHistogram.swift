/// Counts of time spans in steps that grow with the span, so that any percentile is within 2 %.
struct LagHistogram {
    /// Steps in each doubling.
    private static let stepBits = 6
    private var counts = [UInt32](repeating: 0, count: 58 << stepBits)
    /// Spans counted.
    private(set) var count = 0
    /// The longest, in microseconds.
    private(set) var maximum: Int64 = 0

    /// Counts a span; a negative one counts as none at all.
    mutating func add(microseconds: Int64) {
        let span = max(0, microseconds)
        counts[Self.step(span)] &+= 1
        count += 1
        maximum = max(maximum, span)
    }

    /// The span in microseconds that `percent` of all do not exceed; nil when there are none.
    func percentile(_ percent: Int) -> Int64? {
        guard count > 0 else { return nil }
        let wanted = max(1, (count * percent + 99) / 100)
        var seen = 0
        for (step, number) in counts.enumerated() where number > 0 {
            seen += Int(number)
            if seen >= wanted { return min(maximum, Self.upperEnd(step)) }
        }
        return maximum
    }

    /// Below 64 each span has a step of its own; above, the six bits below the highest one decide.
    private static func step(_ span: Int64) -> Int {
        let size = Int64.bitWidth - span.leadingZeroBitCount
        guard size > stepBits else { return Int(span) }
        let shift = size - stepBits - 1
        return ((shift + 1) << stepBits) + Int(span >> Int64(shift)) - (1 << stepBits)
    }

    private static func upperEnd(_ step: Int) -> Int64 {
        guard step >= 1 << stepBits else { return Int64(step) }
        let shift = (step >> stepBits) - 1
        let mantissa = Int64(step & (1 << stepBits - 1)) + Int64(1 << stepBits)
        return mantissa << Int64(shift) + (Int64(1) << Int64(shift) - 1)
    }
}
