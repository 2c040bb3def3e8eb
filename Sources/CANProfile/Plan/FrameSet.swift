/// A set of frames of a plan, by index, without heap.
package struct FrameSet: Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// Indices go from 0 to below this.
    package static var capacity: Int { 1024 }

    private var words: InlineArray<16, UInt64>

    /// No frames.
    package init() { words = .init(repeating: 0) }

    /// Bit n stands for frame n.
    package init(integerLiteral value: UInt64) {
        self.init()
        words[0] = value
    }

    /// Whether there is no frame in it.
    package var isEmpty: Bool {
        for index in 0..<16 where words[index] != 0 { return false }
        return true
    }

    /// Whether the frame at `index` is in it.
    package func contains(_ index: Int) -> Bool {
        index >= 0 && index < Self.capacity && words[index >> 6] & Self.bit(index) != 0
    }

    /// Adds a frame; an index outside the capacity is left out.
    package mutating func insert(_ index: Int) {
        guard index >= 0, index < Self.capacity else { return }
        words[index >> 6] |= Self.bit(index)
    }

    /// Adds all frames of another set.
    package mutating func formUnion(_ other: FrameSet) {
        for index in 0..<16 { words[index] |= other.words[index] }
    }

    /// Takes the frame with the lowest index out; nil when there is none.
    package mutating func popFirst() -> Int? {
        for index in 0..<16 where words[index] != 0 {
            let bit = words[index].trailingZeroBitCount
            words[index] &= words[index] - 1
            return index << 6 | bit
        }
        return nil
    }

    private static func bit(_ index: Int) -> UInt64 { 1 << UInt64(index & 63) }

    /// Equal when all frames are.
    package static func == (left: FrameSet, right: FrameSet) -> Bool {
        for index in 0..<16 where left.words[index] != right.words[index] { return false }
        return true
    }

    /// Feeds all words.
    package func hash(into hasher: inout Hasher) {
        for index in 0..<16 { hasher.combine(words[index]) }
    }
}
