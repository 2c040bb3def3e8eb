import FoundationEssentials
import Glibc
import Numbering
import Outbox
import TestKit
import Testing

/// Logs that a bad disk spoilt after they were synced, or that somebody took away.
@Suite struct OutboxLogTests {
    private static let frame = 2072

    /// A killed outbox whose second half lies in its log, and copies of it to be spoilt.
    private struct Killed {
        let healthy: HealthyFile
        /// Numbers that were given.
        var last: Int64 { healthy.state.next - 1 }

        init() throws { healthy = try HealthyFile(hasLog: true) }

        /// Opens a copy with another log and appends; hands the outbox over and what is then stored.
        func open(
            _ name: String, log: Data?, memory: Data? = nil
        ) throws -> (outbox: Outbox, given: Int64, state: OutboxState) {
            let path = try healthy.put(name, database: healthy.database, log: log, memory: memory)
            let outbox = try Outbox(
                path: path, budgetBytes: 64 << 20, wallMilliseconds: 1_700, vfs: healthy.disk.vfs)
            let next = outbox.nextSequence
            var nothing = SequenceRanges()
            let given = try outbox.append(
                [OutboxLife.record(next, size: 20, .event)], freeing: &nothing)
            #expect(given == next...next)
            return (outbox, next, try OutboxState(path: path, vfs: healthy.disk.vfs))
        }

        /// Rows of the killed outbox that are there no more.
        func lost(_ state: OutboxState) -> [Int64] {
            let left = Set(state.rows)
            return healthy.state.rows.filter { !left.contains($0) }.map(\.sequence)
        }

