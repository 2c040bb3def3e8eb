/// What version 12 changes, about sessions, codes and what was changed; never changed again.
///
/// Both databases take the same words but for how they count. Times are Unix times in milliseconds.
enum SessionSchema {
    /// `number` is a key that the database counts up by itself.
    static func statements(number: String) -> [String] {
        [
            "ALTER TABLE access_token ADD COLUMN kind text NOT NULL DEFAULT 'token'",
            // with what somebody chooses a password, once
            """
            CREATE TABLE first_use (name text PRIMARY KEY, hash text NOT NULL UNIQUE,
            expires_ms bigint NOT NULL)
            """,
            // with what an owner takes a gateway, once
            """
            CREATE TABLE gateway_label (gateway text PRIMARY KEY, hash text NOT NULL UNIQUE,
            made_ms bigint NOT NULL)
            """,
            // numbered, so that a page can begin behind any entry
            "ALTER TABLE audit_entry RENAME TO audit_entry_old",
            """
            CREATE TABLE audit_entry (number \(number), made_ms bigint NOT NULL, tenant text NOT NULL,
            author text NOT NULL, action text NOT NULL, subject text NOT NULL, detail text NOT NULL)
            """,
            """
            INSERT INTO audit_entry (made_ms, tenant, author, action, subject, detail)
            SELECT made_ms, tenant, author, action, subject, detail FROM audit_entry_old
            ORDER BY made_ms
            """,
            "DROP TABLE audit_entry_old",
            "CREATE INDEX audit_entry_tenant ON audit_entry (tenant, made_ms, number)",
        ]
    }
}
