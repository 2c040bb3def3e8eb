/// Grows the time between attempts, with chance in it so that many do not come back at once.
struct Backoff<Generator: RandomNumberGenerator> {
    private let first: Int64
    private let longest: Int64
    private var failures = 0
    private var generator: Generator

    /// The first and the longest wait in nanoseconds.
    init(first: Int64, longest: Int64, generator: Generator) {
        self.first = first
        self.longest = longest
        self.generator = generator
    }

    /// How many attempts have failed since the last success.
    var count: Int { failures }

    mutating func succeeded() { failures = 0 }

    /// What was reached did some work before it failed: the next waits are at most the third.
    mutating func worked() { failures = min(failures, 2) }

    /// The wait after one more failure: between half of the full time and all of it.
    mutating func failed() -> Int64 {
        let full = min(longest, first << Int64(min(failures, 20)))
        failures += 1
        return .random(in: (full / 2)...full, using: &generator)
    }
}
