/// Codes that are good once; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A code is good once, whoever shows it at the same time; only its hash is kept.
/// 2. A change and the entry that tells of it are kept together or not at all.
package protocol CodeStore: AnyObject {
    /// Keeps the code with which a user chooses a password, in place of the one before.
    ///
    /// `hash` is its SHA-256, `expires` a Unix time in milliseconds. False when there is no such user.
    func invite(
        _ name: String, hash: String, expires: Int64, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Whose code this is at a Unix time in milliseconds; nil when it is nobody's, or not any more.
    func invited(byCodeHash hash: String, now: Int64) throws(FleetStoreError) -> String?

    /// Takes the code and gives its user this password, by its slow hash; all tokens end.
    ///
    /// Nil when the code is nobody's, or not any more.
    func firstUse(
        ofCodeHash hash: String, passwordHash: String, now: Int64
    ) throws(FleetStoreError) -> User?

    /// Keeps the code on the label of a gateway, in place of the one before, by its SHA-256.
    func label(
        _ gateway: String, hash: String, by author: Author
    ) throws(FleetStoreError)

    /// Takes the code of a label and lets the user see its gateway, which joins the tenant when it has none.
    ///
    /// What was recorded until then stays hidden from them, for somebody else may have lived there.
    /// Nil when the code is that of no gateway, not any more, or of one of another tenant.
    func claim(codeHash hash: String, by author: Author) throws(FleetStoreError) -> String?
}

extension ChangingStore {
    package func invite(
        _ name: String, hash: String, expires: Int64, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("invite a user") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(name) else { return false }
            try database.run(
                """
                INSERT INTO first_use (name, hash, expires_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT (name) DO UPDATE SET hash = excluded.hash,
                expires_ms = excluded.expires_ms
                """, [.text(name), .text(hash), .number(expires)])
            try database.note(author, user.tenant, .userInvited, name)
            return true
        }
    }

    package func invited(
        byCodeHash hash: String, now: Int64
    ) throws(FleetStoreError) -> String? {
        let names: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT name FROM first_use WHERE hash = ?1 AND expires_ms > ?2",
                [.text(hash), .number(now)])
        }
        return names.first?.text
    }

    package func firstUse(
        ofCodeHash hash: String, passwordHash: String, now: Int64
    ) throws(FleetStoreError) -> User? {
        try change("choose a password") { database throws(FleetStoreError) in
            let names: [RowText] = try database.rows(
                "DELETE FROM first_use WHERE hash = ?1 AND expires_ms > ?2 RETURNING name",
                [.text(hash), .number(now)])
            guard let name = names.first?.text, var user = try database.lockUser(name) else {
                return nil
            }
            try database.run(
                "UPDATE fleet_user SET password = ?2 WHERE name = ?1",
                [.text(name), .text(passwordHash)])
            try database.run("DELETE FROM access_token WHERE owner = ?1", [.text(name)])
            try database.note(Author(name, at: now), user.tenant, .passwordChosen, name)
            user.passwordHash = passwordHash
            return user
        }
    }

    package func label(
        _ gateway: String, hash: String, by author: Author
    ) throws(FleetStoreError) {
        try change("label a gateway") { database throws(FleetStoreError) in
            try database.run(
                """
                INSERT INTO gateway_label (gateway, hash, made_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT (gateway) DO UPDATE SET hash = excluded.hash, made_ms = excluded.made_ms
                """, [.text(gateway), .text(hash), .number(author.milliseconds)])
            let tenants: [RowText] = try database.rows(
                "SELECT tenant FROM tenant_gateway WHERE gateway = ?1", [.text(gateway)])
            try database.note(author, tenants.first?.text ?? "", .gatewayLabelled, gateway)
        }
    }

    package func claim(
        codeHash hash: String, by author: Author
    ) throws(FleetStoreError) -> String? {
        try change("claim a gateway") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(author.name) else { return nil }
            let (name, tenant) = (SQLValue.text(user.name), SQLValue.text(user.tenant))
            // held until the end, so that the code is used once and the gateway stays where it is
            let labels: [RowText] = try database.rows(
                """
                DELETE FROM gateway_label WHERE hash = ?1 AND NOT EXISTS (
                    SELECT 1 FROM tenant_gateway t
                    WHERE t.gateway = gateway_label.gateway AND t.tenant <> ?2)
                RETURNING gateway
                """, [.text(hash), tenant])
            guard let gateway = labels.first?.text else { return nil }
            let id = SQLValue.text(gateway)
            try database.run(
                "INSERT INTO tenant_gateway (gateway, tenant) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [id, tenant])
            try database.run(
                """
                INSERT INTO gateway_viewer (viewer, gateway, seen_from_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT (viewer, gateway) DO UPDATE
                SET giver = '', code_hash = '', seen_from_ms = excluded.seen_from_ms
                WHERE gateway_viewer.giver <> ''
                """, [name, id, .number(author.milliseconds)])
            try database.note(author, user.tenant, .gatewayClaimed, gateway)
            return gateway
        }
    }
}
