/// A histogram of reply times with fixed bounds.
package struct LatencyHistogram: Sendable {
    /// Upper bounds of the buckets in milliseconds; the last bucket takes everything above.
    package static var boundsMilliseconds: InlineArray<11, Int64> {
        [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
    }

    private var counts: InlineArray<12, UInt32> = .init(repeating: 0)
    /// The longest time seen, in nanoseconds.
    package private(set) var longest: Int64 = 0
    /// The last time seen, in nanoseconds.
    package private(set) var last: Int64 = 0

    /// No times.
    package init() {}

    /// Counts one time in nanoseconds.
    package mutating func record(_ nanoseconds: Int64) {
        last = nanoseconds
        longest = max(longest, nanoseconds)
        var bucket = 0
        while bucket < 11, nanoseconds > Self.boundsMilliseconds[bucket] * 1_000_000 { bucket += 1 }
        counts[bucket] &+= 1
    }

    /// How many times fell into bucket `index`, 0…11.
    package func count(in index: Int) -> UInt32 { index >= 0 && index < 12 ? counts[index] : 0 }
}

/// What happened in the exchanges with one unit, or on one line.
package struct ExchangeStatistics: Sendable {
    /// Requests sent.
    package var requests: UInt64 = 0
    /// Good answers.
    package var replies: UInt64 = 0
    /// Requests without an answer.
    package var timeouts: UInt64 = 0
    /// Answers whose CRC was wrong.
    package var checkFailures: UInt64 = 0
    /// Exception replies.
    package var exceptions: UInt64 = 0
    /// Answers from another unit.
    package var wrongUnits: UInt64 = 0
    /// Answers with impossible content.
    package var implausible: UInt64 = 0
    /// Bytes that belonged to no frame.
    package var strayBytes: UInt64 = 0
    /// From the end of the request to the end of the answer.
    package var latency = LatencyHistogram()

    /// Nothing happened yet.
    package init() {}
}
