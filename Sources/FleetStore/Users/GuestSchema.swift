/// What version 16 changes, about guests of gateways; never changed again.
///
/// A guest is a viewer whom another user let in, so that whatever asks who sees a gateway knows guests too.
/// Both databases take the same words. Times are Unix times in milliseconds.
enum GuestSchema {
    static let statements = [
        // who let them in, when, and with which code; empty and 0 for those who see it in their own right
        "ALTER TABLE gateway_viewer ADD COLUMN giver text NOT NULL DEFAULT ''",
        "ALTER TABLE gateway_viewer ADD COLUMN since_ms bigint NOT NULL DEFAULT 0",
        "ALTER TABLE gateway_viewer ADD COLUMN code_hash text NOT NULL DEFAULT ''",
        "CREATE INDEX gateway_viewer_giver ON gateway_viewer (giver)",
        // with what somebody becomes a guest, once
        """
        CREATE TABLE guest_invitation (id text PRIMARY KEY, hash text NOT NULL UNIQUE,
        gateway text NOT NULL, giver text NOT NULL, made_ms bigint NOT NULL,
        expires_ms bigint NOT NULL)
        """,
        "CREATE INDEX guest_invitation_gateway ON guest_invitation (gateway)",
        "CREATE INDEX guest_invitation_giver ON guest_invitation (giver)",
    ]
}
