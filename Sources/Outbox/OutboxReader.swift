/// Looks at waiting records without disturbing the thread that appends.
///
/// A connection of its own for one thread. Each read is short and copies nothing, so memory does
/// not grow with the backlog and the log can be folded back into the file between reads.
package final class OutboxReader {
    private let path: String
    private let vfs: String?
    private var database: Database
    private var following: Statement
    private let coder = PayloadCoder()
    private var identity: UInt64
    /// The random number of the file, 0 when it has none.
    package private(set) var epoch: Int64

    /// Opens an outbox that exists; `vfs` as with `Outbox`.
    package init(path: String, vfs: String? = nil) throws(OutboxError) {
        self.path = path
        self.vfs = vfs
        identity = OutboxFolder.identity(path)
        database = try Self.connect(path, identity, vfs)
        following = try Self.prepareFollowing(database)
        epoch = try Self.epoch(database)
    }

    /// Hands over the records after number `sequence`, oldest first.
    ///
    /// Stops after `limit` records, after the record that makes the payloads reach `maximumBytes`,
    /// or when `body` returns false: that record then does not count as handed over. When the file
    /// was set aside meanwhile, the reader goes on with the new one.
    package func read(
        after sequence: Int64, limit: Int, maximumBytes: Int = .max,
        _ body: (OutboxEntry) -> Bool
    ) throws(OutboxError) -> OutboxBatch {
        do {
            let batch = try readOnce(sequence, limit, maximumBytes, body)
            if batch.count > 0 || limit <= 0 || !isReplaced { return batch }
        } catch {
            guard isReplaced else { throw error }
        }
        try reopen()
        return try readOnce(sequence, limit, maximumBytes, body)
    }

    /// The numbers between which all waiting records lie; nil when none waits.
    package func waiting() throws(OutboxError) -> ClosedRange<Int64>? {
        if isReplaced { try reopen() }
        let operation = "look at the waiting records"
        guard
            let oldest = try database.number("SELECT min(sequence) FROM record", operation),
            let newest = try database.number("SELECT max(sequence) FROM record", operation),
            oldest > 0, oldest <= newest, newest < .max
        else { return nil }
        return oldest...newest
    }

    /// What the outbox holds and has lost, as far as it is on disk.
    package func status() throws(OutboxError) -> OutboxStatus {
        if isReplaced { try reopen() }
        let operation = "read the status"
        func counter(_ name: String) throws(OutboxError) -> Int64? {
            try database.number("SELECT value FROM counter WHERE name = '\(name)'", operation)
        }
        let oldest = try OldestRecord(database.prepare(OldestRecord.query))
        let newest = try database.number("SELECT max(sequence) FROM record", operation)
        var losses: [LossReason: Int64] = [:]
        for reason in LossReason.allCases {
            let count = try counter("lost." + reason.rawValue) ?? 0
            if (1...OutboxSchema.highestNumber).contains(count) { losses[reason] = count }
        }
        var depth: Int64 = 0
        let range = 1...OutboxSchema.highestNumber
        let highest = try counter("highest") ?? 0
        let holes = try counter("holes") ?? 0
        if let oldest, let newest, range.contains(oldest.sequence), range.contains(newest) {
            depth = max(0, newest - oldest.sequence + 1 - min(max(0, holes), newest))
        }
        return OutboxStatus(
            path: path, epoch: try counter("epoch") ?? 0, depth: depth,
            oldestSequence: oldest?.sequence, oldestWallMilliseconds: oldest?.wallMilliseconds,
            nextSequence: min(max(newest ?? 0, highest), OutboxSchema.highestNumber) + 1,
            fileBytes: OutboxFolder.bytes(of: path), usedBytes: try usedBytes(operation),
            budgetBytes: try counter("budget"), losses: losses)
    }

    /// What the fleet has rejected and the file still keeps, oldest first.
    package func rejected() throws(OutboxError) -> [RejectedRecord] {
        if isReplaced { try reopen() }
        let operation = "read rejected records"
        guard try OutboxSchema.fileVersion(database) >= 2 else { return [] }
        let statement = try database.prepare(
            "SELECT sequence, wall_ms, size, payload, reason FROM rejected ORDER BY sequence")
        defer { statement.reset() }
        var found: [RejectedRecord] = []
        while try statement.step(operation) {
            let (sequence, wall) = (statement.integer(0), statement.integer(1))
            let reason = statement.text(4)
            let isWhole = coder.withUnpacked(statement.blob(3), size: statement.integer(2)) {
                found.append(
                    RejectedRecord(
                        sequence: sequence, wallMilliseconds: wall, reason: reason,
                        payload: Array($0)))
            }
            guard isWhole else { throw Self.spoilt(path, sequence) }
        }
        return found
    }

    private func usedBytes(_ operation: String) throws(OutboxError) -> Int64 {
        let all = try database.number("PRAGMA page_count", operation) ?? 0
        let free = try database.number("PRAGMA freelist_count", operation) ?? 0
        return max(0, all - free) &* 2048
    }

    /// Whether another file bears the name since this one was opened.
    private var isReplaced: Bool { OutboxFolder.identity(path) != identity }

    private func readOnce(
        _ sequence: Int64, _ limit: Int, _ maximumBytes: Int, _ body: (OutboxEntry) -> Bool
    ) throws(OutboxError) -> OutboxBatch {
        following.bind(1, sequence)
        following.bind(2, Int64(max(0, limit)))
        defer { following.reset() }
        var count = 0
        var last = sequence
        var bytes = 0
        while bytes < maximumBytes, try following.step("read waiting records") {
            let number = following.integer(0)
            let recordClass = RecordClass(rawValue: following.integer(1)) ?? .telemetry
            let wall = following.integer(2)
            var isTaken = false
            let isWhole = coder.withUnpacked(following.blob(3), size: following.integer(4)) {
                payload in
                isTaken = body(
                    OutboxEntry(
                        sequence: number, recordClass: recordClass, wallMilliseconds: wall,
                        payload: payload))
                bytes += payload.count
            }
            guard isWhole else { throw Self.spoilt(path, number) }
            guard isTaken else { break }
            count += 1
            last = number
        }
        return OutboxBatch(count: count, last: last)
    }

    private static func spoilt(_ path: String, _ sequence: Int64) -> OutboxError {
        .damaged(
            path: path, operation: "read waiting records",
            detail: "record \(sequence) does not come whole out of its deflated form")
    }

    private func reopen() throws(OutboxError) {
        let found = OutboxFolder.identity(path)
        let replacement = try Self.connect(path, found, vfs)
        following = try Self.prepareFollowing(replacement)
        epoch = try Self.epoch(replacement)
        database = replacement
        identity = found
    }

    private static func connect(
        _ path: String, _ identity: UInt64, _ vfs: String?
    ) throws(OutboxError) -> Database {
        guard identity != 0 else { throw .missing(path: path) }
        let database = try Database(path: path, create: false, vfs: vfs)
        try database.execute("PRAGMA query_only = 1; PRAGMA cache_size = -512", "open the file")
        let found = try database.number("PRAGMA application_id", "open the file") ?? 0
        guard found == OutboxSchema.applicationID else {
            throw .foreign(path: path, applicationID: UInt32(truncatingIfNeeded: found))
        }
        return database
    }

    private static func epoch(_ database: Database) throws(OutboxError) -> Int64 {
        try database.number("SELECT value FROM counter WHERE name = 'epoch'", "open the file") ?? 0
    }

    private static func prepareFollowing(_ database: Database) throws(OutboxError) -> Statement {
        let size = try OutboxSchema.fileVersion(database) < 2 ? "0" : "size"
        return try database.prepare(
            """
            SELECT sequence, class, wall_ms, payload, \(size) FROM record
            WHERE sequence > ?1 ORDER BY sequence LIMIT ?2
            """)
    }
}
