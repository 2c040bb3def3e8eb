/// The database file of an outbox: schema, statements and counters.
///
/// Depth is never counted by looking at rows. Numbers are handed out without gaps, so the depth is
/// the distance between the oldest and the newest row less the `holes` between them, and `holes`
/// changes only when rows leave out of order. That keeps opening and status as fast with millions
/// of rows as with none, and costs the usual transaction no page.
final class OutboxFile {
    let database: Database
    let epoch: Int64
    let insertRow: Statement
    let deleteRange: Statement
    let evictOldest: Statement
    let thinRange: Statement
    let copyRejected: Statement
    let adoptRejected: Statement
    let trimRejected: Statement
    private let begin: Statement
    private let commit: Statement
    private let rollback: Statement
    private let setCounter: Statement
    private let getCounter: Statement
    private let lowestRow: Statement
    private let lowestOfClass: Statement
    private let oldestRow: Statement
    private let highestRow: Statement
    private let pageCount: Statement
    private let freePageCount: Statement

    /// Opens or begins the file at `path`; `epoch` is for a file that takes another's place, nil
    /// draws one.
    init(path: String, vfs: String?, epoch given: Int64? = nil) throws(OutboxError) {
        database = try Database(path: path, create: true, vfs: vfs)
        try OutboxSchema.prepare(database, epoch: given)
        begin = try database.prepare("BEGIN IMMEDIATE")
        commit = try database.prepare("COMMIT")
        rollback = try database.prepare("ROLLBACK")
        insertRow = try database.prepare(
            "INSERT INTO record(sequence, class, wall_ms, payload, size) VALUES(?1, ?2, ?3, ?4, ?5)"
        )
        deleteRange = try database.prepare(
            "DELETE FROM record WHERE sequence BETWEEN ?1 AND ?2")
        thinRange = try database.prepare(
            """
            DELETE FROM record WHERE sequence BETWEEN ?1 AND ?2 AND class = ?3
            AND sequence % ?4 <> 0
            """)
        copyRejected = try database.prepare(
            """
            INSERT OR REPLACE INTO rejected(sequence, class, wall_ms, size, payload, reason)
            SELECT sequence, class, wall_ms, size, payload, ?2 FROM record WHERE sequence = ?1
            """)
        adoptRejected = try database.prepare(
            """
            INSERT OR IGNORE INTO rejected(sequence, class, wall_ms, size, payload, reason)
            VALUES(?1, ?2, ?3, ?4, ?5, ?6)
            """)
        trimRejected = try database.prepare(
            """
            DELETE FROM rejected WHERE sequence <= (SELECT sequence FROM rejected
            ORDER BY sequence DESC LIMIT 1 OFFSET ?1)
            """)
        evictOldest = try database.prepare(
            """
            DELETE FROM record WHERE sequence IN (SELECT sequence FROM record
            WHERE class = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3)
            """)
        setCounter = try database.prepare(
            "INSERT OR REPLACE INTO counter(name, value) VALUES(?1, ?2)")
        getCounter = try database.prepare("SELECT value FROM counter WHERE name = ?1")
        lowestRow = try database.prepare("SELECT min(sequence) FROM record")
        oldestRow = try database.prepare(OldestRecord.query)
        lowestOfClass = try database.prepare(
            """
            SELECT sequence FROM record WHERE class = ?1 AND sequence >= ?2
            ORDER BY sequence LIMIT 1
            """)
        highestRow = try database.prepare("SELECT max(sequence) FROM record")
        pageCount = try database.prepare("PRAGMA page_count")
        freePageCount = try database.prepare("PRAGMA freelist_count")
        epoch = try Self.counter("epoch", getCounter) ?? 0
        guard epoch > 0 else {
            throw .damaged(path: path, operation: "open the file", detail: "it has no epoch")
        }
    }

    /// Runs `body` in one transaction; a failure leaves the file as it was.
    func transaction(
        _ operation: String, _ body: () throws(OutboxError) -> Void
    ) throws(OutboxError) {
        try begin.run(operation)
        do {
            try body()
            try commit.run(operation)
        } catch {
            // a full disk or an input error may have rolled back already
            if database.isInTransaction { try? rollback.run(operation) }
            throw error
        }
    }

    /// A stored counter; nil when it was never set.
    func counter(_ name: String) throws(OutboxError) -> Int64? {
        try Self.counter(name, getCounter)
    }

    private static func counter(
        _ name: String, _ statement: Statement
    ) throws(OutboxError) -> Int64? {
        statement.bind(1, name)
        defer { statement.reset() }
        return try statement.step("read a counter") ? statement.integer(0) : nil
    }

    /// Stores a counter.
    func setCounter(
        _ name: String, _ value: Int64, _ operation: String = "store a counter"
    ) throws(OutboxError) {
        setCounter.bind(1, name)
        setCounter.bind(2, value)
        try setCounter.run(operation)
    }

    /// The number of the oldest row; nil when there is none.
    func lowest() throws(OutboxError) -> Int64? { try first(lowestRow) }

    /// The record that has waited longest; nil when none waits.
    func oldest() throws(OutboxError) -> OldestRecord? { try OldestRecord(oldestRow) }

    /// The number of the oldest row of a class at or above `sequence`; nil when there is none.
    func lowest(
        of recordClass: RecordClass, from sequence: Int64
    ) throws(OutboxError) -> Int64? {
        lowestOfClass.bind(1, recordClass.rawValue)
        lowestOfClass.bind(2, sequence)
        return try first(lowestOfClass)
    }

    /// The number of the newest row; nil when there is none.
    func highest() throws(OutboxError) -> Int64? { try first(highestRow) }

    /// Bytes of pages in use; freed pages are used again and do not count.
    func usedBytes() throws(OutboxError) -> Int64 {
        let all = try first(pageCount) ?? 0
        let free = try first(freePageCount) ?? 0
        return max(0, all - free) &* 2048
    }

    private func first(_ statement: Statement) throws(OutboxError) -> Int64? {
        defer { statement.reset() }
        guard try statement.step("look at the rows"), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }
}
