/// The database file of an outbox: schema, statements and counters.
///
/// Depth is never counted by looking at rows. Numbers are handed out without gaps, so the depth is
/// the distance between the oldest and the newest row less the `holes` between them, and `holes`
/// changes only when rows leave out of order. That keeps opening and status as fast with millions
/// of rows as with none, and costs the usual transaction no page.
final class OutboxFile {
    /// Marks a database as an outbox: `AMPH` in ASCII.
    static let applicationID: Int64 = 0x414D_5048
    /// The schema this code writes.
    static let version: Int64 = 1

    let database: Database
    let epoch: Int64
    let insertRow: Statement
    let deleteRange: Statement
    let evictOldest: Statement
    private let begin: Statement
    private let commit: Statement
    private let rollback: Statement
    private let setCounter: Statement
    private let getCounter: Statement
    private let lowestRow: Statement
    private let highestRow: Statement
    private let pageCount: Statement
    private let freePageCount: Statement

    /// Opens or begins the file at `path`.
    init(path: String, vfs: String?) throws(OutboxError) {
        database = try Database(path: path, create: true, vfs: vfs)
        try Self.prepareSchema(database)
        begin = try database.prepare("BEGIN IMMEDIATE")
        commit = try database.prepare("COMMIT")
        rollback = try database.prepare("ROLLBACK")
        insertRow = try database.prepare(
            "INSERT INTO record(sequence, class, wall_ms, payload) VALUES(?1, ?2, ?3, ?4)")
        deleteRange = try database.prepare(
            "DELETE FROM record WHERE sequence BETWEEN ?1 AND ?2")
        evictOldest = try database.prepare(
            """
            DELETE FROM record WHERE sequence IN (SELECT sequence FROM record
            WHERE class = ?1 AND sequence >= ?2 ORDER BY sequence LIMIT ?3)
            """)
        setCounter = try database.prepare(
            "INSERT OR REPLACE INTO counter(name, value) VALUES(?1, ?2)")
        getCounter = try database.prepare("SELECT value FROM counter WHERE name = ?1")
        lowestRow = try database.prepare("SELECT min(sequence) FROM record")
        highestRow = try database.prepare("SELECT max(sequence) FROM record")
        pageCount = try database.prepare("PRAGMA page_count")
        freePageCount = try database.prepare("PRAGMA freelist_count")
        epoch = try Self.counter("epoch", getCounter) ?? 0
        guard epoch > 0 else {
            throw .damaged(path: path, operation: "open the file", detail: "it has no epoch")
        }
    }

    /// Settings of the connection, then the tables when the file is new.
    ///
    /// Pages of 2048 bytes wrote least to the device per byte of payload of all sizes measured. Debian
    /// builds SQLite to overwrite what is deleted with zeros, which writes every freed page once more.
    private static func prepareSchema(_ database: Database) throws(OutboxError) {
        let operation = "open the file"
        try database.execute(
            "PRAGMA page_size = 2048; PRAGMA cache_size = -512; PRAGMA secure_delete = OFF",
            operation)
        let tables = try database.number("SELECT count(*) FROM sqlite_schema", operation) ?? 0
        let found = try database.number("PRAGMA application_id", operation) ?? 0
        guard tables == 0 || found == applicationID else {
            throw .foreign(path: database.path, applicationID: UInt32(truncatingIfNeeded: found))
        }
        try database.execute(
            """
            PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            PRAGMA journal_size_limit = 4194304
            """, operation)
        if tables == 0 { try create(database) }
        let version = try database.number("PRAGMA user_version", operation) ?? 0
        guard version == Self.version else {
            throw .damaged(
                path: database.path, operation: operation,
                detail: "its schema is version \(version), expected \(Self.version)")
        }
    }

    private static func create(_ database: Database) throws(OutboxError) {
        // 53 bits, because that is what every JSON reader keeps exactly
        let epoch = Int64.random(in: 1..<(1 << 53))
        try database.execute(
            """
            BEGIN IMMEDIATE;
            PRAGMA application_id = \(applicationID);
            PRAGMA user_version = \(version);
            CREATE TABLE record(sequence INTEGER PRIMARY KEY, class INTEGER NOT NULL,
                wall_ms INTEGER NOT NULL, payload BLOB NOT NULL);
            CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO counter VALUES('epoch', \(epoch));
            COMMIT
            """, "begin the file")
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
    func setCounter(_ name: String, _ value: Int64) throws(OutboxError) {
        setCounter.bind(1, name)
        setCounter.bind(2, value)
        try setCounter.run("store a counter")
    }

    /// The number of the oldest row; nil when there is none.
    func lowest() throws(OutboxError) -> Int64? { try first(lowestRow) }

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
