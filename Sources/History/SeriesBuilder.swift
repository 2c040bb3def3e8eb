/// One point of a chart.
package struct SeriesPoint: Hashable, Sendable {
    /// Unix time in milliseconds at which its share of the chart begins.
    package var from: Int64
    /// How many samples it stands for.
    package var samples: Int64
    /// In the unit of the quantity.
    package var minimum: Int64, mean: Int64, maximum: Int64, last: Int64
}

/// Makes the points and the gaps of a chart out of windows that come in order.
///
/// There are never more points than pixels, and no point where nothing was measured.
package struct SeriesBuilder: Sendable {
    /// Gaps that a chart names at most; of more, the newest.
    package static let mostGaps = 200
    /// Pixels that a chart may ask for.
    package static let pixels: ClosedRange<Int> = 1...4000

    private let from: Int64, to: Int64, width: Int64
    private let quantity: Quantity
    private var place: Int64 = -1
    private var open: QuantityStatistics?
    private var points: [SeriesPoint] = []
    private var gaps: [HistoryGap] = []
    private var last: RecordMoment?
    private var isSilent = false

    /// A chart of a quantity, so many pixels wide, of what was measured between two Unix times in
    /// milliseconds.
    package init(_ quantity: Quantity, from: Int64, to: Int64, pixels: Int) {
        self.quantity = quantity
        self.from = from
        self.to = max(from, to)
        let pixels = Int64(min(max(pixels, Self.pixels.lowerBound), Self.pixels.upperBound))
        let (span, isHuge) = self.to.subtractingReportingOverflow(from)
        let whole = isHuge ? Int64.max : span
        width = max(1, whole / pixels + (whole % pixels == 0 ? 0 : 1))
    }

    /// Takes in the next window.
    package mutating func add(_ window: RollUp) {
        look(at: window)
        guard let values = window.values[quantity], window.start < to else { return }
        // a window that began before the chart belongs to its first point
        let (distance, isFar) = max(from, window.start).subtractingReportingOverflow(from)
        let next = (isFar ? Int64.max : distance) / width
        if next != place { close() }
        place = next
        if open == nil { open = values } else { open?.join(values) }
    }

    /// Ends the chart; `now` is how far there can be values at all.
    package mutating func finish(now: Int64) -> (points: [SeriesPoint], gaps: [HistoryGap]) {
        close()
        let end = min(to, now)
        note(to: end, after: nil, isSilent ? .packSilent : last == nil ? .unknown : .gatewayOffline)
        return (points, gaps.suffix(Self.mostGaps))
    }

    private mutating func look(at window: RollUp) {
        guard let first = window.first, let end = window.last else {
            isSilent = isSilent || window.silent > 0
            return
        }
        note(to: first.time, after: first, isSilent ? .packSilent : .unknown)
        last = end
        isSilent = false
    }

    /// Notes a gap up to a moment when it is long enough.
    private mutating func note(to end: Int64, after: RecordMoment?, _ cause: GapCause) {
        let begin = last?.time ?? from
        guard end > begin, end.addingSaturated(-Energy.longestStep) > begin else { return }
        gaps.append(
            HistoryGap(from: begin, to: end, cause: cause, before: last, after: after))
        // twice as many as are given, so that dropping costs next to nothing
        if gaps.count > 2 * Self.mostGaps { gaps.removeFirst(Self.mostGaps) }
    }

    private mutating func close() {
        guard let values = open else { return }
        points.append(
            SeriesPoint(
                from: from + place * width, samples: values.count, minimum: values.minimum,
                mean: values.mean, maximum: values.maximum, last: values.last))
        open = nil
    }
}
