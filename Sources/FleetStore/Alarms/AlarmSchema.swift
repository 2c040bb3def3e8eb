/// The tables about alarms; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds, 0 where there is none.
enum AlarmSchema {
    static let statements = [
        // made of events and words, and made again from them when either change
        """
        CREATE TABLE alarm (gateway integer NOT NULL, code text NOT NULL, level text NOT NULL,
        pack integer NOT NULL, raised_ms bigint NOT NULL, last_ms bigint NOT NULL,
        cleared_ms bigint NOT NULL, ending text NOT NULL, times integer NOT NULL,
        message text NOT NULL, acknowledged_ms bigint NOT NULL, acknowledged_by text NOT NULL,
        PRIMARY KEY (gateway, code, level, pack, raised_ms))
        """,
        "CREATE INDEX alarm_time ON alarm (raised_ms)",
        "CREATE INDEX alarm_open ON alarm (raised_ms) WHERE cleared_ms = 0",
        // what people and the fleet itself say of alarms
        """
        CREATE TABLE alarm_word (gateway integer NOT NULL, code text NOT NULL, level text NOT NULL,
        pack integer NOT NULL, made_ms bigint NOT NULL, kind text NOT NULL, author text NOT NULL,
        message text NOT NULL)
        """,
        "CREATE INDEX alarm_word_gateway ON alarm_word (gateway, made_ms)",
        // gateways whose alarms have to be made again
        "CREATE TABLE alarm_due (gateway integer PRIMARY KEY, marks bigint NOT NULL)",
        "CREATE INDEX event_alarm ON event (gateway, time_ms) "
            + "WHERE change IN ('raised', 'cleared') OR code = 'started'",
        // what was raised before there were alarms
        """
        INSERT INTO alarm_due (gateway, marks)
        SELECT DISTINCT gateway, 1 FROM event WHERE change IN ('raised', 'cleared')
        """,
    ]
}
