import Numbering
import FoundationEssentials
import Glibc
import Outbox
import TestKit
import Testing

@Suite struct OutboxTests {
    @Test func `outbox rule 1: a record is on disk when append returns`() throws {
        let fixture = try OutboxFixture()
        for round in 1...20 {
            try fixture.append(3)
            let afterCut = try fixture.openCopy()
            #expect(afterCut.depth == Int64(round * 3))
        }
    }

    @Test func `outbox rule 1: a file cut inside a transaction holds all earlier ones`() throws {
        let fixture = try OutboxFixture()
        for _ in 1...5 { try fixture.append(4, size: 900) }
        let log = try Data(contentsOf: URL(filePath: fixture.path + "-wal"))
        let database = try Data(contentsOf: URL(filePath: fixture.path))
        var last: Int64 = 0
        for length in Array(stride(from: 0, to: log.count, by: 509)) + [log.count] {
            let copy = fixture.folder.file("cut-\(length).db")
            try database.write(to: URL(filePath: copy))
            try log.prefix(length).write(to: URL(filePath: copy + "-wal"))
            let outbox = try Outbox(path: copy, budgetBytes: 1 << 20, wallMilliseconds: 1)
            #expect(outbox.depth % 4 == 0, "half a transaction at \(length) bytes")
            #expect(outbox.depth >= last, "\(length) bytes hold less than fewer bytes did")
            last = outbox.depth
        }
        #expect(last == 20)
    }

    @Test func `outbox rule 2: numbers go on after the table drained empty and a restart`() throws {
        let fixture = try OutboxFixture()
        #expect(try fixture.append(5) == 1...5)
        try fixture.free(1...5)
        #expect(fixture.outbox.depth == 0)
        try fixture.reopen()
        #expect(fixture.outbox.nextSequence == 6)
        #expect(try fixture.append(1) == 6...6)
    }

    @Test func `outbox rule 2: each new file has an epoch of its own, a reopened one keeps it`()
        throws
    {
        let fixture = try OutboxFixture()
        let epoch = fixture.outbox.epoch
        #expect((1..<(1 << 53)).contains(epoch))
        try fixture.reopen()
        #expect(fixture.outbox.epoch == epoch)
        #expect(try OutboxFixture().outbox.epoch != epoch)
    }

    @Test func `outbox rule 2: the number of the next record is known before it is stored`() throws
    {
        let fixture = try OutboxFixture()
        for _ in 1...3 {
            let promised = fixture.outbox.nextSequence
            #expect(try fixture.append(2) == promised...(promised + 1))
        }
    }

    @Test func `outbox rule 3: append frees what was acknowledged in the same transaction`() throws
    {
        let fixture = try OutboxFixture()
        try fixture.append(6)
        var acknowledged = SequenceRanges()
        acknowledged.insert(2...3)
        try fixture.outbox.append(OutboxFixture.records(1), freeing: &acknowledged)
        #expect(acknowledged.isEmpty)
        #expect(try fixture.sequences == [1, 4, 5, 6, 7])
        #expect(fixture.outbox.depth == 5)
    }

    @Test func `outbox rule 3: freeing what is not there changes nothing`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(2)
        try fixture.free(-5...0, 50...90)
        #expect(try fixture.sequences == [1, 2])
        #expect(fixture.outbox.nextSequence == 3)
    }

    @Test func `a large acknowledgement is freed in several short transactions`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(2500)
        var acknowledged = SequenceRanges()
        acknowledged.insert(1...2500)
        try fixture.outbox.free(&acknowledged)
        #expect(acknowledged.ranges == [1001...2500])
        #expect(fixture.outbox.depth == 1500)
    }

    @Test func `outbox rule 4: depth and order survive freeing at random and restarts`() throws {
        var random = SeededGenerator(announcedAs: "outbox depth")
        let fixture = try OutboxFixture()
        var model: Set<Int64> = []
        for _ in 1...200 {
            let count = Int.random(in: 0...5, using: &random)
            var acknowledged = SequenceRanges()
            for sequence in model.shuffled(using: &random).prefix(
                Int.random(in: 0...6, using: &random))
            {
                acknowledged.insert(sequence)
                model.remove(sequence)
            }
            let given = try fixture.outbox.append(
                OutboxFixture.records(count), freeing: &acknowledged)
            if let given { model.formUnion(given) }
            #expect(fixture.outbox.depth == Int64(model.count))
            if Int.random(in: 0..<8, using: &random) == 0 {
                let next = fixture.outbox.nextSequence
                try fixture.reopen()
                #expect(fixture.outbox.depth == Int64(model.count))
                #expect(fixture.outbox.nextSequence == next)
            }
        }
        #expect(try fixture.sequences == model.sorted())
        let seen = try OutboxReader(path: fixture.path).status()
        #expect(seen.depth == Int64(model.count))
        #expect(seen.nextSequence == fixture.outbox.nextSequence)
    }

    @Test func `a missing folder is made for the owner only`() throws {
        let folder = try TemporaryDirectory("outbox")
        let path = folder.file("a/b/outbox.db")
        _ = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        var status = stat()
        #expect(stat(folder.file("a/b"), &status) == 0)
        #expect(status.st_mode & 0o777 == 0o700)
    }

    @Test func `status tells depth, age, numbers and losses`() throws {
        let fixture = try OutboxFixture()
        try fixture.append(3)
        try fixture.free(1...1)
        fixture.outbox.recordLoss(.diskFull, count: 7)
        let status = try fixture.outbox.status()
        #expect(status.depth == 2)
        #expect(status.oldestSequence == 2)
        #expect(status.oldestWallMilliseconds == 5_000)
        #expect(status.nextSequence == 4)
        #expect(status.losses == [.diskFull: 7])
        #expect(status.fileBytes > 0)
        try fixture.append(1)
        try fixture.reopen()
        #expect(try fixture.outbox.status().losses == [.diskFull: 7])
    }
}
