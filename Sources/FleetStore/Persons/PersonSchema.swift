/// What version 17 changes, about houses that change hands; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum PersonSchema {
    static let statements = [
        // what was recorded before belongs to who had the house then
        "ALTER TABLE gateway_viewer ADD COLUMN seen_from_ms bigint NOT NULL DEFAULT 0",
        // when somebody last gave a house up, or it was taken from them
        "CREATE TABLE gateway_handover (gateway text PRIMARY KEY, made_ms bigint NOT NULL)",
        // who took a house that somebody had left sees no more of it than came since, from now on
        """
        CREATE TABLE claim_made AS SELECT subject AS gateway, author AS viewer,
        max(made_ms) AS made_ms FROM audit_entry WHERE action = 'gateway_claimed'
        GROUP BY subject, author
        """,
        "CREATE INDEX claim_made_gateway ON claim_made (gateway)",
        """
        UPDATE gateway_viewer SET seen_from_ms = coalesce((SELECT c.made_ms FROM claim_made c
        WHERE c.gateway = gateway_viewer.gateway AND c.viewer = gateway_viewer.viewer
        AND EXISTS (SELECT 1 FROM claim_made o WHERE o.gateway = c.gateway
            AND o.viewer <> c.viewer AND o.made_ms < c.made_ms
            AND NOT EXISTS (SELECT 1 FROM gateway_viewer v
                WHERE v.gateway = o.gateway AND v.viewer = o.viewer))), 0)
        """,
        "DROP TABLE claim_made",
    ]
}
