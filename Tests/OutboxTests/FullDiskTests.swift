import Outbox
import TestKit
import Testing

/// Disks that fail and recover while the gateway runs.
@Suite struct FullDiskTests {
    /// Fails at every operation in turn; `judge` holds the errors against what may be told.
    private func enumerate(
        _ fault: FaultyDisk.Fault, for counts: [Int64], _ judge: (OutboxError) -> Bool
    ) throws {
        let disk = try FaultyDisk(seed: 5)
        var points: Int64 = 0
        var told = 0
        let isLong = Environment.value("AMPHORA_LONG") != nil
        for count in counts {
            // the short run takes some of the points, and all of them where a write finds no room
            let step: Int64 = isLong || (fault == .full && count == 1) ? 1 : count == 1 ? 4 : 23
            var point: Int64 = 0
            repeat {
                point += step
                try disk.erase()
                disk.plan(fault, at: point, count: count)
                let place = "\(fault) at operation \(point) for \(count)"
                let life = TroubledLife(on: disk, place)
                life.live(.untroubled)
                for error in life.errors { #expect(judge(error), "\(place): \(error)") }
                told += life.errors.count
                let isMet = disk.isMet
                try life.judge()
                life.end()
                if !isMet { break }
            } while true
            points += (point - 1) / step
        }
        print("\(fault): \(points) points, \(told) errors told")
        #expect(points > 40)
        #expect(told > 20)
    }

    @Test func `outbox rule 6: a disk that is full at any write loses only what is counted`() throws
    {
        try enumerate(.full, for: [1, 7, .max]) {
            if case .diskFull = $0 { true } else { false }
        }
    }

    @Test func `a file system that turns read-only is told and passes`() throws {
        try enumerate(.readOnly, for: [1, .max]) {
            if case .readOnly = $0 { true } else { false }
        }
    }

    @Test func `an input or output error anywhere is told and loses only what is counted`() throws {
        try enumerate(.error, for: [1, 5, .max]) {
            if case .failed = $0 { true } else { false }
        }
    }

    @Test func `a read error anywhere is told and loses only what is counted`() throws {
        try enumerate(.readError, for: [1, 5]) {
            if case .failed = $0 { true } else { false }
        }
    }
}