        /// Every row left is the record that bears its number, and every loss is told.
        func judge(_ state: OutboxState, _ given: Int64, _ place: String, isProved: Bool) {
            #expect(given > last, "\(place): number \(given) is given twice")
            #expect(
                state.rows.dropLast().allSatisfy {
                    $0.payload == OutboxLife.record($0.sequence, size: 500, $0.recordClass).payload
                }, "\(place)")
            #expect(state.rows.map(\.sequence) == state.rows.map(\.sequence).sorted(), "\(place)")
            let lost = lost(state)
            let counted = state.losses[.damaged] ?? 0
            if isProved, !lost.isEmpty {
                #expect(counted >= Int64(lost.count), "\(place): lost \(lost), counted \(counted)")
            }
            #expect(counted <= last + 1024, "\(place)")
            #expect(state.losses[.diskFull] ?? 0 >= 1, "\(place)")
        }
    }

    @Test func `outbox rule 2: whatever part of a log is spoilt, no number is given twice`() throws
    {
        let killed = try Killed()
        let memory = killed.healthy.index
        let log = killed.healthy.log
        var kept = 0
        var frames = 0
        let parts = [0, 4, 8, 16, 24, 200, 1_000, 2_071]
        for (round, start) in stride(from: 32, to: log.count, by: Self.frame).enumerated() {
            // all parts of some frames, one of each of the others
            for part in round % 8 == 3 ? parts : [parts[round % 8]] {
                var bad = log
                for index in start + part..<min(start + part + 8, bad.count) { bad[index] ^= 0xFF }
                let place = "frame \(round + 1), byte \(part)"
                let (outbox, given, state) = try killed.open(
                    "part-\(round)-\(part)", log: bad, memory: memory)
                killed.judge(state, given, place, isProved: true)
                #expect(outbox.epoch == killed.healthy.epoch, "\(place)")
                #expect(
                    outbox.setAside?.reason.hasPrefix("its log is damaged from frame") == true,
                    "\(place)")
                frames += 1
                if killed.lost(state).count <= 4 { kept += 1 }
            }
        }
        print("spoilt logs: \(frames) places, \(kept) cost one transaction or less")
        #expect(kept > frames * 3 / 4, "\(kept) of \(frames)")
    }

    @Test func `a log that is spoilt before its last two transactions proves it by itself`() throws
    {
        let killed = try Killed()
        let log = killed.healthy.log
        let count = (log.count - 32) / Self.frame
        var proved = 0
        for round in 0..<count {
            var bad = log
            bad[32 + round * Self.frame + 300] ^= 0xFF
            let (outbox, given, state) = try killed.open("alone-\(round)", log: bad)
            killed.judge(
                state, given, "frame \(round + 1)", isProved: outbox.setAside != nil)
            if outbox.setAside != nil { proved += 1 }
            if round < count - 8 { #expect(outbox.setAside != nil, "frame \(round + 1)") }
        }
        print("spoilt logs: \(proved) of \(count) frames proved without the index")
    }

    @Test func `a spoilt header of a log costs nothing`() throws {
        let killed = try Killed()
        for place in 0..<32 {
            var bad = killed.healthy.log
            bad[place] ^= 0xFF
            let (outbox, given, state) = try killed.open("header-\(place)", log: bad)
            // a first frame that hangs on a spoilt checksum cannot be proved whole
            killed.judge(state, given, "header byte \(place)", isProved: true)
            #expect(outbox.setAside != nil, "header byte \(place)")
            if place < 24 { #expect(killed.lost(state) == [], "header byte \(place)") }
        }
    }

    @Test func `outbox rule 2: a log cut short anywhere or taken away gives no number twice`()
        throws
    {
        let killed = try Killed()
        let memory = killed.healthy.index
        let log = killed.healthy.log
        var lengths = Array(stride(from: 0, to: log.count, by: Self.frame * 3 + 1_000))
        lengths += stride(from: 32, to: log.count, by: Self.frame * 2)
        for length in lengths {
            for hasIndex in [true, false] {
                let place = "\(length) bytes of the log, \(hasIndex ? "with" : "without") its index"
                let (outbox, given, state) = try killed.open(
                    "short-\(length)-\(hasIndex)", log: log.prefix(length),
                    memory: hasIndex ? memory : nil)
                killed.judge(state, given, place, isProved: hasIndex)
                if hasIndex { #expect(outbox.setAside != nil, "\(place)") }
                if outbox.setAside == nil { #expect(outbox.passedOver != nil, "\(place)") }
            }
        }
        for hasIndex in [true, false] {
            let (outbox, given, state) = try killed.open(
                "gone-\(hasIndex)", log: nil, memory: hasIndex ? memory : nil)
            killed.judge(state, given, "no log", isProved: hasIndex)
            #expect((outbox.setAside?.reason.hasPrefix("its log is gone") == true) == hasIndex)
            #expect((outbox.passedOver != nil) == !hasIndex)
        }
    }

    @Test
    func `a log that is whole is no damage, and a start after a cut tells what it passed over`()
        throws
    {
        let killed = try Killed()
        for memory in [nil, killed.healthy.index] {
            let (outbox, given, state) = try killed.open(
                "whole-\(memory == nil)", log: killed.healthy.log, memory: memory)
            #expect(outbox.setAside == nil)
            #expect(killed.lost(state) == [])
            #expect(state.losses == killed.healthy.state.losses)
            let passed = try #require(outbox.passedOver)
            #expect(passed.lowerBound == killed.last + 1)
            #expect(given == passed.upperBound + 1)
            #expect(passed.count <= 1024)
        }
    }

    @Test func `after a proper end no number is passed over`() throws {
        let fixture = try OutboxFixture()
        for round in Int64(1)...5 {
            #expect(fixture.outbox.passedOver == nil)
            #expect(try fixture.append(1) == round...round)
            try fixture.reopen()
        }
        try fixture.free(1...5)
        try fixture.reopen()
        #expect(fixture.outbox.nextSequence == 6)
    }

    @Test func `blocks of numbers are written off ahead, however many are given at once`() throws {
        let fixture = try OutboxFixture()
        var last: Int64 = 0
        for count in [1, 400, 300, 2_000, 1, 1_024, 700] {
            last = try #require(try fixture.append(count)).upperBound
            // the file without its log, as if that had been taken away
            let copy = fixture.folder.file("without-\(last).db")
            try FileManager.default.copyItem(atPath: fixture.path, toPath: copy)
            let outbox = try Outbox(path: copy, budgetBytes: 1 << 20, wallMilliseconds: 1)
            #expect(outbox.nextSequence > last)
        }
    }

    @Test func `a fast pace writes larger blocks off, and a start passes one over`() throws {
        let fixture = try OutboxFixture()
        var last: Int64 = 0
        for _ in 1...400 { last = try #require(try fixture.append(16)).upperBound }
        let passed = try #require(try fixture.openCopy().passedOver)
        #expect(passed.lowerBound == last + 1)
        #expect((1_025...65_536).contains(passed.count), "\(passed)")
    }
}
