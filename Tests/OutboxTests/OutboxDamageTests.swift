import FoundationEssentials
import Glibc
import Outbox
import TestKit
import Testing

@Suite struct OutboxDamageTests {
    private static let page = 2048

    @Test func `outbox rule 6: with any one page inverted, the rows of all others are kept`() throws
    {
        let healthy = try HealthyFile()
        let pages = healthy.database.count / Self.page
        var whole = 0
        for page in 0..<pages {
            let bytes = healthy.inverting(page * Self.page..<(page + 1) * Self.page)
            let path = try healthy.put("page-\(page)", database: bytes)
            let outcome = try Outcome(opening: path, on: healthy.disk)
            let lost = try judge(outcome, healthy, "page \(page)")
            if lost <= 5 { whole += 1 }
        }
        // the header with the schema, the counters and the root of the rows are one page each
        #expect(whole >= pages - 3, "\(whole) of \(pages) pages cost their own rows only")
    }

    @Test func `outbox rule 6: a file cut short at any page keeps the rows before the cut`() throws
    {
        let healthy = try HealthyFile()
        let pages = healthy.database.count / Self.page
        var kept = 0
        for page in 1..<pages {
            let bytes = healthy.database.prefix(page * Self.page)
            let path = try healthy.put("short-\(page)", database: bytes)
            let outcome = try Outcome(opening: path, on: healthy.disk)
            let lost = try judge(outcome, healthy, "\(page) pages left")
            kept = healthy.state.rows.count - lost
        }
        #expect(kept >= healthy.state.rows.count - 5)
    }

