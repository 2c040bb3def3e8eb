import Numbering
import FoundationEssentials
import Glibc
import Outbox
import Synchronization
import TestKit
import Testing

@Suite struct OutboxTroubleTests {
    private func budgeted(_ bytes: Int64) throws -> OutboxFixture {
        try OutboxFixture(budget: bytes)
    }

    @Test func `outbox rule 6: under pressure old telemetry is thinned and events stay`() throws {
        let fixture = try budgeted(256 << 10)
        var nothing = SequenceRanges()
        for _ in 1...40 {
            try fixture.outbox.append(
                OutboxFixture.records(1, size: 500, .event), freeing: &nothing)
            try fixture.append(20, size: 1500)
        }
        let status = try fixture.outbox.status()
        let thinned = try #require(status.losses[.thinnedTelemetry])
        #expect(status.losses[.evictedEvent] == nil)
        #expect(status.depth + thinned + (status.losses[.evictedTelemetry] ?? 0) == 40 * 21)
        let events = Set((0..<40).map { Int64($0 * 21 + 1) })
        let left = try fixture.sequences
        #expect(left.count == Int(status.depth))
        #expect(events.isSubset(of: left))
        // the older, the sparser, and the youngest stay whole
        let telemetry = left.filter { !events.contains($0) }
        #expect(telemetry.suffix(40) == (1...840).filter { !events.contains($0) }.suffix(40))
        let gaps = zip(telemetry, telemetry.dropFirst()).map { $1 - $0 }
        let third = gaps.count / 3
        #expect(gaps.prefix(third).reduce(0, +) > gaps.suffix(third).reduce(0, +) * 2, "\(gaps)")
    }

    @Test func `outbox rule 6: the file stays within its budget`() throws {
        let fixture = try budgeted(512 << 10)
        for _ in 1...200 { try fixture.append(10, size: 1000) }
        var status = stat()
        stat(fixture.path, &status)
        #expect(Int64(status.st_size) <= (512 << 10) + (64 << 10))
        #expect(fixture.outbox.depth > 200)
    }

    @Test func `outbox rule 6: alarms go last, oldest first, when nothing else is left`() throws {
        let fixture = try budgeted(128 << 10)
        var nothing = SequenceRanges()
        for _ in 1...100 {
            try fixture.outbox.append(
                OutboxFixture.records(1, size: 1500, .event)
                    + OutboxFixture.records(1, size: 1500, .alarm), freeing: &nothing)
        }
        let status = try fixture.outbox.status()
        #expect(status.losses[.evictedEvent] ?? 0 >= 95)
        let evicted = try #require(status.losses[.evictedAlarm])
        #expect(status.depth + evicted + (status.losses[.evictedEvent] ?? 0) == 200)
        let alarms = try fixture.sequences.filter { $0 % 2 == 0 }
        #expect(alarms == (1...100).map { Int64($0 * 2) }.suffix(alarms.count))
    }

    @Test func `a full outbox keeps room for a long outage, sparser and sparser`() throws {
        let fixture = try budgeted(512 << 10)
        for _ in 1...4_000 { try fixture.append(1, size: 1500) }
        let left = try fixture.sequences
        #expect(left.count > 200)
        #expect(left.suffix(40) == Array(Int64(3_961)...4_000))
        #expect(4_000 - Int(left[0]) > left.count * 2, "the oldest kept is \(left[0])")
        let status = try fixture.outbox.status()
        #expect(status.depth + status.lost == 4_000)
    }

