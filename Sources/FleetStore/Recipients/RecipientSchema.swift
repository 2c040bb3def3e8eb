/// The tables about how users are told of alarms; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds, 0 where there is none.
enum RecipientSchema {
    static let statements = [
        // quiet hours are minutes of the day, −1 where there are none
        """
        CREATE TABLE recipient (name text PRIMARY KEY, language text NOT NULL, mail text NOT NULL,
        mail_ms bigint NOT NULL, quiet_from integer NOT NULL, quiet_to integer NOT NULL,
        level text NOT NULL)
        """,
        """
        CREATE TABLE push_subscription (id text PRIMARY KEY, owner text NOT NULL,
        endpoint text NOT NULL UNIQUE, browser_key text NOT NULL, secret text NOT NULL,
        made_ms bigint NOT NULL)
        """,
        "CREATE INDEX push_subscription_owner ON push_subscription (owner)",
        // one row for each change of an alarm, user and channel
        """
        CREATE TABLE delivery (recipient text NOT NULL, channel text NOT NULL,
        gateway integer NOT NULL, code text NOT NULL, level text NOT NULL, pack integer NOT NULL,
        raised_ms bigint NOT NULL, change text NOT NULL, state text NOT NULL, reason text NOT NULL,
        message text NOT NULL, tries integer NOT NULL, next_ms bigint NOT NULL,
        settled_ms bigint NOT NULL,
        PRIMARY KEY (recipient, channel, gateway, code, level, pack, raised_ms, change))
        """,
        "CREATE INDEX delivery_due ON delivery (next_ms) WHERE state = 'waiting'",
        "CREATE INDEX delivery_told ON delivery (gateway) WHERE state = 'sent'",
        "CREATE INDEX delivery_settled ON delivery (recipient, channel, settled_ms)",
        "CREATE INDEX alarm_cleared ON alarm (cleared_ms)",
        // whoever changes the queue waits for this row
        "CREATE TABLE delivery_turn (id integer PRIMARY KEY, cleaned_ms bigint NOT NULL)",
        "INSERT INTO delivery_turn (id, cleaned_ms) VALUES (1, 0)",
    ]
}
