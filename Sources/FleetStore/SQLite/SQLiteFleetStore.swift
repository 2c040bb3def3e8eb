import GRDB
import Glibc

/// A fleet store in one SQLite file, for fleets that one machine serves.
///
/// Several processes may write; they take turns. A commit is on disk before `store` returns.
final class SQLiteFleetStore: ReadingStore, ChangingStore {
    /// How long a process waits for its turn, s.
    private static let patienceSeconds = 10.0
    /// Seconds for which the making of tables is tried again.
    private static let startSeconds = 30.0

    private let path: String
    private var queue: DatabaseQueue?

    /// Names the file; it is opened, or begun, when it is first used.
    init(path: String) { self.path = path }

    var name: String { "sqlite:\(path)" }

    func migrate() throws(FleetStoreError) {
        try access("migrate") { queue in
            try Self.patiently {
                try queue.writeWithoutTransaction { database in
                    try database.inTransaction(.deferred) {
                        try self.refuseForeign(database)
                        return .commit
                    }
                    try database.execute(sql: "PRAGMA journal_mode = WAL")
                }
                try Self.migrate(queue)
            }
        }
    }

    /// Does again what another process held up: SQLite waits by itself for most locks, but neither for the
    /// change of the journal nor in turn, so of many that start at once the last may find none in time.
    private static func patiently(_ body: () throws -> Void) throws {
        let end = ContinuousClock.now + .seconds(startSeconds)
        while true {
            do {
                return try body()
            } catch let error as DatabaseError
                where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end
            {
                usleep(UInt32.random(in: 5_000...50_000))
            }
        }
    }

    /// Makes the tables of all versions; tries again as long as another process is quicker.
    ///
    /// GRDB reads once which versions are there, so of two that begin at once the slower one fails at
    /// each version that the other has made meanwhile.
    private static func migrate(_ queue: DatabaseQueue) throws {
        let migrator = SQLiteSchema.migrator
        while true {
            let before = try queue.read(migrator.appliedIdentifiers).count
            do {
                return try migrator.migrate(queue)
            } catch {
                guard try queue.read(migrator.appliedIdentifiers).count > before else {
                    throw error
                }
            }
        }
    }

    func store(_ batch: IngestBatch) throws(FleetStoreError) -> IngestOutcome {
        guard !batch.isEmpty else { return IngestOutcome() }
        let plan = try BatchPlan(batch, store: name)
        return try write("store a batch") { database in
            try SQLiteIngest(database: database, plan: plan).store(batch.deadLetters)
        }
    }

    func retain(_ limits: Retention) throws(FleetStoreError) -> RetentionReport {
        let limits = limits.inQuarters
        var report = RetentionReport()
        for step in RetentionStep.all(limits) {
            // in pieces, so that ingest gets its turn in between
            var removed: [Int64]
            repeat {
                removed = try write("remove what is old") { try $0.rows(step.inPieces, step.limit) }
                step.note(removed.count, in: &report)
            } while !removed.isEmpty
        }
        try removeHistory(limits, &report)
        try foldKeys(limits)
        return report
    }

    func alone<Value>(
        _ body: (SQLiteDatabase) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        try write("fold keys") { try body($0) }
    }

    // MARK: - Access

    func read<Value>(
        _ body: (SQLiteDatabase) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        try access("read") { queue in
            try queue.read { try body(SQLiteDatabase(database: $0, store: self.name)) }
        }
    }

    func change<Value>(
        _ operation: String, _ body: (SQLiteDatabase) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        try write(operation) { database in try body(database) }
    }

    private func write<Value>(
        _ operation: String, _ body: (SQLiteDatabase) throws -> Value
    ) throws(FleetStoreError) -> Value {
        try access(operation) { queue in
            var value: Value?
            try queue.writeWithoutTransaction { database in
                try database.inTransaction(.immediate) {
                    value = try body(SQLiteDatabase(database: database, store: self.name))
                    return .commit
                }
            }
            guard let value else {
                throw FleetStoreError.refused(
                    store: self.name, operation: operation, detail: "bug: no value")
            }
            return value
        }
    }

    private func access<Value>(
        _ operation: String, _ body: (DatabaseQueue) throws -> Value
    ) throws(FleetStoreError) -> Value {
        do {
            return try body(opened())
        } catch {
            throw SQLiteTrouble.error(error, store: name, operation: operation)
        }
    }

    private func opened() throws -> DatabaseQueue {
        if let queue { return queue }
        var configuration = Configuration()
        configuration.busyMode = .timeout(Self.patienceSeconds)
        configuration.prepareDatabase { database in
            // FULL: a commit that `store` has reported outlives a power cut; 16 MiB of cache hold
            // the ends of the indices of a few thousand gateways
            try database.execute(
                sql: "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384")
            let code = SQLiteWords.add(to: database.sqliteConnection)
            guard code == 0 else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        }
        let opened = try DatabaseQueue(path: path, configuration: configuration)
        queue = opened
        return opened
    }

    /// Throws when the file has tables that are not ours, or newer ones.
    private func refuseForeign(_ database: Database) throws {
        let id = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
        let tables =
            try String.fetchAll(
                database, sql: "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        if id != SQLiteSchema.applicationID, !tables.filter({ $0 != "grdb_migrations" }).isEmpty {
            throw FleetStoreError.foreign(
                store: name,
                detail: "expected an empty file or a fleet store, found a database with table "
                    + "'\(tables.first ?? "")'")
        }
        let migrator = SQLiteSchema.migrator
        if try migrator.hasBeenSuperseded(database) {
            let newest = try migrator.appliedIdentifiers(database).compactMap { Int($0) }.max() ?? 0
            throw FleetStoreError.foreign(
                store: name,
                detail: "expected version \(SQLiteSchema.steps.count) or older, found \(newest)")
        }
    }
}
