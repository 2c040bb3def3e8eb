import Glibc

/// A clock that a reliability test lets run fast, so that days go by in minutes.
///
/// `AMPHORA_FAST` holds three numbers: the seconds by which the clock is ahead at the start, how many
/// times faster than real it runs, and the seconds ahead at which it runs as fast as others again.
/// Wall clock and monotonic clock go together; the connection to the broker keeps real time. Only debug
/// builds look at it.
struct FastClock {
    let aheadNanoseconds: Int64
    let rate: Int64
    let mostNanoseconds: Int64

    /// Reads the three numbers; nil unless all are there and sensible.
    init?(_ text: String) {
        let words = text.split(separator: " ").compactMap { Int64($0) }
        guard words.count == 3, (0...1_000_000_000).contains(words[0]),
            (1...100_000).contains(words[1]), (words[0]...1_000_000_000).contains(words[2])
        else { return nil }
        aheadNanoseconds = words[0] * 1_000_000_000
        rate = words[1]
        mostNanoseconds = words[2] * 1_000_000_000
    }

    /// Nanoseconds ahead, so many real nanoseconds after the start.
    func lead(after nanoseconds: Int64) -> Int64 {
        let (gained, overflow) = max(0, nanoseconds).multipliedReportingOverflow(by: rate - 1)
        guard !overflow, gained < mostNanoseconds - aheadNanoseconds else {
            return mostNanoseconds
        }
        return aheadNanoseconds + gained
    }

    #if DEBUG
        private static let chosen = getenv("AMPHORA_FAST").flatMap {
            FastClock(String(cString: $0))
        }
        private static let start = MachineClock.read(CLOCK_MONOTONIC)

        static func lead(at real: Int64) -> Int64 { chosen?.lead(after: real &- start) ?? 0 }

        static var leadNow: Int64 {
            chosen == nil ? 0 : lead(at: MachineClock.read(CLOCK_MONOTONIC))
        }

        static var rateNow: Int64 {
            guard let chosen, leadNow < chosen.mostNanoseconds else { return 1 }
            return chosen.rate
        }
    #else
        static func lead(at real: Int64) -> Int64 { 0 }
        static var leadNow: Int64 { 0 }
        static var rateNow: Int64 { 1 }
    #endif
}
