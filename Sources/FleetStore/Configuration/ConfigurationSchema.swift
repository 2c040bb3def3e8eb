/// The tables of version 5, about configuration; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum ConfigurationSchema {
    static let statements = [
        """
        CREATE TABLE configuration_layer (scope text NOT NULL, version bigint NOT NULL,
        patch text NOT NULL, author text NOT NULL, note text NOT NULL, made_ms bigint NOT NULL,
        PRIMARY KEY (scope, version))
        """,
        """
        CREATE TABLE configuration_offer (gateway text NOT NULL, version bigint NOT NULL,
        tag text NOT NULL, issued_ms bigint NOT NULL, config text NOT NULL,
        told integer NOT NULL DEFAULT 0, PRIMARY KEY (gateway, version))
        """,
        "CREATE INDEX configuration_offer_untold ON configuration_offer (gateway) WHERE told = 0",
        // one row: how often something changed that decides what gateways run on
        "CREATE TABLE configuration_news (id integer PRIMARY KEY, made bigint NOT NULL)",
        // what an event says beside its text, JSON
        "ALTER TABLE event ADD COLUMN detail text",
        // how a gateway took its configuration is the newest event of one code
        "CREATE INDEX event_code ON event (code, gateway, time_ms)",
        "INSERT INTO configuration_news (id, made) VALUES (1, 0)",
    ]
}
