import TestKit
import Testing

@testable import History

@Suite struct DerivedTests {
    @Test func `time to full and to empty is a range, rounded outwards`() throws {
        let steady = Array(repeating: Int64(20_000), count: 15)
        let full = try #require(RunTime(remaining: 60_000, full: 100_000, currents: steady))
        #expect(full.goal == .full && full.shortest == 120 && full.longest == 120)
        let uneven = (0..<16).map { -10_000 - Int64($0 % 4) * 2000 }
        let empty = try #require(RunTime(remaining: 60_000, full: 100_000, currents: uneven))
        #expect(empty.goal == .empty && empty.shortest == 255 && empty.longest == 300)
    }

    @Test(
        arguments: [
            [], [20_000, 20_000], Array(repeating: 0, count: 15), Array(repeating: 1900, count: 15),
            (0..<16).map { $0 % 2 == 0 ? 20_000 : -20_000 }, [.min, .max, .min, .max, .min, .max],
        ] as [[Int64]])
    func `an idle or restless battery promises nothing`(currents: [Int64]) {
        #expect(RunTime(remaining: 50_000, full: 100_000, currents: currents) == nil)
    }

    @Test func `nonsense promises nothing`() {
        let currents = Array(repeating: Int64(20_000), count: 15)
        for (remaining, full) in [(-1, 100), (101, 100), (0, 0), (.max, .max), (1, -5)]
            as [(Int64, Int64)]
        {
            #expect(RunTime(remaining: remaining, full: full, currents: currents) == nil)
        }
        // full already
        #expect(RunTime(remaining: 100_000, full: 100_000, currents: currents) == nil)
    }

    @Test func `charge flows one way or the other, or hardly at all`() {
        #expect(ChargeFlow(current: 2000, full: 100_000) == .charging)
        #expect(ChargeFlow(current: -2000, full: 100_000) == .discharging)
        #expect(ChargeFlow(current: -1999, full: 100_000) == .idle)
        #expect(ChargeFlow(current: 1, full: nil) == .charging)
        #expect(ChargeFlow(current: 0, full: nil) == .idle)
        #expect(ChargeFlow(current: 0, full: 0) == .idle)
        #expect(ChargeFlow(current: .min, full: .max) == .discharging)
        #expect(ChargeFlow(current: .max, full: .min) == .charging)
    }

    private func days(_ count: Int64, _ change: (Int64, inout HistorySample) -> Void) -> [RollUp] {
        (0..<count).map { number in
            let start = Made.start + number * 86_400_000
            var sample = Made.sample(number, at: 0, watts: 0, from: start)
            change(number, &sample)
            return RollUp(start: start, sample: sample)
        }
    }

    @Test func `health and imbalance have a trend once there are enough days`() throws {
        let falling = days(100) { $1.health = 10_000 - $0 }
        let health = try #require(Trend.health(falling))
        #expect(
            abs(health.perDay + 1) < 1e-9 && abs(health.latest - 9901) < 1e-6 && health.days == 99)
        #expect(Trend.health(Array(falling.prefix(60))) == nil)
        let growing = days(30) { $1.deviation = 10 + $0 / 2 }
        let imbalance = try #require(Trend.imbalance(growing))
        #expect(abs(imbalance.perDay - 0.5) < 0.01)
        #expect(Trend.imbalance(falling) == nil)
    }

    @Test func `cycles are those the pack counts, and what went through it`() {
        var windows = days(3) { number, sample in
            sample.cycles = 40 + number
            sample.full = 100_000
            sample.millivolts = 50_000
        }
        // 5 kWh hold 18 MJ
        windows[1].energy.discharged = 9_000_000_000
        let cycles = CycleCount(windows)
        #expect(cycles.counted == 42 && cycles.equivalentHundredths == 50)
        #expect(CycleCount([]).counted == nil && CycleCount([]).equivalentHundredths == nil)
    }
}
