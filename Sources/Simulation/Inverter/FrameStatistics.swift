import CANBus

/// How often and how evenly one identifier came.
package struct PeriodStatistics: Sendable {
    /// How many frames came.
    package private(set) var count: UInt64 = 0
    /// How many came more than half a cycle late.
    package private(set) var late: UInt64 = 0
    private var periods: [Int32] = []
    private var next = 0
    private var lastAt: Int64?
    private let cycle: Int64?

    /// The most periods that are kept; newer ones then replace the oldest.
    private static let most = 50_000

    /// For an identifier that is due every so many milliseconds, or at no fixed time.
    package init(cycleMilliseconds: Int?) {
        cycle = cycleMilliseconds.map { Int64($0) * 1_000_000 }
    }

    /// Takes a frame that came at a moment in nanoseconds.
    package mutating func record(at now: Int64) {
        count += 1
        defer { lastAt = now }
        guard let lastAt else { return }
        let period = now - lastAt
        if let cycle, period > cycle * 3 / 2 { late += 1 }
        let microseconds = Int32(clamping: period / 1000)
        if periods.count < Self.most {
            periods.append(microseconds)
        } else {
            periods[next] = microseconds
            next = (next + 1) % Self.most
        }
    }

    /// Begins a new run: the gap after a deliberate silence is no late frame.
    package mutating func forgetLast() { lastAt = nil }

    /// Shortest, median, 99th percentile and longest period in milliseconds; nil before the second
    /// frame.
    package var summary: (minimum: Double, median: Double, high: Double, maximum: Double)? {
        guard !periods.isEmpty else { return nil }
        let sorted = periods.sorted()
        func at(_ share: Double) -> Double {
            Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))]) / 1000
        }
        return (at(0), at(0.5), at(0.99), at(1))
    }
}
