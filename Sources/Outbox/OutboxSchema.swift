/// The tables of an outbox, and how an older file becomes one of today.
///
/// | Version | Change |
/// | --- | --- |
/// | 1 | `record` and `counter` |
/// | 2 | `record.size`: a payload may be deflated; `rejected`: what the fleet refused |
enum OutboxSchema {
    /// Marks a database as an outbox: `AMPH` in ASCII.
    static let applicationID: Int64 = 0x414D_5048
    /// No number of ours is above: every JSON reader keeps 53 bits exactly.
    static let highestNumber: Int64 = (1 << 53) - 1
    /// The schema this code writes.
    static let version: Int64 = 2

    /// Settings of the writer's connection, then the tables; `epoch` is that of a new file, nil draws
    /// one.
    ///
    /// Pages of 2048 bytes wrote least to the device per byte of payload of all sizes measured. Debian
    /// builds SQLite to overwrite what is deleted with zeros, which writes every freed page once more.
    /// The log is used again from its beginning after 256 pages: while it grows, each commit also costs
    /// the file system's own journal, which is four times the record.
    static func prepare(_ database: Database, epoch: Int64?) throws(OutboxError) {
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
            PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 1048576
            """, operation)
        if tables == 0 {
            // 53 bits, because that is what every JSON reader keeps exactly
            try create(database, epoch: epoch ?? Int64.random(in: 1..<(1 << 53)))
        }
        if try fileVersion(database) == 1 { try upgrade(database) }
        let version = try fileVersion(database)
        guard version == Self.version else {
            throw .damaged(
                path: database.path, operation: operation,
                detail: "its schema is version \(version), expected \(Self.version)")
        }
    }

    /// The version a file says it has.
    static func fileVersion(_ database: Database) throws(OutboxError) -> Int64 {
        try database.number("PRAGMA user_version", "open the file") ?? 0
    }

    private static let rejected = """
        CREATE TABLE rejected(sequence INTEGER PRIMARY KEY, class INTEGER NOT NULL,
            wall_ms INTEGER NOT NULL, size INTEGER NOT NULL, payload BLOB NOT NULL,
            reason TEXT NOT NULL);
        """

    private static func create(_ database: Database, epoch: Int64) throws(OutboxError) {
        try database.execute(
            """
            BEGIN IMMEDIATE;
            PRAGMA application_id = \(applicationID);
            PRAGMA user_version = \(version);
            CREATE TABLE record(sequence INTEGER PRIMARY KEY, class INTEGER NOT NULL,
                wall_ms INTEGER NOT NULL, payload BLOB NOT NULL, size INTEGER NOT NULL DEFAULT 0);
            CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
            \(rejected)
            INSERT INTO counter VALUES('epoch', \(epoch));
            COMMIT
            """, "begin the file")
    }

    /// Adds what version 2 has more; no row is touched, so it takes as long for ten million as for none.
    private static func upgrade(_ database: Database) throws(OutboxError) {
        try database.execute(
            """
            BEGIN IMMEDIATE;
            ALTER TABLE record ADD COLUMN size INTEGER NOT NULL DEFAULT 0;
            \(rejected)
            PRAGMA user_version = 2;
            COMMIT
            """, "bring the file to version 2")
    }
}
