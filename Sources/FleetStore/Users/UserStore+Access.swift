/// What users may see, and the tokens that speak for them.
extension ChangingStore {
    package func grant(
        _ isGranted: Bool, gateway: String, to name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("grant a gateway") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(name) else { return false }
            // held until the end, so that the gateway cannot move away in between
            guard try database.lockGateway(gateway, of: user.tenant) else { return false }
            let changed: [RowText] = try database.rows(
                isGranted
                    ? """
                    INSERT INTO gateway_viewer (viewer, gateway, seen_from_ms) VALUES (?1, ?2,
                        coalesce((SELECT made_ms FROM gateway_handover WHERE gateway = ?2), 0))
                    ON CONFLICT (viewer, gateway) DO UPDATE
                    SET giver = '', code_hash = '', seen_from_ms = excluded.seen_from_ms
                    WHERE gateway_viewer.giver <> '' RETURNING giver
                    """
                    : """
                    DELETE FROM gateway_viewer WHERE viewer = ?1 AND gateway = ?2
                    RETURNING giver
                    """, [.text(name), .text(gateway)])
            guard !changed.isEmpty else { return true }
            // a guest who goes leaves the house to those who have it
            if !isGranted, changed.contains(where: { $0.text.isEmpty }) {
                try database.noteHandover(of: gateway, by: user, author)
            }
            let action = isGranted ? AuditAction.gatewayGranted : .grantWithdrawn
            try database.note(author, user.tenant, action, name, gateway)
            try database.endSharing(by: user, author: author) { id throws(FleetStoreError) in
                try !database.mayShare(user, id)
            }
            return true
        }
    }

    package func grants(of name: String) throws(FleetStoreError) -> [String] {
        let ids: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT gateway FROM gateway_viewer WHERE viewer = ?1", [.text(name)])
        }
        return ids.map(\.text).sorted()
    }

    package func addToken(
        _ token: AccessToken, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("keep a token") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(token.owner) else { return false }
            if token.kind == .session {
                try database.makeRoom(forSessionOf: token.owner, now: token.createdMilliseconds)
            }
            try database.run(
                """
                INSERT INTO access_token (\(AccessToken.columns("")))
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                """, token.parameters)
            let action = token.kind == .session ? AuditAction.sessionBegun : .tokenMade
            try database.note(author, user.tenant, action, token.owner, token.id)
            return true
        }
    }

    package func tokens(of name: String) throws(FleetStoreError) -> [AccessToken] {
        let tokens: [AccessToken] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT \(AccessToken.columns("")) FROM access_token WHERE owner = ?1",
                [.text(name)])
        }
        return tokens.sorted { ($0.createdMilliseconds, $0.id) < ($1.createdMilliseconds, $1.id) }
    }

    package func removeToken(_ id: String, by author: Author) throws(FleetStoreError) -> Bool {
        try change("take a token back") { database throws(FleetStoreError) in
            let removed: [AccessToken] = try database.rows(
                "DELETE FROM access_token WHERE id = ?1 RETURNING \(AccessToken.columns(""))",
                [.text(id)])
            guard let token = removed.first else { return false }
            let tenant = try database.lockUser(token.owner)?.tenant ?? ""
            let action = token.kind == .session ? AuditAction.sessionEnded : .tokenTakenBack
            try database.note(author, tenant, action, token.owner, id)
            return true
        }
    }

    package func bearer(
        ofTokenHash hash: String, now: Int64
    ) throws(FleetStoreError) -> TokenBearer? {
        try read { database throws(FleetStoreError) in try database.bearer(hash, now: now) }
    }

    package func audit(tenant: String, limit: Int) throws(FleetStoreError) -> [AuditEntry] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT author, made_ms, tenant, action, subject, detail FROM audit_entry
                WHERE tenant = ?1 ORDER BY made_ms DESC, number DESC LIMIT ?2
                """, [.text(tenant), .number(Int64(max(0, limit)))])
        }
    }
}

extension FleetDatabase {
    /// Notes that a gateway is no longer an owner's: whoever gets it later sees what comes from now on.
    func noteHandover(
        of gateway: String, by user: User, _ author: Author
    ) throws(FleetStoreError) {
        guard user.role == .owner else { return }
        try noteHandover(of: gateway, at: author.milliseconds)
    }

    /// The same, whoever it was.
    func noteHandover(of gateway: String, at milliseconds: Int64) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO gateway_handover (gateway, made_ms) VALUES (?1, ?2)
            ON CONFLICT (gateway) DO UPDATE SET made_ms = excluded.made_ms
            """, [.text(gateway), .number(milliseconds)])
    }

    /// Who shows a token with this hash that is good.
    func bearer(_ hash: String, now: Int64) throws(FleetStoreError) -> TokenBearer? {
        let bearers: [TokenBearer] = try rows(
            TokenBearer.selection + " WHERE t.hash = ?1 AND t.expires_ms > ?2",
            [.text(hash), .number(now)])
        return bearers.first
    }

    /// Forgets sessions of a user that are over, and the oldest when there are as many as there may be.
    fileprivate func makeRoom(
        forSessionOf name: String, now: Int64
    ) throws(FleetStoreError) {
        try run(
            "DELETE FROM access_token WHERE owner = ?1 AND kind = 'session' AND expires_ms <= ?2",
            [.text(name), .number(now)])
        try run(
            """
            DELETE FROM access_token WHERE id IN (SELECT id FROM access_token
            WHERE owner = ?1 AND kind = 'session' ORDER BY created_ms DESC, id LIMIT 1000 OFFSET ?2)
            """, [.text(name), .number(AccessToken.mostSessions - 1)])
    }

    /// Gives a user, whom nobody else may then change until the transaction ends.
    func lockUser(_ name: String) throws(FleetStoreError) -> User? {
        let users: [User] = try rows(
            "UPDATE fleet_user SET name = name WHERE name = ?1 RETURNING \(User.columns)",
            [.text(name)])
        return users.first
    }

    /// Whether there is such a tenant, which nobody else may then change until the transaction ends.
    func lockTenant(_ id: String) throws(FleetStoreError) -> Bool {
        let tenants: [RowText] = try rows(
            "UPDATE tenant SET id = id WHERE id = ?1 RETURNING id", [.text(id)])
        return !tenants.isEmpty
    }

    /// Tells of a change in its own transaction (rule 3).
    func note(
        _ author: Author, _ tenant: String, _ action: AuditAction, _ subject: String,
        _ detail: String = ""
    ) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO audit_entry (made_ms, tenant, author, action, subject, detail)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """,
            [
                .number(author.milliseconds), .text(tenant), .text(author.name),
                .text(action.rawValue), .text(subject), .text(detail),
            ])
    }
}
