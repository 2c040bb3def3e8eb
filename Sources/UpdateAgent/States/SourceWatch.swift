/// Counts how long the source of sets has given no good answer, and says when to ask it again.
///
/// A house runs on with the set it has, so nobody would notice that it hears of no other: the fleet is cut
/// off, or somebody shows it metadata that has expired (a freeze). Only time in which a gateway runs counts,
/// by the clock that nobody can set.
package struct SourceWatch: Hashable, Sendable {
    /// The first question after a failure comes so soon, in seconds; each further one twice as late.
    private static var firstPause: Int64 { 10 }
    /// The latest question after failures, in seconds, unless the ordinary ones are rarer.
    private static var longestPause: Int64 { 3600 }

    /// So long without a good answer is an alarm, in seconds.
    package let most: Int64
    /// So long there was none, over restarts, in seconds; 0 when the last one was good.
    package private(set) var seconds: Int64
    /// Why the last question failed, in words.
    package private(set) var trouble = ""
    private var failures = 0
    private var countedAt: Int64?

    /// Goes on counting from what an earlier program has seen.
    package init(most: Int, seconds: Int64 = 0) {
        self.most = Int64(most)
        self.seconds = seconds
    }

    /// The source did not answer, or what it said is not to be believed.
    ///
    /// `now` is the monotonic clock in nanoseconds.
    mutating func noteFailure(_ words: String, now: Int64) {
        if let countedAt, now > countedAt {
            let passed = (now - countedAt) / 1_000_000_000
            let (sum, overflow) = seconds.addingReportingOverflow(passed)
            seconds = overflow ? .max : sum
            self.countedAt = countedAt + passed * 1_000_000_000
        } else {
            countedAt = now
        }
        trouble = words
        failures = min(failures + 1, 20)
    }

    /// The source answered, whatever it has.
    mutating func noteAnswer() {
        (seconds, trouble, failures, countedAt) = (0, "", 0, nil)
    }

    /// What somebody should know; nil while all is well.
    package var alarm: String? {
        guard seconds >= most else { return nil }
        let why = trouble.isEmpty ? "" : ": \(trouble)"
        return "no word on profile sets can be believed for \(seconds / 3600) h\(why)"
    }

    /// Seconds until the source is asked again, where it is asked every `poll` seconds when all is well.
    ///
    /// By chance up to a tenth later, so that houses do not ask all at once; after failures anywhere in the
    /// upper half of a pause that doubles.
    func wait(poll: Int) -> Int64 {
        let ordinary = Int64(clamping: poll)
        guard failures > 0 else { return ordinary + .random(in: 0...(ordinary / 10)) }
        return Self.pause(after: failures, poll: poll)
    }

    /// Seconds to wait after so many failures on end.
    static func pause(after failures: Int, poll: Int) -> Int64 {
        let (poll, failures) = (Int64(clamping: poll), min(max(failures, 1), 20))
        let longest = max(min(4 * poll, longestPause), poll)
        let pause = min(min(firstPause, poll) << Int64(failures - 1), longest)
        return .random(in: (pause - pause / 2)...pause)
    }
}
