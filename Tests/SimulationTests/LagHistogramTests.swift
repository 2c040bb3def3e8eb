import TestKit
import Testing

@testable import Simulation

@Suite struct LagHistogramTests {
    @Test func `nothing has no percentile`() {
        #expect(LagHistogram().percentile(50) == nil)
    }

    @Test func `percentiles are within 2 % of the sorted list, never below it`() {
        var generator = SeededGenerator(announcedAs: "LagHistogramTests")
        var histogram = LagHistogram()
        var spans: [Int64] = []
        for _ in 0..<2000 {
            let size = Int64(1) << Int64.random(in: 0...45, using: &generator)
            let span = Int64.random(in: 0...size, using: &generator)
            spans.append(span)
            histogram.add(microseconds: span)
        }
        spans.sort()
        for percent in [1, 50, 90, 99, 100] {
            let exact = spans[(spans.count * percent + 99) / 100 - 1]
            let found = histogram.percentile(percent) ?? -1
            #expect(found >= exact && found <= exact + exact / 50, "\(percent) %: \(exact)")
        }
        #expect(histogram.maximum == spans.last)
    }

    @Test(arguments: [(-5, 0), (Int64.max, Int64.max)])
    func `absurd spans are held`(span: Int64, found: Int64) {
        var histogram = LagHistogram()
        histogram.add(microseconds: span)
        #expect(histogram.percentile(50) == found)
    }
}