    @Test func `outbox rule 6: random damage never traps and never invents a row`() throws {
        var random = SeededGenerator(announcedAs: "museum")
        let healthy = try HealthyFile()
        for round in 1...60 {
            var bytes = healthy.database
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let start = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, start + Int.random(in: 1...200, using: &random))
                for index in start..<end { bytes[index] = UInt8(truncatingIfNeeded: random.next()) }
            }
            let path = try healthy.put("random-\(round)", database: bytes)
            do throws(OutboxError) {
                let outcome = try Outcome(opening: path, on: healthy.disk)
                #expect(outcome.state.rows.count <= healthy.state.rows.count + 1)
                #expect(
                    outcome.state.rows.last?.payload.starts(with: Array("{\"n\":".utf8)) == true)
            } catch {
                guard case .foreign = error else {
                    Issue.record("round \(round): \(error)")
                    continue
                }
            }
        }
    }

    @Test func `without the end of the table the numbers go on behind those written off`() throws {
        let healthy = try HealthyFile()
        for page in 1..<(healthy.database.count / Self.page) {
            let bytes = healthy.inverting(page * Self.page..<(page + 1) * Self.page)
            let path = try healthy.put("end-\(page)", database: bytes)
            let outbox = try Outbox(
                path: path, budgetBytes: 1 << 20, wallMilliseconds: 1, vfs: healthy.disk.vfs)
            guard outbox.epoch == healthy.epoch else { continue }
            #expect(outbox.nextSequence == healthy.state.next, "page \(page)")
        }
    }

    @Test func `in an older file without its end the numbers leap, so none is given twice`() throws
    {
        let disk = try FaultyDisk(seed: 0)
        let good = try Data(contentsOf: Fixture.file("outbox-v1.db"))
        var leaps = 0
        for page in 1..<(good.count / Self.page) {
            var bytes = good
            for index in page * Self.page..<(page + 1) * Self.page { bytes[index] ^= 0xA5 }
            let path = disk.folder.file("leap-\(page).db")
            try bytes.write(to: URL(filePath: path))
            let outbox = try Outbox(
                path: path, budgetBytes: 1 << 20, wallMilliseconds: 1, vfs: disk.vfs)
            guard outbox.epoch == 8_341_263_203_415_674 else { continue }
            #expect(outbox.nextSequence >= 41)
            if outbox.nextSequence >= 1 << 32 { leaps += 1 }
        }
        #expect((1...2).contains(leaps), "\(leaps)")
    }

    @Test func `a file whose header is gone is kept as it was and a new epoch begins`() throws {
        let healthy = try HealthyFile()
        var bytes = healthy.database
        for index in 0..<100 { bytes[index] = 0 }
        let texts: [(String, Data)] = [
            ("header", bytes), ("text", Data("the outbox was here\n".utf8)),
            ("rubbish", Data(repeating: 0x5A, count: 9_000)),
        ]
        for (name, content) in texts {
            let path = try healthy.put(name, database: content)
            let outcome = try Outcome(opening: path, on: healthy.disk)
            let aside = try #require(outcome.setAside)
            #expect(try Data(contentsOf: URL(filePath: aside.path)) == content)
            #expect(aside.recovered == 0)
            #expect(outcome.outbox.epoch != healthy.epoch)
            #expect(outcome.outbox.depth == 1)
        }
    }

    @Test func `a file of an earlier version keeps every record, number and loss`() throws {
        let folder = try TemporaryDirectory("museum")
        let path = try Fixture.copy("outbox-v1.db", to: folder)
        let outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        let state = try OutboxState(path: path, vfs: nil)
        let freed: Set<Int64> = [12, 24, 36]
        #expect(outbox.epoch == 8_341_263_203_415_674)
        #expect(state.next == 41)
        #expect(state.losses == [.diskFull: 1])
        #expect(state.rows == Self.rows((1...40).filter { !freed.contains($0) }, size: 90))
    }

    @Test func `a file that wrote no numbers off goes on where it ended, also with a log`() throws {
        let folder = try TemporaryDirectory("museum")
        let path = try Fixture.copy("outbox-v2.db", to: folder)
        let outbox = try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        let state = try OutboxState(path: path, vfs: nil)
        let freed: Set<Int64> = [7, 12, 24, 36]
        #expect(outbox.setAside == nil)
        #expect(outbox.epoch == 3_677_089_149_986_726)
        #expect(outbox.nextSequence == 41)
        #expect(outbox.passedOver == nil)
        #expect(state.losses == [.diskFull: 1, .rejected: 1])
        #expect(state.rows == Self.rows((1...40).filter { !freed.contains($0) }, size: 90))
        #expect(try OutboxReader(path: path).rejected().map(\.sequence) == [7])
    }

    private static func rows(_ numbers: [Int64], size: Int) -> [OutboxRow] {
        numbers.map { number in
            let recordClass: RecordClass = number % 5 == 0 ? .event : .telemetry
            let record = OutboxLife.record(number, size: size, recordClass)
            return OutboxRow(
                sequence: number, recordClass: recordClass,
                wallMilliseconds: record.wallMilliseconds, payload: record.payload)
        }
    }

    /// Holds an outcome against the healthy file; returns how many rows it cost.
    private func judge(
        _ outcome: Outcome, _ healthy: HealthyFile, _ place: String
    ) throws -> Int {
        let own = outcome.state.rows.last
        let kept = outcome.state.rows.dropLast()
        #expect(own?.payload == OutboxLife.record(own?.sequence ?? 0, size: 20, .event).payload)
        #expect(kept.count <= healthy.state.rows.count, "\(place)")
        #expect(Set(kept).isSubset(of: healthy.state.rows), "\(place)")
        let lost = healthy.state.rows.count - kept.count
        guard outcome.outbox.epoch == healthy.epoch else {
            #expect(kept.isEmpty, "\(place): rows of another epoch")
            return lost
        }
        #expect(outcome.outbox.nextSequence > healthy.state.next, "\(place)")
        let counted = outcome.state.losses[.damaged] ?? 0
        if outcome.setAside != nil, lost > 0 {
            #expect(counted > 0, "\(place): \(lost) rows are lost and none is counted")
        }
        #expect(counted <= Int64(healthy.state.next), "\(place)")
        #expect(outcome.state.losses[.diskFull] == healthy.state.losses[.diskFull], "\(place)")
        return lost
    }
}

/// Files kept from earlier versions.
enum Fixture {
    static func file(_ name: String) -> URL {
        URL(filePath: Repository.root + "/Tests/OutboxTests/Fixtures/" + name)
    }

    /// Copies a file, and its log where it has one, and returns the path.
    static func copy(_ name: String, to folder: TemporaryDirectory) throws -> String {
        let path = folder.file("outbox.db")
        for suffix in ["", "-wal"] {
            guard let bytes = try? Data(contentsOf: file(name + suffix)) else { continue }
            try bytes.write(to: URL(filePath: path + suffix))
        }
        return path
    }
}
