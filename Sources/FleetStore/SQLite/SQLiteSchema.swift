import GRDB

/// The tables in SQLite and how they come about.
enum SQLiteSchema {
    /// Marks the file as a fleet store, `AmFS` in ASCII.
    static let applicationID: Int32 = 0x416D_4653

    /// Statements by version, from 1; a step that has been released is never changed.
    static let steps: [[String]] = [
        first, LaterSchemas.letters(row: "rowid"), LaterSchemas.sharedIdentities,
        DeviceSchema.statements, ConfigurationSchema.statements,
        [LaterSchemas.keyRanges + " WITHOUT ROWID"], RolloutSchema.statements,
        HistorySchema.statements(isOrdered: true),
        AlarmSchema.statements, NotificationSchema.statements, UserSchema.statements,
        SessionSchema.statements(number: "integer PRIMARY KEY AUTOINCREMENT"),
        RecipientSchema.statements, WatchSchema.statements, [SearchSchema.alarms],
        GuestSchema.statements, PersonSchema.statements,
    ]

    /// All versions in order.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator().disablingDeferredForeignKeyChecks()
        for (index, step) in steps.enumerated() {
            migrator.registerMigration("\(index + 1)") { db in
                for statement in step { try db.execute(sql: statement) }
            }
        }
        return migrator
    }

    private static let first =
        [
            "PRAGMA application_id = \(applicationID)",
            "CREATE TABLE gateway (id integer PRIMARY KEY, name text NOT NULL UNIQUE)",
            table("record", FirstSchema.record, "PRIMARY KEY (gateway, epoch, seq)")
                + " WITHOUT ROWID",
            table("bank_sample", FirstSchema.sample, FirstSchema.bank),
            table("pack_sample", FirstSchema.sample, FirstSchema.pack(shorts: "blob")),
            table("event", FirstSchema.sample, FirstSchema.event),
            table("dead_letter", FirstSchema.deadLetter, "payload blob NOT NULL"),
            table(
                "bank_state", FirstSchema.sample, "made_ms bigint NOT NULL", FirstSchema.bank,
                "PRIMARY KEY (gateway)") + " WITHOUT ROWID",
            table("outbox_report", FirstSchema.report),
            table("boot_clock", FirstSchema.bootClock) + " WITHOUT ROWID",
            table("gateway_epoch", FirstSchema.epoch) + " WITHOUT ROWID",
        ] + FirstSchema.indices

    private static func table(_ name: String, _ columns: String...) -> String {
        "CREATE TABLE \(name) (\(columns.joined(separator: ", ")))"
    }
}
