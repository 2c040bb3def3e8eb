/// A set of sequence numbers as ranges, lowest first.
///
/// Acknowledgements come almost in order, so the set is one range most of the time and adding to
/// its end is the fast way.
package struct SequenceRanges: Hashable, Sendable, CustomStringConvertible {
    /// The ranges: ascending, apart from each other by at least one missing number.
    package private(set) var ranges: [ClosedRange<Int64>] = []

    /// An empty set.
    package init() {}

    /// How many numbers are in the set.
    package var count: Int64 { ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound + 1) } }

    /// Whether there are none.
    package var isEmpty: Bool { ranges.isEmpty }

    /// `3–7, 9`.
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)–\($0.upperBound)" }
            .joined(separator: ", ")
    }

    /// Adds one number; adding it twice is the same as once.
    package mutating func insert(_ sequence: Int64) { insert(sequence...sequence) }

    /// Adds a range, joined with those it touches.
    package mutating func insert(_ range: ClosedRange<Int64>) {
        if let last = ranges.last, range.lowerBound >= last.lowerBound {
            if isApart(last, range) {
                ranges.append(range)
            } else {
                let upper = max(last.upperBound, range.upperBound)
                ranges[ranges.count - 1] = last.lowerBound...upper
            }
            return
        }
        var lower = range.lowerBound
        var upper = range.upperBound
        let first = ranges.firstIndex { !isApart($0, range) } ?? position(of: lower)
        var end = first
        while end < ranges.count, !isApart(range, ranges[end]) {
            lower = min(lower, ranges[end].lowerBound)
            upper = max(upper, ranges[end].upperBound)
            end += 1
        }
        ranges.replaceSubrange(first..<end, with: [lower...upper])
    }

    /// Adds all numbers of another set.
    package mutating func formUnion(_ other: SequenceRanges) {
        for range in other.ranges { insert(range) }
    }

    /// Whether a number is in the set.
    package func contains(_ sequence: Int64) -> Bool {
        let index = firstIndex(reaching: sequence)
        return index < ranges.count && ranges[index].lowerBound <= sequence
    }

    /// The place of the first range that does not end before `sequence`.
    private func firstIndex(reaching sequence: Int64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < sequence { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Takes the lowest numbers out, `limit` at most.
    package mutating func removeLowest(_ limit: Int64) -> [ClosedRange<Int64>] {
        var taken: [ClosedRange<Int64>] = []
        var left = limit
        while left > 0, let first = ranges.first {
            let size = first.upperBound - first.lowerBound + 1
            if size <= left {
                taken.append(first)
                ranges.removeFirst()
                left -= size
            } else {
                let cut = first.lowerBound + left
                taken.append(first.lowerBound...(cut - 1))
                ranges[0] = cut...first.upperBound
                left = 0
            }
        }
        return taken
    }

    /// Takes a range out; what of it is not in the set does not matter.
    package mutating func remove(_ range: ClosedRange<Int64>) {
        let start = firstIndex(reaching: range.lowerBound)
        var end = start
        var kept: [ClosedRange<Int64>] = []
        while end < ranges.count, ranges[end].lowerBound <= range.upperBound {
            let found = ranges[end]
            if found.lowerBound < range.lowerBound {
                kept.append(found.lowerBound...(range.lowerBound - 1))
            }
            if found.upperBound > range.upperBound {
                kept.append((range.upperBound + 1)...found.upperBound)
            }
            end += 1
        }
        ranges.replaceSubrange(start..<end, with: kept)
    }

    /// Takes all numbers of another set out.
    package mutating func subtract(_ other: SequenceRanges) {
        for range in other.ranges { remove(range) }
    }

    /// Keeps only the numbers within `range`, whose ends are below `Int64.max`.
    package mutating func clamp(to range: ClosedRange<Int64>) {
        removeAll(through: range.lowerBound - 1)
        remove((range.upperBound + 1)...Int64.max)
    }

    /// Forgets every number up to and including `sequence`.
    package mutating func removeAll(through sequence: Int64) {
        while let first = ranges.first, first.lowerBound <= sequence {
            if first.upperBound <= sequence {
                ranges.removeFirst()
            } else {
                ranges[0] = (sequence + 1)...first.upperBound
            }
        }
    }

    /// Whether at least one number lies between an earlier range and a later one, or the other way.
    private func isApart(_ one: ClosedRange<Int64>, _ other: ClosedRange<Int64>) -> Bool {
        let gapAfter = other.lowerBound.subtractingReportingOverflow(one.upperBound).partialValue
        let gapBefore = one.lowerBound.subtractingReportingOverflow(other.upperBound).partialValue
        return (other.lowerBound > one.upperBound && gapAfter > 1)
            || (one.lowerBound > other.upperBound && gapBefore > 1)
    }

    private func position(of sequence: Int64) -> Int {
        ranges.firstIndex { $0.lowerBound > sequence } ?? ranges.count
    }
}
