/// A length of time in nanoseconds, negative when it points backwards.
package struct TimeSpan: Hashable, Comparable, Sendable {
    /// Nanoseconds.
    package let nanoseconds: Int64

    /// Makes a span from nanoseconds.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// No time at all.
    package static var zero: TimeSpan { TimeSpan(nanoseconds: 0) }

    /// Makes a span from microseconds.
    package static func microseconds(_ value: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: value.multipliedSaturated(by: 1_000))
    }

    /// Makes a span from milliseconds.
    package static func milliseconds(_ value: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: value.multipliedSaturated(by: 1_000_000))
    }

    /// Makes a span from seconds.
    package static func seconds(_ value: Int64) -> TimeSpan {
        TimeSpan(nanoseconds: value.multipliedSaturated(by: 1_000_000_000))
    }

    /// Whole milliseconds, rounded towards zero.
    package var milliseconds: Int64 { nanoseconds / 1_000_000 }

    /// Orders by length.
    package static func < (left: TimeSpan, right: TimeSpan) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The sum, held at the ends of the range.
    package static func + (left: TimeSpan, right: TimeSpan) -> TimeSpan {
        TimeSpan(nanoseconds: left.nanoseconds.addingSaturated(right.nanoseconds))
    }
}

/// A point on the monotonic clock, in nanoseconds since an arbitrary start.
///
/// Wall time jumps (no battery clock, network time arriving late), so ages, time-outs and ramps
/// are reckoned on this clock only.
package struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds on the monotonic clock.
    package let nanoseconds: Int64

    /// Makes a point from nanoseconds on the monotonic clock.
    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// The point before any other: the stamp of a value that was never read.
    package static var never: Instant { Instant(nanoseconds: .min) }

    /// The time from `earlier` to this point; the longest possible span when `earlier` is `never`.
    package func since(_ earlier: Instant) -> TimeSpan {
        earlier == .never
            ? TimeSpan(nanoseconds: .max)
            : TimeSpan(nanoseconds: nanoseconds.subtractingSaturated(earlier.nanoseconds))
    }

    /// Orders from earlier to later.
    package static func < (left: Instant, right: Instant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// The point `span` later.
    package static func + (left: Instant, right: TimeSpan) -> Instant {
        Instant(nanoseconds: left.nanoseconds.addingSaturated(right.nanoseconds))
    }
}

extension Int64 {
    /// The sum, held at the ends of the range.
    package func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, held at the ends of the range.
    package func subtractingSaturated(_ other: Int64) -> Int64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }

    /// The product, held at the ends of the range.
    package func multipliedSaturated(by other: Int64) -> Int64 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
    }
}
