/// The tables of version 4, about devices and their certificates; never changed again.
///
/// Both databases take the same words. Times are Unix times in milliseconds.
enum DeviceSchema {
    static let statements = [
        """
        CREATE TABLE device (id text PRIMARY KEY, label text NOT NULL, device_group text NOT NULL,
        tags text NOT NULL, needs_approval integer NOT NULL, created_ms bigint NOT NULL)
        """,
        """
        CREATE TABLE device_token (hash text PRIMARY KEY, device text NOT NULL,
        created_ms bigint NOT NULL, expires_ms bigint NOT NULL, used_ms bigint, used_for text)
        """,
        "CREATE INDEX device_token_device ON device_token (device)",
        """
        CREATE TABLE pending_enrolment (device text PRIMARY KEY, request_hash text NOT NULL,
        door text NOT NULL, first_ms bigint NOT NULL, last_ms bigint NOT NULL, decided_by text,
        decided_ms bigint)
        """,
        """
        CREATE TABLE maker_authority (name text PRIMARY KEY, certificate text NOT NULL UNIQUE,
        added_ms bigint NOT NULL)
        """,
        """
        CREATE TABLE issued_certificate (serial text PRIMARY KEY, gateway text NOT NULL,
        not_before_ms bigint NOT NULL, not_after_ms bigint NOT NULL, door text NOT NULL,
        request_hash text NOT NULL, issued_ms bigint NOT NULL, certificate text NOT NULL)
        """,
        "CREATE INDEX issued_certificate_gateway ON issued_certificate (gateway, issued_ms)",
    ]
}
