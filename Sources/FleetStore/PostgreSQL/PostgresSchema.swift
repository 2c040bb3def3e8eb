/// The tables in PostgreSQL and how they come about.
enum PostgresSchema {
    /// Serialises programs that start at once; an advisory lock of our own.
    static let migrationLock: Int64 = 0x416D_4653_0000_0001

    /// Shared by all that store, held alone by what folds keys: an insert that waited for a record
    /// about to be folded would find neither the record nor, in its snapshot, the range.
    static let keyLock: Int64 = 0x416D_4653_0000_0003

    /// Shared by all that compute windows, held alone by what removes samples or windows.
    static let historyLock: Int64 = 0x416D_4653_0000_0004

    /// Statements by version, from 1; a step that has been released is never changed.
    static let steps: [[String]] = [
        first, LaterSchemas.letters(row: "ctid"), LaterSchemas.sharedIdentities,
        DeviceSchema.statements, ConfigurationSchema.statements,
        [LaterSchemas.keyRanges], RolloutSchema.statements,
        HistorySchema.statements(isOrdered: false),
        AlarmSchema.statements, NotificationSchema.statements, UserSchema.statements,
        SessionSchema.statements(number: "bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY"),
        RecipientSchema.statements, WatchSchema.statements, SearchSchema.postgres,
        GuestSchema.statements, PersonSchema.statements,
    ]

    /// Tables of a connection where rows wait until the server moves them on; they keep nothing.
    ///
    /// `stage` has bank and event as columns of one table, so that a batch is copied at once and what
    /// is new goes on inside the server. `newest` has what a batch knows of the present.
    static let temporary = [
        """
        CREATE TEMPORARY TABLE stage (\(optional(FirstSchema.record)),
        \(optional(LaterSchemas.bank)), \(optional(LaterSchemas.event))) ON COMMIT DELETE ROWS
        """,
        """
        CREATE TEMPORARY TABLE newest (\(optional(FirstSchema.sample)), made_ms bigint,
        is_state boolean, is_report boolean, \(optional(LaterSchemas.bank)),
        depth bigint, oldest_wall_ms bigint, bytes bigint, budget_bytes bigint, losses text)
        ON COMMIT DELETE ROWS
        """,
    ]

    /// What a report has besides the record it came with.
    static let reportColumns = ["depth", "oldest_wall_ms", "bytes", "budget_bytes", "losses"]

    private static let first =
        [
            """
            CREATE TABLE gateway (
            id integer PRIMARY KEY GENERATED ALWAYS AS IDENTITY, name text NOT NULL UNIQUE)
            """,
            table("record", FirstSchema.record, "PRIMARY KEY (gateway, epoch, seq)"),
            table("bank_sample", FirstSchema.sample, FirstSchema.bank)
                + " PARTITION BY RANGE (time_ms)",
            table("pack_sample", FirstSchema.sample, FirstSchema.pack(shorts: "smallint[]"))
                + " PARTITION BY RANGE (time_ms)",
            "CREATE TABLE bank_sample_other PARTITION OF bank_sample DEFAULT",
            "CREATE TABLE pack_sample_other PARTITION OF pack_sample DEFAULT",
            table("event", FirstSchema.sample, FirstSchema.event),
            table("dead_letter", FirstSchema.deadLetter, "payload bytea NOT NULL"),
            // rewritten all the time; the free room lets a new version lie beside the old one
            table(
                "bank_state", FirstSchema.sample, "made_ms bigint NOT NULL", FirstSchema.bank,
                "PRIMARY KEY (gateway)") + " WITH (fillfactor = 70)",
            table("outbox_report", FirstSchema.report) + " WITH (fillfactor = 70)",
            table("boot_clock", FirstSchema.bootClock),
            table("gateway_epoch", FirstSchema.epoch),
        ] + FirstSchema.indices

    private static func table(_ name: String, _ columns: String...) -> String {
        "CREATE TABLE \(name) (\(columns.joined(separator: ", ")))"
    }

    private static func optional(_ columns: String) -> String {
        columns.split(separator: " NOT NULL").joined()
    }
}

extension PostgresConnection {
    /// Brings the tables to the newest version, one program at a time.
    func migrate() throws(FleetStoreError) {
        try transaction { () throws(FleetStoreError) in
            try execute("BEGIN", "migrate")
            try run("SELECT pg_advisory_xact_lock(?1)", [.number(PostgresSchema.migrationLock)])
            for (index, step) in PostgresSchema.steps.enumerated().dropFirst(try version()) {
                for statement in step { try execute(statement, "make the tables") }
                try run(
                    "INSERT INTO schema_version (version) VALUES (?1)", [.number(Int64(index + 1))])
            }
            try execute("COMMIT", "migrate")
        }
    }

    /// The version that is there; throws when the tables are not ours, or newer.
    private func version() throws(FleetStoreError) -> Int {
        let tables: [TableName] = try rows(
            """
            SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
            AND c.relkind IN ('r', 'p') ORDER BY c.relname
            """, [])
        guard !tables.isEmpty else {
            try execute(
                """
                CREATE TABLE schema_version (application text NOT NULL DEFAULT 'amphora-fleet',
                version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now())
                """, "make the tables")
            return 0
        }
        let ours = tables.contains { $0.name == "schema_version" }
        let versions: [Int64] =
            ours
            ? try rows(
                """
                SELECT version FROM schema_version v
                WHERE to_jsonb(v) ->> 'application' = 'amphora-fleet'
                """, []) : []
        guard let newest = versions.max() else {
            throw .foreign(
                store: store,
                detail: "expected an empty schema or a fleet store, found table "
                    + "'\(tables.first?.name ?? "")'")
        }
        guard newest <= Int64(PostgresSchema.steps.count) else {
            throw .foreign(
                store: store,
                detail: "expected version \(PostgresSchema.steps.count) or older, found \(newest)")
        }
        return Int(newest)
    }
}

/// The name of a table.
struct TableName: RowReadable {
    let name: String

    init(from row: inout some RowSource) { name = row.word() }
}
