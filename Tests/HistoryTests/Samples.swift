import TestKit

@testable import History

/// Samples as tests need them.
enum Made {
    /// A Thursday in 2026, at a full hour of UTC.
    static let start: Int64 = 1_790_001_000_000 / 3_600_000 * 3_600_000

    static func sample(
        _ number: Int64, at seconds: Int64, watts: Int64?, from start: Int64 = Made.start
    ) -> HistorySample {
        var sample = HistorySample(
            moment: RecordMoment(time: start + seconds * 1000, epoch: 1, sequence: number))
        sample.milliwatts = watts.map { $0 * 1000 }
        sample.millivolts = 52_000 + number % 7
        sample.charge = 5000 + number % 13
        return sample
    }

    /// Samples at random distances, with gaps, silence and things unknown.
    static func random(
        _ count: Int, using generator: inout some RandomNumberGenerator
    ) -> [HistorySample] {
        var seconds: Int64 = 0
        return (0..<Int64(count)).map { number in
            seconds += Int64.random(in: 0...9, using: &generator) == 0 ? 900 : 10
            var sample = sample(
                number, at: seconds,
                watts: Int64.random(in: 0...5, using: &generator) == 0
                    ? nil : .random(in: -5000...5000, using: &generator))
            sample.isOnline = Int64.random(in: 0...7, using: &generator) > 0
            sample.deriveSpread(
                cells: (0..<16).map { _ in .random(in: 3200...3400, using: &generator) })
            return sample
        }
    }
}
