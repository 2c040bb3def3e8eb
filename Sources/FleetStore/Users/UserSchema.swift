/// The tables of version 11, about users and what they may see; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum UserSchema {
    static let statements = [
        "CREATE TABLE tenant (id text PRIMARY KEY, label text NOT NULL, created_ms bigint NOT NULL)",
        // a gateway has one tenant at most
        "CREATE TABLE tenant_gateway (gateway text PRIMARY KEY, tenant text NOT NULL)",
        "CREATE INDEX tenant_gateway_tenant ON tenant_gateway (tenant, gateway)",
        """
        CREATE TABLE fleet_user (name text PRIMARY KEY, tenant text NOT NULL, role text NOT NULL,
        password text NOT NULL, created_ms bigint NOT NULL)
        """,
        """
        CREATE TABLE gateway_viewer (viewer text NOT NULL, gateway text NOT NULL,
        PRIMARY KEY (viewer, gateway))
        """,
        "CREATE INDEX gateway_viewer_gateway ON gateway_viewer (gateway)",
        """
        CREATE TABLE access_token (id text PRIMARY KEY, hash text NOT NULL UNIQUE,
        owner text NOT NULL, label text NOT NULL, scopes text NOT NULL,
        created_ms bigint NOT NULL, expires_ms bigint NOT NULL)
        """,
        "CREATE INDEX access_token_owner ON access_token (owner)",
        // what somebody asked for with a key, so that asking twice is asking once
        """
        CREATE TABLE answered_request (author text NOT NULL, request_key text NOT NULL,
        request_hash text NOT NULL, answer text NOT NULL, made_ms bigint NOT NULL,
        PRIMARY KEY (author, request_key))
        """,
        "CREATE INDEX answered_request_time ON answered_request (made_ms)",
        """
        CREATE TABLE audit_entry (made_ms bigint NOT NULL, tenant text NOT NULL,
        author text NOT NULL, action text NOT NULL, subject text NOT NULL, detail text NOT NULL)
        """,
        "CREATE INDEX audit_entry_tenant ON audit_entry (tenant, made_ms)",
    ]
}
