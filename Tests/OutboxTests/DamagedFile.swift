import Numbering
import FoundationEssentials
import Glibc
import Outbox
import TestKit

/// A healthy outbox file, to be damaged in copies.
struct HealthyFile {
    let disk: FaultyDisk
    let epoch: Int64
    let state: OutboxState
    /// The database; everything is in it unless it was made with a log.
    let database: Data
    /// The log; empty after a proper end.
    let log: Data
    /// The index that SQLite keeps of the log, as a kill leaves it.
    let index: Data

    /// Records 1 to `count` of both classes, some freed in and out of order, a loss counted.
    ///
    /// With `log` the second half lies in the log, as after a cut.
    init(_ count: Int64 = 120, size: Int = 500, hasLog: Bool = false) throws {
        // only because it hands no sync to the device
        let disk = try FaultyDisk(seed: 0)
        let path = disk.folder.file("healthy.db")
        func open() throws -> Outbox {
            try Outbox(path: path, budgetBytes: 64 << 20, wallMilliseconds: 1, vfs: disk.vfs)
        }
        try Self.fill(try open(), through: hasLog ? count / 2 : count, size)
        let outbox = try open()
        if hasLog { try Self.fill(outbox, through: count, size) }
        self.disk = disk
        epoch = outbox.epoch
        state = try OutboxState(path: path, vfs: disk.vfs)
        database = try Data(contentsOf: URL(filePath: path))
        log = try Data(contentsOf: URL(filePath: path + "-wal"))
        index = try Data(contentsOf: URL(filePath: path + "-shm"))
    }

    private static func fill(_ outbox: Outbox, through count: Int64, _ size: Int) throws {
        outbox.recordLoss(.diskFull, count: 1)
        while outbox.nextSequence <= count {
            let next = outbox.nextSequence
            let last = min(count, next + 3)
            let records = (next...last).map {
                OutboxLife.record($0, size: size, $0 % 5 == 0 ? .event : .telemetry)
            }
            var acknowledged = OutboxLife.set([(next - 1)...(next - 1)])
            if (next / 4) % 3 != 0 { acknowledged = SequenceRanges() }
            try outbox.append(records, freeing: &acknowledged)
        }
    }

    /// Puts a damaged copy into the folder and returns its path.
    func put(_ name: String, database: Data?, log: Data? = nil, memory: Data? = nil) throws
        -> String
    {
        let path = disk.folder.file(name + ".db")
        for (suffix, bytes) in [("", database), ("-wal", log), ("-shm", memory)] {
            if let bytes { try bytes.write(to: URL(filePath: path + suffix)) }
        }
        return path
    }

    /// The database with some bytes inverted.
    func inverting(_ range: Range<Int>) -> Data {
        var bytes = database
        for index in range { bytes[index] ^= 0xA5 }
        return bytes
    }
}

/// What became of a damaged file.
struct Outcome {
    let outbox: Outbox
    /// What a reader finds after all recovery.
    let state: OutboxState
    /// The file set aside at opening or when damage was met.
    var setAside: SetAsideFile? { outbox.setAside }

    /// Opens a file as the gateway does: appends, reads, starts over when damage is met.
    init(opening path: String, on disk: FaultyDisk, append count: Int = 1) throws(OutboxError) {
        let outbox = try Outbox(
            path: path, budgetBytes: 64 << 20, wallMilliseconds: 1_700, vfs: disk.vfs)
        self.outbox = outbox
        var nothing = SequenceRanges()
        do throws(OutboxError) {
            _ = try OutboxState(path: path, vfs: disk.vfs)
        } catch {
            guard case .damaged = error else { throw error }
            try outbox.startOver(wallMilliseconds: 1_800)
        }
        let records = (0..<count).map {
            OutboxLife.record(outbox.nextSequence + Int64($0), size: 20, .event)
        }
        do throws(OutboxError) {
            try outbox.append(records, freeing: &nothing)
        } catch {
            guard case .damaged = error else { throw error }
            try outbox.startOver(wallMilliseconds: 1_900)
            try outbox.append(records, freeing: &nothing)
        }
        state = try OutboxState(path: path, vfs: disk.vfs)
    }
}
