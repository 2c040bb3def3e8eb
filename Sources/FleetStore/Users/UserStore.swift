/// Who may see and do what; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A gateway belongs to one tenant at most, a user to exactly one, and no user sees a gateway of
///    another tenant: one that moves is lost to all to whom it was granted.
/// 2. A token is good until it expires, is taken back, or its user is removed; at once in all processes.
/// 3. A change and the entry that tells of it are kept together or not at all.
package protocol UserStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Adds a tenant; false when there is one of that id.
    func addTenant(_ tenant: Tenant, by author: Author) throws(FleetStoreError) -> Bool

    /// All tenants, ordered by id.
    func tenants() throws(FleetStoreError) -> [Tenant]

    /// Gives a gateway to a tenant, whoever had it before; false when there is no such tenant.
    ///
    /// The gateway need not have been heard of yet.
    func assign(
        gateway: String, to tenant: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// The ids of a tenant's gateways, in order.
    func gateways(ofTenant tenant: String) throws(FleetStoreError) -> [String]

    /// Adds a user.
    func addUser(_ user: User, by author: Author) throws(FleetStoreError) -> UserAddition

    /// All users, ordered by name.
    func users() throws(FleetStoreError) -> [User]

    /// One user; nil when there is none of that name.
    func user(_ name: String) throws(FleetStoreError) -> User?

    /// Removes a user with all that is kept of them, and the name from what stays; false when there is none.
    ///
    /// ``FarewellStore`` says what stays.
    func removeUser(_ name: String, by author: Author) throws(FleetStoreError) -> Bool

    /// Gives a user a password in place of the one before, by its slow hash, and takes all tokens back.
    ///
    /// False when there is no such user.
    func setPassword(
        _ hash: String, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Lets a user see a gateway of their tenant, from when an owner last gave it up, or no longer; false when it is not of their tenant,
    /// or there is no such user.
    func grant(
        _ isGranted: Bool, gateway: String, to name: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// The ids of gateways that were granted to a user or are shared with them, in order.
    func grants(of name: String) throws(FleetStoreError) -> [String]

    /// Keeps a token; false when there is no such user.
    func addToken(_ token: AccessToken, by author: Author) throws(FleetStoreError) -> Bool

    /// The tokens of a user, the oldest first, those that have expired too.
    func tokens(of name: String) throws(FleetStoreError) -> [AccessToken]

    /// Takes a token back; false when there is none of that id.
    func removeToken(_ id: String, by author: Author) throws(FleetStoreError) -> Bool

    /// Who shows a token with this hash; nil when it is none, or expired at this Unix time in milliseconds.
    func bearer(ofTokenHash hash: String, now: Int64) throws(FleetStoreError) -> TokenBearer?

    /// Notes that a user looks after an open alarm, within what the user sees now; the alarm shows it at once.
    ///
    /// The same key again within a day is the same request, whatever became of the alarm meanwhile.
    func acknowledge(
        _ asked: AlarmAcknowledgement
    ) throws(FleetStoreError) -> AcknowledgementVerdict

    /// Whether a request was done within the last day; whoever does one looks again in that transaction.
    func claim(of request: KeptRequest) throws(FleetStoreError) -> RequestClaim

    /// What was changed in a tenant, the newest first, at most so many.
    func audit(tenant: String, limit: Int) throws(FleetStoreError) -> [AuditEntry]
}

/// What became of a user who shall be added.
package enum UserAddition: Hashable, Sendable {
    /// The user is there now.
    case added
    /// Somebody has that name.
    case nameTaken
    /// There is no such tenant.
    case unknownTenant
}

extension ChangingStore {
    package func addTenant(
        _ tenant: Tenant, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("add a tenant") { database throws(FleetStoreError) in
            let added: [RowText] = try database.rows(
                """
                INSERT INTO tenant (id, label, created_ms) VALUES (?1, ?2, ?3)
                ON CONFLICT DO NOTHING RETURNING id
                """,
                [.text(tenant.id), .text(tenant.label), .number(tenant.createdMilliseconds)])
            guard !added.isEmpty else { return false }
            try database.note(author, tenant.id, .tenantAdded, tenant.id)
            return true
        }
    }

    package func tenants() throws(FleetStoreError) -> [Tenant] {
        let tenants: [Tenant] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT id, label, created_ms FROM tenant", [])
        }
        return tenants.sorted { $0.id < $1.id }
    }

    package func assign(
        gateway: String, to tenant: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("assign a gateway") { database throws(FleetStoreError) in
            guard try database.lockTenant(tenant) else { return false }
            let before: [RowText] = try database.rows(
                "SELECT tenant FROM tenant_gateway WHERE gateway = ?1", [.text(gateway)])
            guard before.first?.text != tenant else { return true }
            try database.run(
                """
                INSERT INTO tenant_gateway (gateway, tenant) VALUES (?1, ?2)
                ON CONFLICT (gateway) DO UPDATE SET tenant = excluded.tenant
                """, [.text(gateway), .text(tenant)])
            // rule 1
            try database.run("DELETE FROM gateway_viewer WHERE gateway = ?1", [.text(gateway)])
            try database.run("DELETE FROM guest_invitation WHERE gateway = ?1", [.text(gateway)])
            if let old = before.first?.text {
                try database.noteHandover(of: gateway, at: author.milliseconds)
                try database.note(author, old, .gatewayGivenAway, gateway)
            }
            try database.note(author, tenant, .gatewayAssigned, gateway)
            return true
        }
    }

    package func gateways(ofTenant tenant: String) throws(FleetStoreError) -> [String] {
        let ids: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT gateway FROM tenant_gateway WHERE tenant = ?1", [.text(tenant)])
        }
        return ids.map(\.text).sorted()
    }

    package func addUser(
        _ user: User, by author: Author
    ) throws(FleetStoreError) -> UserAddition {
        try change("add a user") { database throws(FleetStoreError) in
            guard try database.lockTenant(user.tenant) else { return .unknownTenant }
            let added: [RowText] = try database.rows(
                """
                INSERT INTO fleet_user (\(User.columns)) VALUES (?1, ?2, ?3, ?4, ?5)
                ON CONFLICT DO NOTHING RETURNING name
                """, user.parameters)
            guard !added.isEmpty else { return .nameTaken }
            try database.note(
                author, user.tenant, .userAdded, user.name, user.role.rawValue)
            return .added
        }
    }

    package func users() throws(FleetStoreError) -> [User] {
        let users: [User] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(User.columns) FROM fleet_user", [])
        }
        return users.sorted { $0.name < $1.name }
    }

    package func user(_ name: String) throws(FleetStoreError) -> User? {
        let users: [User] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT \(User.columns) FROM fleet_user WHERE name = ?1", [.text(name)])
        }
        return users.first
    }

    package func setPassword(
        _ hash: String, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("set a password") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(name) else { return false }
            try database.run(
                "UPDATE fleet_user SET password = ?2 WHERE name = ?1", [.text(name), .text(hash)])
            try database.run("DELETE FROM access_token WHERE owner = ?1", [.text(name)])
            try database.run("DELETE FROM first_use WHERE name = ?1", [.text(name)])
            try database.note(author, user.tenant, .passwordSet, name)
            return true
        }
    }
}
