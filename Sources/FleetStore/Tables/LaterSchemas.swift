/// What later versions change, in the words of both databases; never changed again once released.
enum LaterSchemas {
    /// The columns of an event since version 5.
    static let event = "\(FirstSchema.event), detail text"

    /// The columns of a bank since version 8.
    static let bank = "\(FirstSchema.bank), \(RolloutSchema.frames), \(HistorySchema.limits)"

    /// The columns of the current state of a bank.
    static let stateColumns =
        FirstSchema.names(of: FirstSchema.sample) + ["made_ms"] + FirstSchema.names(of: bank)

    /// Version 6: keys whose records are not needed any more, as ranges of numbers.
    static let keyRanges = """
        CREATE TABLE key_range (gateway integer NOT NULL, epoch bigint NOT NULL,
        first_seq bigint NOT NULL, last_seq bigint NOT NULL, events bigint NOT NULL,
        unmended bigint NOT NULL, newest_ms bigint NOT NULL, PRIMARY KEY (gateway, epoch, last_seq))
        """

    /// Version 3: gateways whose identity two machines use, and by which two it was seen last.
    static let sharedIdentities = [
        """
        CREATE TABLE shared_identity (gateway integer PRIMARY KEY, first_ms bigint NOT NULL,
        last_ms bigint NOT NULL, sightings bigint NOT NULL, epoch bigint NOT NULL,
        boot text NOT NULL, other_epoch bigint NOT NULL, other_boot text NOT NULL)
        """
    ]

    /// Version 2: dead letters that come again are counted, and those of a gateway are bounded.
    ///
    /// `row` is what the database calls the place of a row. Letters that only differ by their topic
    /// become one, the one that lies first.
    static func letters(row: String) -> [String] {
        [
            "ALTER TABLE dead_letter ADD COLUMN times bigint NOT NULL DEFAULT 1",
            "ALTER TABLE dead_letter ADD COLUMN last_ms bigint NOT NULL DEFAULT 0",
            "UPDATE dead_letter SET last_ms = received_ms",
            "DROP INDEX dead_letter_once",
            """
            DELETE FROM dead_letter WHERE \(row) NOT IN (
                SELECT min(\(row)) FROM dead_letter GROUP BY \(Letters.key))
            """,
            "CREATE UNIQUE INDEX dead_letter_same ON dead_letter (\(Letters.key))",
            "CREATE INDEX dead_letter_age ON dead_letter (coalesce(gateway, ''), last_ms)",
            "CREATE TABLE dead_letter_dropped (gateway text PRIMARY KEY, letters bigint NOT NULL)",
        ]
    }
}
