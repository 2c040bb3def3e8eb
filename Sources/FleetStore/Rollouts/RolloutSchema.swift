/// The tables of version 7, about rollouts; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds, 0 where there is none.
enum RolloutSchema {
    /// What a measurement says since version 7 of the frames that the bus took and gave.
    static let frames = "frames_sent bigint, frames_received bigint"

    static let statements =
        ["bank_sample", "bank_state"].flatMap { table in
            [
                "ALTER TABLE \(table) ADD COLUMN frames_sent bigint",
                "ALTER TABLE \(table) ADD COLUMN frames_received bigint",
            ]
        } + [
            // where a gateway stands and what it is
            "ALTER TABLE device ADD COLUMN model text NOT NULL DEFAULT ''",
            "ALTER TABLE device ADD COLUMN region text NOT NULL DEFAULT ''",
            "ALTER TABLE device ADD COLUMN zone text NOT NULL DEFAULT ''",
            """
            CREATE TABLE rollout (id text PRIMARY KEY, revision bigint NOT NULL,
            plan text NOT NULL, state text NOT NULL, is_over integer NOT NULL, wave integer NOT NULL,
            reason text NOT NULL, made_ms bigint NOT NULL, since_ms bigint NOT NULL)
            """,
            """
            CREATE TABLE rollout_gateway (rollout text NOT NULL, gateway text NOT NULL,
            place integer NOT NULL, wave integer NOT NULL, zone text NOT NULL, state text NOT NULL,
            failure text NOT NULL, words text NOT NULL, release bigint NOT NULL,
            return_release bigint NOT NULL, previous text NOT NULL, baseline text NOT NULL,
            since_ms bigint NOT NULL, told_ms bigint NOT NULL, deadline_ms bigint NOT NULL,
            good_ms bigint NOT NULL, PRIMARY KEY (rollout, gateway))
            """,
            "CREATE INDEX rollout_gateway_gateway ON rollout_gateway (gateway)",
            """
            CREATE TABLE rollout_note (rollout text NOT NULL, number bigint NOT NULL,
            made_ms bigint NOT NULL, author text NOT NULL, what text NOT NULL, detail text NOT NULL,
            PRIMARY KEY (rollout, number))
            """,
            // what each gateway shall install; an empty document takes back the one before
            """
            CREATE TABLE assignment (gateway text PRIMARY KEY, release bigint NOT NULL,
            rollout text NOT NULL, document text NOT NULL, set_text text NOT NULL,
            made_ms bigint NOT NULL, is_published integer NOT NULL)
            """,
            "CREATE INDEX assignment_unpublished ON assignment (gateway) WHERE is_published = 0",
            // one row: where all who change rollouts meet
            "CREATE TABLE rollout_turn (id integer PRIMARY KEY, taken bigint NOT NULL)",
            "INSERT INTO rollout_turn (id, taken) VALUES (1, 0)",
        ]
}
