/// Giving houses and accounts up; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. All of it goes in one transaction, or nothing: whatever is killed, nobody is left half.
/// 2. Of a user nothing stays that names them: where a line has to stay, because it tells what became of a gateway,
///    it has a number in place of the name that leads nowhere.
/// 3. What gateways measured stays with the gateway, for safety and warranty, and hidden from who comes next.
package protocol FarewellStore: AnyObject {
    /// Takes a gateway from a user who gives it up and who has this password, by its slow hash.
    ///
    /// False when they have no such gateway, or the password was changed meanwhile.
    func release(
        gateway: String, passwordHash: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Deletes the account of a user who has this password, by its slow hash, as `removeUser` does.
    func deleteAccount(
        passwordHash: String, by author: Author
    ) throws(FleetStoreError) -> AccountDeletion
}

/// What became of an account that its user wants to be deleted.
package enum AccountDeletion: Hashable, Sendable {
    /// It is gone.
    case done
    /// Nobody else looks after the users of the tenant.
    case lastAdmin
    /// There is no such user, or they have changed meanwhile.
    case unknown
}

extension ChangingStore {
    package func release(
        gateway: String, passwordHash: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("give a gateway up") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUser(author.name), user.passwordHash == passwordHash
            else { return false }
            let key = [SQLValue.text(user.name), .text(gateway)]
            let removed: [RowText] = try database.rows(
                """
                DELETE FROM gateway_viewer WHERE viewer = ?1 AND gateway = ?2 AND giver = ''
                RETURNING gateway
                """, key)
            guard !removed.isEmpty else { return false }
            try database.run(
                """
                DELETE FROM delivery WHERE recipient = ?1
                AND gateway = (SELECT id FROM gateway WHERE name = ?2)
                """, key)
            try database.noteHandover(of: gateway, by: user, author)
            try database.note(author, user.tenant, .gatewayReleased, gateway)
            try database.endSharing(by: user, author: author) { $0 == gateway }
            return true
        }
    }

    package func deleteAccount(
        passwordHash: String, by author: Author
    ) throws(FleetStoreError) -> AccountDeletion {
        try change("delete an account") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUserAndTenant(author.name),
                user.passwordHash == passwordHash
            else { return .unknown }
            if user.role == .admin {
                let others: [Int64] = try database.rows(
                    """
                    SELECT count(*) FROM fleet_user
                    WHERE tenant = ?1 AND role = 'admin' AND name <> ?2
                    """, [.text(user.tenant), .text(user.name)])
                guard (others.first ?? 0) > 0 else { return .lastAdmin }
            }
            let alias = try database.forget(user, at: author.milliseconds)
            let gone = Author(alias, at: author.milliseconds)
            try database.note(gone, user.tenant, .accountDeleted, alias)
            try database.endSharing(by: user, author: gone) { _ in true }
            return .done
        }
    }

    package func removeUser(
        _ name: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("remove a user") { database throws(FleetStoreError) in
            try database.takeTurn()
            guard let user = try database.lockUserAndTenant(name) else { return false }
            let alias = try database.forget(user, at: author.milliseconds)
            try database.note(author, user.tenant, .userRemoved, alias)
            try database.endSharing(by: user, author: author) { _ in true }
            return true
        }
    }
}

extension FleetDatabase {
    /// Gives a user, whose tenant nobody else may then change either: admins who go at once take turns.
    func lockUserAndTenant(_ name: String) throws(FleetStoreError) -> User? {
        let tenants: [RowText] = try rows(
            "SELECT tenant FROM fleet_user WHERE name = ?1", [.text(name)])
        guard let tenant = tenants.first?.text, try lockTenant(tenant) else { return nil }
        return try lockUser(name)
    }

    /// Removes all that is there of a user, and the name from what has to stay; gives what stands in its place.
    fileprivate func forget(
        _ user: User, at milliseconds: Int64
    ) throws(FleetStoreError) -> String {
        let name = SQLValue.text(user.name)
        let houses: [RowText] = try rows(
            """
            SELECT gateway FROM gateway_viewer WHERE viewer = ?1 AND giver = '' ORDER BY gateway
            """, [name])
        for house in houses {
            try noteHandover(of: house.text, by: user, Author(user.name, at: milliseconds))
        }
        for statement in Farewell.removals { try run(statement, [name]) }
        // no name of a user has a blank, so that nobody can take this one
        let alias = "deleted user " + String(UInt64.random(in: .min ... .max), radix: 36)
        let spoken: [Int64] = try rows(
            "SELECT DISTINCT gateway FROM alarm_word WHERE author = ?1 ORDER BY gateway", [name])
        for statement in Farewell.renamings { try run(statement, [name, .text(alias)]) }
        try run(
            """
            UPDATE audit_entry SET
            author = CASE WHEN author = ?1 THEN ?2 ELSE author END,
            subject = CASE WHEN subject = ?1 THEN ?2 ELSE subject END,
            detail = CASE WHEN detail = ?1 THEN ?2 ELSE detail END
            WHERE tenant = ?3 AND (author = ?1 OR subject = ?1 OR detail = ?1)
            """, [name, .text(alias), .text(user.tenant)])
        // whoever makes them of the old words right now is looked at again
        for gateway in spoken { try markAlarms(of: gateway) }
        return alias
    }
}

/// Statements about a user who goes, ?1, and what stands in place of the name, ?2.
private enum Farewell {
    static let removals = [
        "DELETE FROM access_token WHERE owner = ?1",
        "DELETE FROM first_use WHERE name = ?1",
        "DELETE FROM gateway_viewer WHERE viewer = ?1",
        "DELETE FROM answered_request WHERE author = ?1",
        "DELETE FROM recipient WHERE name = ?1",
        "DELETE FROM push_subscription WHERE owner = ?1",
        "DELETE FROM delivery WHERE recipient = ?1",
        "DELETE FROM fleet_user WHERE name = ?1",
    ]

    /// What somebody wrote of an alarm goes with them; that they took care of it stays.
    static let renamings = [
        "UPDATE alarm_word SET author = ?2, message = '' WHERE author = ?1 AND kind = 'acknowledged'",
        "UPDATE alarm SET acknowledged_by = ?2 WHERE acknowledged_by = ?1",
        "UPDATE configuration_layer SET author = ?2 WHERE author = ?1",
        "UPDATE rollout_note SET author = ?2 WHERE author = ?1",
        "UPDATE pending_enrolment SET decided_by = ?2 WHERE decided_by = ?1",
    ]
}
