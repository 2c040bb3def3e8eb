import TestKit
import Testing

@testable import History

@Suite struct SeriesTests {
    private let day: Int64 = 86_400_000
    private let start = Made.start

    @Test func `the tier follows the pixels, and no chart reads more than the budget`() {
        func tier(_ days: Int64, _ pixels: Int) -> HistoryTier {
            .forChart(from: start, to: start + days * day, pixels: pixels)
        }
        #expect(tier(1, 360) == .minute && tier(1, 1000) == .minute)
        #expect(tier(1, 96) == .quarter)
        #expect(tier(7, 360) == .quarter && tier(31, 1000) == .quarter)
        #expect(tier(365, 1000) == .day && tier(1826, 1000) == .day)
        for days in 1...4000 as ClosedRange<Int64> {
            for pixels in [1, 100, 360, 1000, 4000] {
                #expect(days * day / tier(days, pixels).milliseconds <= HistoryTier.budget)
            }
        }
        #expect(HistoryTier.forChart(from: .min, to: .max, pixels: 10) == .day)
        // what was removed is not asked for
        #expect(
            HistoryTier.forChart(from: start, to: start + day, pixels: 360, minutesFrom: start + 1)
                == .quarter)
    }

    private func chart(
        _ samples: [HistorySample], pixels: Int, to end: Int64, now: Int64? = nil
    ) -> (points: [SeriesPoint], gaps: [HistoryGap]) {
        var gatherer = RollUpGatherer(.minute)
        for sample in samples { gatherer.add(sample) }
        var builder = SeriesBuilder(.charge, from: start, to: end, pixels: pixels)
        for window in gatherer.windows { builder.add(window) }
        return builder.finish(now: now ?? end)
    }

    @Test func `a chart has no more points than pixels, and all samples are in them`() throws {
        var generator = SeededGenerator(announcedAs: "charts")
        for pixels in [1, 7, 100, 4000] {
            let samples = Made.random(500, using: &generator)
            let end = try #require(samples.last).moment.time + 1
            let chart = chart(samples, pixels: pixels, to: end)
            #expect(chart.points.count <= pixels)
            #expect(
                chart.points.reduce(0) { $0 + $1.samples } == Int64(samples.count { $0.isOnline }))
            for point in chart.points {
                #expect((point.minimum...point.maximum).contains(point.mean))
                #expect((start..<end).contains(point.from))
            }
        }
    }

    @Test func `charts of all time do not trap`() {
        for (from, to) in [
            (Int64.min, Int64.max), (.max, .min), (0, .max), (.min, 0), (.max, .max),
        ] {
            for pixels in [Int.min, 1, 7, .max] {
                var builder = SeriesBuilder(.charge, from: from, to: to, pixels: pixels)
                for time in [Int64.min, -1, start, .max] {
                    var sample = Made.sample(1, at: 0, watts: 1)
                    sample.moment.time = time
                    builder.add(RollUp(start: time, sample: sample))
                }
                let chart = builder.finish(now: .max)
                #expect(chart.points.allSatisfy { $0.from >= from && $0.from <= max(from, to) })
            }
        }
    }

    @Test func `a gap has no points, and its cause where that is known`() throws {
        var samples = (0..<30).map { Made.sample($0, at: $0 * 10, watts: 1) }
        samples += (30..<60).map { Made.sample($0, at: 3600 + $0 * 10, watts: 1) }
        var chart = chart(samples, pixels: 1000, to: start + 7_200_000)
        #expect(chart.gaps.map(\.cause) == [.unknown, .gatewayOffline])
        let gap = try #require(chart.gaps.first)
        #expect(gap.from == start + 290_000 && gap.to == start + 3_900_000)
        #expect(gap.before?.sequence == 29 && gap.after?.sequence == 30)
        #expect(
            chart.points.allSatisfy { !(gap.from + 60_000..<gap.to - 60_000).contains($0.from) })
        // what lies in the future is no gap
        chart = self.chart(samples, pixels: 1000, to: start + day, now: start + 4_200_000)
        #expect(chart.gaps.count == 1)
        for number in 30..<40 as Range<Int64> {
            var silent = Made.sample(number, at: 300 + number * 60, watts: nil)
            silent.isOnline = false
            samples.append(silent)
        }
        samples.sort { $0.moment.time < $1.moment.time }
        #expect(
            self.chart(samples, pixels: 9, to: start + 4_200_000).gaps.map(\.cause) == [.packSilent]
        )
    }

    @Test func `the numbers of records tell what became of a gap`() {
        func cause(
            _ one: Int64, _ other: Int64, stored: Int64 = 0, isWaiting: Bool = false,
            epoch: Int64 = 1
        ) -> GapCause {
            .between(
                RecordMoment(time: 0, epoch: 1, sequence: one),
                RecordMoment(time: 1, epoch: epoch, sequence: other), stored: stored,
                isWaiting: isWaiting)
        }
        #expect(cause(7, 8) == .nothingRecorded)
        #expect(cause(7, 10, stored: 2) == .nothingRecorded)
        #expect(cause(7, 10, stored: 1) == .outboxLoss)
        #expect(cause(7, 10, isWaiting: true) == .recordsWaiting)
        #expect(cause(7, 10, epoch: 2) == .unknown)
        #expect(cause(10, 7) == .unknown && cause(.min, .max) == .unknown)
    }

    @Test func `energy is divided at midnight and none of it is lost`() throws {
        var generator = SeededGenerator(announcedAs: "energy of periods")
        for _ in 0..<20 {
            let samples = (0..<2000).map {
                Made.sample($0, at: $0 * 47, watts: .random(in: -900...900, using: &generator))
            }
            var gatherer = RollUpGatherer(.quarter)
            for sample in samples { gatherer.add(sample) }
            let whole = try #require(RollUp.joined(gatherer.windows, start: start))
            var periods = EnergyPeriods(
                boundaries: [
                    start - day, start, start + 3_600_000, start + 7_200_000, start + 2 * day,
                ])
            for window in gatherer.windows { periods.add(window) }
            let sum = periods.periods.reduce(Energy()) { $0 + $1.energy }
            // the power at a boundary is rounded to a milliwatt, for 47 s
            #expect(abs(sum.charged - whole.energy.charged) <= 200)
            #expect(abs(sum.discharged - whole.energy.discharged) <= 200)
            #expect(periods.periods.reduce(0) { $0 + $1.covered } == whole.covered)
            #expect(periods.periods[1].covered == 3_600_000)
            #expect(periods.periods[0].covered == 0)
        }
    }
}
