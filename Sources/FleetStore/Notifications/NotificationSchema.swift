/// The tables about who is told of alarms; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum NotificationSchema {
    static let statements = [
        """
        CREATE TABLE hook (name text PRIMARY KEY, url text NOT NULL, secret text NOT NULL,
        authorities text NOT NULL, language text NOT NULL, level text NOT NULL,
        after_ms bigint NOT NULL, made_ms bigint NOT NULL)
        """,
        // what a hook was told last of each subject
        """
        CREATE TABLE notification (hook text NOT NULL, gateway integer NOT NULL, code text NOT NULL,
        level text NOT NULL, pack integer NOT NULL, raised_ms bigint NOT NULL, state text NOT NULL,
        tries integer NOT NULL, next_ms bigint NOT NULL,
        PRIMARY KEY (hook, gateway, code, level, pack))
        """,
        "CREATE INDEX notification_due ON notification (hook, next_ms) WHERE state <> 'told'",
    ]
}
