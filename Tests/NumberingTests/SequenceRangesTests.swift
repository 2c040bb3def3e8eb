import Numbering
import TestKit
import Testing

@Suite struct SequenceRangesTests {
    @Test func `numbers in any order become the ranges of the set`() throws {
        var random = SeededGenerator(announcedAs: "sequence ranges")
        for _ in 1...300 {
            var ranges = SequenceRanges()
            var model: Set<Int64> = []
            for _ in 1...30 {
                let lower = Int64.random(in: 0...60, using: &random)
                let range = lower...(lower + Int64.random(in: 0...4, using: &random))
                ranges.insert(range)
                model.formUnion(range)
            }
            #expect(ranges.ranges.flatMap { Array($0) } == model.sorted())
            #expect(
                zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy {
                    $0.upperBound + 1 < $1.lowerBound
                })
            #expect(ranges.count == Int64(model.count))
            for number in Int64(0)...66 {
                #expect(ranges.contains(number) == model.contains(number))
            }
            let taken = ranges.removeLowest(7).flatMap { Array($0) }
            #expect(taken == Array(model.sorted().prefix(7)))
            ranges.removeAll(through: 40)
            #expect(ranges.ranges.first.map { $0.lowerBound > 40 } ?? true)
        }
    }

    @Test func `taking ranges out leaves the rest of the set`() throws {
        var random = SeededGenerator(announcedAs: "sequence ranges taken out")
        for _ in 1...300 {
            var ranges = SequenceRanges()
            var other = SequenceRanges()
            var model: Set<Int64> = []
            for _ in 1...20 {
                let lower = Int64.random(in: 0...60, using: &random)
                let range = lower...(lower + Int64.random(in: 0...6, using: &random))
                if Bool.random(using: &random) {
                    ranges.insert(range)
                    model.formUnion(range)
                } else {
                    other.insert(range)
                }
            }
            ranges.subtract(other)
            for range in other.ranges { model.subtract(range) }
            let bounds =
                Int64.random(in: 1...20, using: &random)...Int64.random(in: 20...70, using: &random)
            ranges.clamp(to: bounds)
            model = model.filter { bounds.contains($0) }
            #expect(ranges.ranges.flatMap { Array($0) } == model.sorted())
            #expect(
                zip(ranges.ranges, ranges.ranges.dropFirst()).allSatisfy {
                    $0.upperBound + 1 < $1.lowerBound
                })
        }
    }
}
