/// What those who look after users change and look at; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
package protocol AdminStore: AnyObject {
    /// Gives a user another role and ends their sessions, which began with what they were before.
    ///
    /// False when there is no such user.
    func setRole(
        _ role: UserRole, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// What was changed in a tenant, the newest first, behind a place, at most so many.
    func audit(
        tenant: String, behind place: AuditPlace?, limit: Int
    ) throws(FleetStoreError) -> [PlacedEntry]
}

/// A place in what was changed.
package struct AuditPlace: Hashable, Sendable {
    /// Unix time in milliseconds, and the number of the entry, which is nothing but different from others.
    package var milliseconds: Int64, number: Int64

    /// Joins the parts.
    package init(milliseconds: Int64, number: Int64) {
        self.milliseconds = milliseconds
        self.number = number
    }
}

/// What somebody changed, and where it stands.
package struct PlacedEntry: Hashable, Sendable {
    /// The change.
    package var entry: AuditEntry
    /// Where it stands.
    package var place: AuditPlace
}

extension ChangingStore {
    package func setRole(
        _ role: UserRole, of name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("give a user a role") { database throws(FleetStoreError) in
            // an admin who goes at the same time counts those who stay
            guard let user = try database.lockUserAndTenant(name) else { return false }
            guard user.role != role else { return true }
            try database.run(
                "UPDATE fleet_user SET role = ?2 WHERE name = ?1",
                [.text(name), .text(role.rawValue)])
            try database.run(
                "DELETE FROM access_token WHERE owner = ?1 AND kind = 'session'", [.text(name)])
            try database.note(author, user.tenant, .roleGiven, name, role.rawValue)
            var changed = user
            changed.role = role
            try database.endSharing(by: changed, author: author) { id throws(FleetStoreError) in
                try !database.mayShare(changed, id)
            }
            return true
        }
    }

    package func audit(
        tenant: String, behind place: AuditPlace?, limit: Int
    ) throws(FleetStoreError) -> [PlacedEntry] {
        let place = place ?? AuditPlace(milliseconds: .max, number: .max)
        return try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT author, made_ms, tenant, action, subject, detail, number FROM audit_entry
                WHERE tenant = ?1 AND (made_ms < ?2 OR (made_ms = ?2 AND number < ?3))
                ORDER BY made_ms DESC, number DESC LIMIT ?4
                """,
                [
                    .text(tenant), .number(place.milliseconds), .number(place.number),
                    .number(Int64(max(0, limit))),
                ])
        }
    }
}

extension PlacedEntry: RowReadable {
    init(from row: inout some RowSource) {
        entry = AuditEntry(from: &row)
        place = AuditPlace(milliseconds: entry.author.milliseconds, number: row.wide())
    }
}
