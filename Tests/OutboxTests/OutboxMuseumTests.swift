import FoundationEssentials
import Glibc
import Outbox
import TestKit
import Testing

/// Files in states that a bad disk, a restored backup or a helping hand leaves behind.
@Suite struct OutboxMuseumTests {
    private func open(_ path: String, _ healthy: HealthyFile) throws -> (Outbox, OutboxState) {
        let outbox = try Outbox(
            path: path, budgetBytes: 64 << 20, wallMilliseconds: 1_700, vfs: healthy.disk.vfs)
        return (outbox, try OutboxState(path: path, vfs: healthy.disk.vfs))
    }

    @Test func `rubbish in the shared memory changes nothing`() throws {
        let healthy = try HealthyFile(hasLog: true)
        var random = SeededGenerator(seed: 7)
        for (name, memory) in [
            ("none", nil), ("empty", Data()), ("short", Data(random.bytes(100))),
            ("rubbish", Data(random.bytes(32_768))), ("zeros", Data(count: 32_768)),
        ] {
            let path = try healthy.put(
                name, database: healthy.database, log: healthy.log, memory: memory)
            let (outbox, state) = try open(path, healthy)
            #expect(outbox.setAside == nil)
            #expect(state == healthy.state, "\(name)")
        }
    }

    @Test func `the log of another database is not taken for ours`() throws {
        let healthy = try HealthyFile(hasLog: true)
        let other = try HealthyFile(60, hasLog: true)
        let path = try healthy.put("alone", database: healthy.database)
        let folded = try open(path, healthy).1
        for (name, log) in [
            ("empty", Data()), ("text", Data("no log\n".utf8)),
            ("rubbish", Data(repeating: 0xA5, count: 50_000)),
        ] {
            let path = try healthy.put(name, database: healthy.database, log: log)
            #expect(try open(path, healthy).1 == folded, "\(name)")
        }
        // a log that checks out is believed by SQLite whatever stands beside it: no trap is all
        let foreign = try healthy.put("foreign", database: healthy.database, log: other.log)
        _ = try Outcome(opening: foreign, on: healthy.disk)
    }

    @Test func `a log beside an empty or missing file is put aside, not deleted`() throws {
        let healthy = try HealthyFile(hasLog: true)
        for (name, database) in [("missing", nil), ("empty", Data())] {
            let path = try healthy.put(name, database: database, log: healthy.log)
            let (outbox, state) = try open(path, healthy)
            let aside = try #require(outbox.setAside)
            #expect(aside.reason == "its log has no file")
            #expect(try Data(contentsOf: URL(filePath: aside.path + "-wal")) == healthy.log)
            #expect(state == OutboxState())
        }
        let path = try healthy.put("nothing", database: Data())
        #expect(try open(path, healthy).0.setAside == nil)
    }

    @Test func `a folder in the place of the file is told in words and left alone`() throws {
        let healthy = try HealthyFile(4)
        let path = healthy.disk.folder.file("folder.db")
        #expect(mkdir(path, 0o700) == 0)
        defer { rmdir(path) }
        let error = #expect(throws: OutboxError.self) {
            try Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        }
        #expect(error?.lossReason == .storeFailed)
        #expect(error?.description.hasPrefix("outbox '\(path)': cannot open the file") == true)
    }

    @Test func `between two damaged pages the rows are found as well`() throws {
        let healthy = try HealthyFile(400)
        var random = SeededGenerator(announcedAs: "islands")
        for round in 1...20 {
            var bytes = healthy.database
            let pages = (0..<3).map { _ in
                Int.random(in: 6..<(bytes.count / 2048), using: &random)
            }
            for index in pages.flatMap({ $0 * 2048..<($0 + 1) * 2048 }) { bytes[index] ^= 0xA5 }
            let path = try healthy.put("islands-\(round)", database: bytes)
            let outcome = try Outcome(opening: path, on: healthy.disk)
            let lost = healthy.state.rows.count - (outcome.state.rows.count - 1)
            #expect(lost <= 15, "pages \(pages) cost \(lost) rows")
            // a damaged oldest page hides where the table began: what was freed may be counted too
            let counted = Int(outcome.state.losses[.damaged] ?? 0)
            #expect(
                lost == 0 || (lost...lost + 40).contains(counted),
                "pages \(pages): \(lost) lost, \(counted) counted")
        }
    }

    @Test func `a recovery that was cut is ended at the next start`() throws {
        let healthy = try HealthyFile(20)
        let rescued = try HealthyFile(12)
        let damaged = Data(repeating: 0x5A, count: 5_000)
        for hasDatabase in [true, false] {
            for hasLog in [true, false] {
                let path = try healthy.put(
                    "cut-\(hasDatabase)-\(hasLog)", database: hasDatabase ? damaged : nil,
                    log: hasLog ? healthy.log + damaged : nil)
                try rescued.database.write(to: URL(filePath: path + ".rescued"))
                let (outbox, state) = try open(path, healthy)
                #expect(state == rescued.state)
                #expect(outbox.epoch == rescued.epoch)
                #expect(access(path + ".rescued", F_OK) != 0)
                let aside = path + ".damaged-1700"
                if hasDatabase { #expect(try Data(contentsOf: URL(filePath: aside)) == damaged) }
                #expect((access(aside + "-wal", F_OK) == 0) == hasLog)
            }
        }
        // a copy that was not complete is begun again
        let bytes = healthy.inverting(healthy.database.count - 2048..<healthy.database.count)
        let path = try healthy.put("begun", database: bytes)
        for suffix in ["", "-wal", "-journal"] {
            try damaged.write(to: URL(filePath: path + ".rescue" + suffix))
        }
        let outcome = try Outcome(opening: path, on: healthy.disk)
        #expect(outcome.outbox.epoch == healthy.epoch)
        #expect(outcome.state.rows.count > 10)
        #expect(access(path + ".rescue", F_OK) != 0)
    }
}
