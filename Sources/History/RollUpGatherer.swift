/// Makes windows of samples that come in the order of time.
package struct RollUpGatherer: Sendable {
    private let length: Int64
    private var open: RollUp?
    /// The windows that are over.
    private var done: [RollUp] = []

    /// Makes windows of a minute or of a quarter hour.
    package init(_ tier: HistoryTier) { length = tier.milliseconds }

    /// Takes in the next sample.
    package mutating func add(_ sample: HistorySample) {
        let start = HistoryTier.start(of: sample.moment.time, length: length)
        if open?.start == start {
            open?.add(sample)
        } else {
            if let open { done.append(open) }
            open = RollUp(start: start, sample: sample)
        }
    }

    /// All windows, in order.
    package var windows: [RollUp] { done + [open].compactMap { $0 } }
}

extension RollUp {
    /// One window of several that follow each other; nil of none.
    package static func joined(_ windows: some Sequence<RollUp>, start: Int64) -> RollUp? {
        var all: RollUp?
        for window in windows {
            if all == nil {
                all = window
                all?.start = start
            } else {
                all?.join(window)
            }
        }
        return all
    }
}