    @Test func `a record that the fleet rejects is set aside once and not sent again`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(5, size: 2000)
        var nothing = SequenceRanges()
        let rejections = [
            Rejection(sequence: 2, reason: "bank.soc_pct: expected 0 to 100, found 700"),
            Rejection(sequence: 9, reason: "never stored"),
        ]
        for _ in 1...2 {
            try fixture.outbox.append([], freeing: &nothing, rejecting: rejections)
        }
        #expect(try fixture.sequences == [1, 3, 4, 5])
        #expect(try fixture.outbox.status().losses == [.rejected: 1])
        try fixture.reopen()
        #expect(fixture.outbox.depth == 4)
        let kept = try OutboxReader(path: fixture.path).rejected()
        #expect(kept.map(\.sequence) == [2])
        #expect(kept.first?.reason == rejections[0].reason)
        #expect(kept.first?.payload == OutboxFixture.records(2, size: 2000)[1].payload)
    }

    @Test func `what the fleet rejected goes over to the new file when one is damaged`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(300, size: 2000)
        var nothing = SequenceRanges()
        let rejections = (Int64(1)...250).map { Rejection(sequence: $0, reason: "no \($0)") }
        try fixture.outbox.append([], freeing: &nothing, rejecting: rejections)
        let kept = try OutboxReader(path: fixture.path).rejected()
        #expect(kept.map(\.sequence) == Array(Int64(51)...250))
        let moved = try fixture.outbox.startOver(wallMilliseconds: 1)
        #expect(moved.recovered == 50)
        #expect(try OutboxReader(path: fixture.path).rejected() == kept)
        #expect(fixture.outbox.losses == [.rejected: 250])
    }

    @Test func `outbox rule 6: a loss counts as told once a record of it is stored`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(200, size: 2000)
        fixture.outbox.recordLoss(.diskFull, count: 3)
        try fixture.append(1)
        try fixture.reopen()
        #expect(fixture.outbox.losses == [.diskFull: 3])
        #expect(fixture.outbox.toldLosses == [:])
        fixture.outbox.tellLosses(fixture.outbox.losses)
        try fixture.append(1)
        #expect(try fixture.openCopy().toldLosses == [.diskFull: 3])
        try fixture.outbox.startOver(wallMilliseconds: 1)
        try fixture.reopen()
        #expect(fixture.outbox.toldLosses == [.diskFull: 3])
        let path = fixture.folder.file("broken.db")
        var bytes = try Data(contentsOf: URL(filePath: fixture.path))
        bytes.replaceSubrange(20 * 2048..<30 * 2048, with: Data(repeating: 0xFF, count: 10 * 2048))
        try bytes.write(to: URL(filePath: path))
        do {
            let outbox = try Outbox(path: path, budgetBytes: 64 << 20, wallMilliseconds: 1)
            if outbox.setAside == nil { try outbox.startOver(wallMilliseconds: 2) }
        }
        let outbox = try Outbox(path: path, budgetBytes: 64 << 20, wallMilliseconds: 3)
        #expect(outbox.losses[.damaged] ?? 0 > 0)
        #expect(outbox.losses[.diskFull] == 3)
        #expect(outbox.toldLosses == [.diskFull: 3])
    }

    @Test func `outbox rule 6: a file that is no database is set aside and kept`() throws {
        let folder = try TemporaryDirectory("outbox")
        let path = folder.file("outbox.db")
        let rubbish = Data(repeating: 0x5A, count: 10_000)
        try rubbish.write(to: URL(filePath: path))
        let outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1_700)
        let moved = try #require(outbox.setAside)
        #expect(moved.path == path + ".damaged-1700")
        #expect(moved.reason == "file is not a database")
        #expect(try Data(contentsOf: URL(filePath: moved.path)) == rubbish)
        #expect(outbox.depth == 0)
    }

    @Test func `outbox rule 6: a torn header or schema is set aside, whatever bytes it has`() throws
    {
        let fixture = try OutboxFixture()
        try fixture.append(50, size: 700)
        try fixture.free(1...3)
        try fixture.reopen()
        let good = try Data(contentsOf: URL(filePath: fixture.path))
        var random = SeededGenerator(announcedAs: "outbox damage")
        for round in 1...60 {
            var bad = good
            let start = Int.random(in: 0..<(round % 2 == 0 ? 2048 : bad.count), using: &random)
            for index in start..<min(bad.count, start + 64) {
                bad[index] = UInt8.random(in: 0...255, using: &random)
            }
            let path = fixture.folder.file("bad-\(round).db")
            try bad.write(to: URL(filePath: path))
            do {
                let outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
                var nothing = SequenceRanges()
                _ = try outbox.append(OutboxFixture.records(1), freeing: &nothing)
            } catch .damaged, .foreign {
                continue
            } catch {
                Issue.record("round \(round): \(error)")
            }
        }
    }

    @Test func `a database of another program is left alone`() throws {
        let folder = try TemporaryDirectory("outbox")
        let path = folder.file("other.db")
        let sqlite = try Peers.python(importing: "sqlite3")
        let script =
            "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); c.execute('create table t(a)'); c.commit()"
        let run = try ChildProcess(sqlite, ["-c", script, path])
        #expect(try run.waitForExit() == .exited(0))
        let before = try Data(contentsOf: URL(filePath: path))
        let error = #expect(throws: OutboxError.self) {
            try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        }
        #expect(
            error?.description
                == "outbox '\(path)': expected an outbox, found a database of another program "
                + "(application id 0x0)")
        #expect(try Data(contentsOf: URL(filePath: path)) == before)
    }

    @Test func `a file that turns bad while running is set aside and the numbers go on`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(10)
        let reader = try OutboxReader(path: fixture.path)
        let epoch = fixture.outbox.epoch
        let moved = try fixture.outbox.startOver(wallMilliseconds: 42)
        #expect(access(moved.path, F_OK) == 0)
        #expect(access(moved.path + "-wal", F_OK) == 0)
        #expect(moved.recovered == 10)
        #expect(fixture.outbox.epoch == epoch)
        #expect(try fixture.append(2) == 11...12)
        #expect(try fixture.outbox.status().losses == [:])
        var found: [Int64] = []
        let batch = try reader.read(after: 10, limit: 100) {
            found.append($0.sequence)
            return true
        }
        #expect(found == [11, 12])
        #expect(batch == OutboxBatch(count: 2, last: 12))
        #expect(try fixture.openCopy().depth == 12)
    }

    @Test(.enabled(if: getuid() == 0, "only root may make a device file"))
    func `a full disk is told in words, stores nothing and passes`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(3)
        try fixture.reopen()
        let full = fixture.folder.file("full.db")
        try FileManager.default.copyItem(atPath: fixture.path, toPath: full)
        // the log of this file is a device that is always full
        var device = stat()
        stat("/dev/full", &device)
        #expect(mknod(full + "-wal", S_IFCHR | 0o600, device.st_rdev) == 0)
        do {
            let outbox = try Outbox(path: full, budgetBytes: 1 << 20, wallMilliseconds: 1)
            var acknowledged = SequenceRanges()
            acknowledged.insert(1)
            outbox.tellLosses([.damaged: 1])
            let error = #expect(throws: OutboxError.self) {
                try outbox.append(OutboxFixture.records(8), freeing: &acknowledged)
            }
            #expect(
                error?.description
                    == "outbox '\(full)': disk is full while trying to store 8 records")
            #expect(error?.lossReason == .diskFull)
            #expect(acknowledged.ranges == [1...1])
            #expect(outbox.depth == 3)
            #expect(outbox.nextSequence == 4)
            #expect(outbox.toldLosses == [:], "what was to tell of it is not stored")
            outbox.recordLoss(.diskFull, count: 8)
            #expect(try outbox.status().losses == [.diskFull: 8])
        }
        unlink(full + "-wal")
        let later = try Outbox(path: full, budgetBytes: 1 << 20, wallMilliseconds: 1)
        var nothing = SequenceRanges()
        #expect(try later.append(OutboxFixture.records(1), freeing: &nothing) == 4...4)
        #expect(try OutboxFixture.sequences(full) == [1, 2, 3, 4])
    }

    @Test func `every trouble is told in a sentence that names the file`() {
        let told: [(OutboxError, String)] = [
            (
                .readOnly(path: "/o.db", operation: "store 1 record"),
                "outbox '/o.db': cannot store 1 record, the file or its file system is read-only"
            ),
            (
                .busy(path: "/o.db", operation: "open the file"),
                "outbox '/o.db': cannot open the file, another process is using the file"
            ),
            (
                .damaged(path: "/o.db", operation: "store 1 record", detail: "malformed"),
                "outbox '/o.db': file is damaged, found while trying to store 1 record: malformed"
            ),
        ]
        for (error, sentence) in told { #expect(error.description == sentence) }
    }

    @Test func `a program that is being started does not keep the lock of an outbox closed before`()
        throws
    {
        let folder = try TemporaryDirectory("outbox")
        let path = folder.file("outbox.db")
        let isOver = Flag()
        for _ in 1...2 {
            Background.run {
                while !isOver.isRaised { _ = try? ChildProcess("/bin/true", []).waitForExit() }
            }
        }
        defer { isOver.raise() }
        for round in 1...400 {
            let outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
            #expect(outbox.depth == 0, "round \(round)")
        }
    }

    private final class Flag: Sendable {
        private let value = Atomic<Bool>(false)
        var isRaised: Bool { value.load(ordering: .acquiring) }
        func raise() { value.store(true, ordering: .releasing) }
    }

    @Test func `a second writer of the same file is refused, a reader is not`() throws {
        let fixture = try OutboxFixture()
        let error = #expect(throws: OutboxError.self) {
            try Outbox(path: fixture.path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        }
        #expect(
            error?.description == "outbox '\(fixture.path)': cannot open the file, "
                + "another process is using the file")
        #expect(try OutboxReader(path: fixture.path).status().depth == 0)
    }

    @Test func `a folder that cannot be made is told in words`() throws {
        let error = #expect(throws: OutboxError.self) {
            try Outbox(path: "/proc/none/outbox.db", budgetBytes: 1 << 20, wallMilliseconds: 1)
        }
        #expect(
            error?.description
                == "outbox '/proc/none/outbox.db': cannot make '/proc/none': "
                + "No such file or directory")
    }

    @Test func `a reader of a file that is not there says so`() throws {
        let error = #expect(throws: OutboxError.self) {
            try OutboxReader(path: "/tmp/no/outbox.db")
        }
        #expect(error?.description == "outbox '/tmp/no/outbox.db': there is no such file")
    }
}
