import TestKit
import Testing

@testable import History

@Suite struct RollUpTests {
    private func windows(_ tier: HistoryTier, _ samples: [HistorySample]) -> [RollUp] {
        var gatherer = RollUpGatherer(tier)
        for sample in samples { gatherer.add(sample) }
        return gatherer.windows
    }

    @Test func `a quarter of an hour is the same from its minutes as from its samples (rule 2)`()
        throws
    {
        var generator = SeededGenerator(announcedAs: "roll-ups")
        for _ in 0..<50 {
            let samples = Made.random(400, using: &generator)
            let minutes = windows(.minute, samples)
            for quarter in windows(.quarter, samples) {
                let inside = minutes.filter {
                    (quarter.start..<quarter.start + 900_000).contains($0.start)
                }
                #expect(RollUp.joined(inside, start: quarter.start) == quarter)
            }
        }
    }

    @Test func `a sample added is the same as a window of it joined`() throws {
        var generator = SeededGenerator(announcedAs: "added samples")
        for _ in 0..<20 {
            let samples = Made.random(300, using: &generator)
            var added = RollUp(start: 0)
            for sample in samples { added.add(sample) }
            let ones = samples.map { RollUp(start: 0, sample: $0) }
            #expect(RollUp.joined(ones, start: 0) == added)
        }
    }

    @Test func `energy in and out is what lies under the line, zero crossings divided`() throws {
        // 1 kW for 100 s, then down to −1 kW within 100 s, then −1 kW for 100 s
        let samples = [(0, 1000), (100, 1000), (200, -1000), (300, -1000)].enumerated().map {
            Made.sample(Int64($0.offset), at: $0.element.0, watts: $0.element.1)
        }
        let window = try #require(windows(.quarter, samples).first)
        #expect(window.energy == Energy(charged: 125_000_000, discharged: 125_000_000))
        #expect(window.covered == 300_000)
    }

    @Test func `a gap adds no energy and no time (rule 3)`() throws {
        let limit = Energy.longestStep / 1000
        func window(_ seconds: Int64) throws -> RollUp {
            try #require(
                windows(
                    .quarter,
                    [
                        Made.sample(1, at: 0, watts: 1000),
                        Made.sample(2, at: seconds, watts: 1000),
                    ]
                ).first)
        }
        #expect(try window(limit).energy.charged == 1_000_000 * limit)
        #expect(try window(limit + 1).energy == Energy())
        #expect(try window(limit + 1).covered == 0)
    }

    @Test func `a pack that does not answer has no values`() throws {
        var silent = Made.sample(1, at: 0, watts: 100)
        silent.isOnline = false
        let window = try #require(windows(.minute, [silent]).first)
        #expect(window.samples == 0 && window.silent == 1 && window.first == nil)
        #expect(Quantity.allCases.allSatisfy { window.values[$0] == nil })
    }

    @Test func `late samples before or after the others mend a window exactly`() throws {
        let samples = (0..<90).map {
            Made.sample($0, at: $0 * 10, watts: ($0 * 37) % 900 - 400)
        }
        let whole = try #require(windows(.quarter, samples).first)
        for cut in [1, 30, 89] {
            let early = try #require(windows(.quarter, Array(samples[..<cut])).first)
            let late = try #require(windows(.quarter, Array(samples[cut...])).first)
            var mended = early
            mended.mend(late)
            #expect(mended == whole)
            mended = late
            mended.mend(early)
            #expect(mended == whole)
        }
        // in between: all that does not depend on the order is right, and no energy counts twice
        let even = try #require(
            windows(.quarter, samples.filter { $0.moment.sequence % 2 == 0 }).first)
        var mended = try #require(
            windows(.quarter, samples.filter { $0.moment.sequence % 2 == 1 }).first)
        mended.mend(even)
        #expect(mended.samples == 90 && mended.first == whole.first && mended.last == whole.last)
        #expect(mended.values[.power]?.sum == whole.values[.power]?.sum)
        #expect(mended.covered <= whole.covered)
    }

    @Test func `numbers at the ends of their range neither trap nor become energy`() throws {
        var generator = SeededGenerator(announcedAs: "absurd samples")
        let values: [Int64?] = [.min, .max, nil, 0, -1]
        for _ in 0..<300 {
            var gatherer = RollUpGatherer(.minute)
            for number in 0..<20 as Range<Int64> {
                var sample = HistorySample(
                    moment: RecordMoment(
                        time: [.min, .max, 0, 59_999].randomElement(using: &generator) ?? 0,
                        epoch: 1, sequence: number))
                sample.millivolts = values.randomElement(using: &generator) ?? nil
                sample.milliamperes = values.randomElement(using: &generator) ?? nil
                sample.charge = values.randomElement(using: &generator) ?? nil
                sample.derivePower()
                gatherer.add(sample)
            }
            let all = try #require(RollUp.joined(gatherer.windows, start: 0))
            #expect(all.energy.charged >= 0 && all.energy.discharged >= 0)
        }
    }
}
