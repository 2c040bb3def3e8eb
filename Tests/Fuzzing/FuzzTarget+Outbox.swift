import Glibc
import Numbering
import Outbox

// MARK: the outbox

extension FuzzTarget {
    /// A database file and a log that a bad disk left, used as the gateway uses them.
    func takeSalvage(database: [UInt8], log: [UInt8]?) {
        let folder = "/dev/shm/amphora-fuzz-\(getpid())"
        Self.clear(folder)
        guard mkdir(folder, 0o700) == 0 else { Shipped.giveUp("no folder '\(folder)'") }
        defer { Self.clear(folder) }
        let path = folder + "/outbox.db"
        Self.write(database, path)
        if let log { Self.write(log, path + "-wal") }
        guard
            let outbox = try? Outbox(path: path, budgetBytes: 1 << 20, wallMilliseconds: 1)
        else { return }
        Self.use(outbox)
        _ = try? outbox.startOver(wallMilliseconds: 2)
        Self.use(outbox)
    }

    private static func use(_ outbox: Outbox) {
        precondition(outbox.depth >= 0 && outbox.nextSequence > 0 && outbox.epoch > 0)
        _ = try? outbox.status()
        var nothing = SequenceRanges()
        let record = OutboxRecord(.event, wallMilliseconds: 1, payload: [0x7B, 0x7D])
        let next = outbox.nextSequence
        if let given = try? outbox.append([record], freeing: &nothing) {
            precondition(given == next...next)
        }
        guard let reader = try? OutboxReader(path: outbox.path) else { return }
        _ = try? reader.read(after: 0, limit: 10_000) { $0.sequence > 0 }
        _ = try? reader.waiting()
        _ = try? reader.status()
        _ = try? reader.rejected()
    }

    private static func write(_ bytes: [UInt8], _ path: String) {
        guard let file = fopen(path, "wb") else { Shipped.giveUp("cannot write '\(path)'") }
        defer { fclose(file) }
        fwrite(bytes, 1, bytes.count, file)
    }

    private static func clear(_ folder: String) {
        guard let listing = opendir(folder) else { return }
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            unlink(folder + "/" + name)
        }
        closedir(listing)
        rmdir(folder)
    }
}
