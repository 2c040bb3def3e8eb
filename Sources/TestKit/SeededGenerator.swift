/// A repeatable source of random numbers for property tests (SplitMix64, Steele and others 2014).
///
/// A failing run is repeated with the environment variable `AMPHORA_SEED`.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// Where the sequence began; what a failing test must show.
    package let seed: UInt64
    private var state: UInt64

    /// Begins at a given seed and prints nothing.
    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Begins at `AMPHORA_SEED` or at a random place, and prints the seed with the suite's name.
    package init(announcedAs suite: String) {
        let wanted = Environment.value("AMPHORA_SEED").flatMap { UInt64($0) }
        self.init(seed: wanted ?? UInt64.random(in: 0...UInt64.max))
        print("\(suite): AMPHORA_SEED=\(seed)")
    }

    /// The next 64 random bits.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Random bytes, `count` of them.
    package mutating func bytes(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) }
    }

    /// The same bytes cut into pieces of random sizes, none empty.
    package mutating func pieces<Element>(of whole: [Element], longest: Int) -> [[Element]] {
        var pieces: [[Element]] = []
        var rest = whole[...]
        while !rest.isEmpty {
            let size = Int.random(in: 1...max(1, longest), using: &self)
            pieces.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return pieces
    }
}
