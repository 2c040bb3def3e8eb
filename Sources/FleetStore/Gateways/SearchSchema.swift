/// What version 15 adds, for lists of gateways; never changed again.
enum SearchSchema {
    /// Finds the open alarms of a page's gateways, however many are over.
    static let alarms = "CREATE INDEX alarm_open_gateway ON alarm (gateway) WHERE cleared_ms = 0"

    /// The column of a device in PostgreSQL with what people know its gateway by, in small letters.
    ///
    /// Making small letters of all languages takes PostgreSQL 0.7 µs for each gateway and word, two thirds of
    /// a search; so it is done when something changes.
    static let column = "search"

    /// The statements for PostgreSQL; SQLite makes small letters in a function of ours and needs no column.
    static let postgres = [
        alarms,
        // a line end keeps a word from beginning in one part and ending in the next
        """
        ALTER TABLE device ADD COLUMN \(column) text NOT NULL GENERATED ALWAYS AS
        (\(small("label || E'\\n' || id || E'\\n' || region || E'\\n' || model"))) STORED
        """,
    ]

    /// A text in small letters by those of all languages, whatever the locale of the database is.
    static func small(_ text: String) -> String { "lower((\(text)) COLLATE \"und-x-icu\")" }
}
