extension FleetDatabase {
    /// Whether a gateway is of this tenant, where it then stays until the transaction ends.
    func lockGateway(_ gateway: String, of tenant: String) throws(FleetStoreError) -> Bool {
        let owned: [RowText] = try rows(
            """
            UPDATE tenant_gateway SET tenant = tenant WHERE gateway = ?1 AND tenant = ?2
            RETURNING gateway
            """, [.text(gateway), .text(tenant)])
        return !owned.isEmpty
    }

    /// Whether a user sees a gateway only because another user lets them.
    func isGuest(_ user: User, of gateway: String) throws(FleetStoreError) -> Bool {
        guard !user.role.seesAll else { return false }
        let found: [RowText] = try rows(
            "SELECT giver FROM gateway_viewer WHERE viewer = ?1 AND gateway = ?2 AND giver <> ''",
            [.text(user.name), .text(gateway)])
        return !found.isEmpty
    }

    /// Whether a user may let others see a gateway (rule 2 of ``GuestStore``).
    func mayShare(_ user: User, _ gateway: String) throws(FleetStoreError) -> Bool {
        guard user.role == .owner || user.role == .admin, try sees(user, gateway) else {
            return false
        }
        return try !isGuest(user, of: gateway)
    }

    /// Ends what a user gave of those gateways that are lost to them (rule 3 of ``GuestStore``).
    func endSharing(
        by user: User, author: Author, where isLost: (String) throws(FleetStoreError) -> Bool
    ) throws(FleetStoreError) {
        let given: [RowText] = try rows(
            """
            SELECT gateway FROM gateway_viewer WHERE giver = ?1
            UNION SELECT gateway FROM guest_invitation WHERE giver = ?1
            """, [.text(user.name)])
        for gateway in given.map(\.text).sorted() where try isLost(gateway) {
            let names = [SQLValue.text(user.name), .text(gateway)]
            try run("DELETE FROM guest_invitation WHERE giver = ?1 AND gateway = ?2", names)
            let ended: [RowText] = try rows(
                "DELETE FROM gateway_viewer WHERE giver = ?1 AND gateway = ?2 RETURNING viewer",
                names)
            for guest in ended.map(\.text).sorted() {
                try note(author, user.tenant, .guestEnded, guest, gateway)
            }
        }
    }

    /// The invitation of a code that is good at a Unix time in milliseconds.
    func invitation(_ hash: String, now: Int64) throws(FleetStoreError) -> GuestInvitation? {
        let found: [GuestInvitation] = try rows(
            """
            SELECT \(GuestInvitation.columns) FROM guest_invitation
            WHERE hash = ?1 AND expires_ms > ?2
            """, [.text(hash), .number(now)])
        return found.first
    }

    /// What became of a code that opens nothing any more.
    func earlierVisit(
        _ hash: String, by name: String
    ) throws(FleetStoreError) -> VisitVerdict {
        let found: [RowText] = try rows(
            """
            SELECT gateway FROM gateway_viewer
            WHERE viewer = ?1 AND code_hash = ?2 AND giver <> ''
            """, [.text(name), .text(hash)])
        return found.first.map { .guest(gateway: $0.text) } ?? .unknownCode
    }

    /// Forgets invitations to a gateway that are over; whether there is room for one more guest.
    func hasRoom(for invitation: GuestInvitation) throws(FleetStoreError) -> Bool {
        let gateway = SQLValue.text(invitation.gateway)
        try run(
            "DELETE FROM guest_invitation WHERE gateway = ?1 AND expires_ms <= ?2",
            [gateway, .number(invitation.made)])
        let counts: [Int64] = try rows(
            """
            SELECT (SELECT count(*) FROM gateway_viewer WHERE gateway = ?1 AND giver <> '')
            + (SELECT count(*) FROM guest_invitation WHERE gateway = ?1 AND id <> ?2)
            """, [gateway, .text(invitation.id)])
        return counts.first ?? 0 < Guest.most
    }

    func insert(_ invitation: GuestInvitation, _ hash: String) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO guest_invitation (id, hash, gateway, giver, made_ms, expires_ms)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO UPDATE SET hash = excluded.hash,
            gateway = excluded.gateway, made_ms = excluded.made_ms, expires_ms = excluded.expires_ms
            """,
            [
                .text(invitation.id), .text(hash), .text(invitation.gateway),
                .text(invitation.giver), .number(invitation.made), .number(invitation.expires),
            ])
    }

    /// Puts another code in place of that of an open invitation; false when it is not open.
    func replaceCode(
        of invitation: GuestInvitation, _ hash: String
    ) throws(FleetStoreError) -> Bool {
        let changed: [RowText] = try rows(
            """
            UPDATE guest_invitation SET hash = ?2, expires_ms = ?3
            WHERE id = ?1 AND expires_ms > ?4 RETURNING id
            """,
            [
                .text(invitation.id), .text(hash), .number(invitation.expires),
                .number(invitation.made),
            ])
        return !changed.isEmpty
    }

    /// Removes an invitation; false when there is none.
    func removeInvitation(
        _ id: String, of gateway: String
    ) throws(FleetStoreError) -> Bool {
        let removed: [RowText] = try rows(
            "DELETE FROM guest_invitation WHERE id = ?1 AND gateway = ?2 RETURNING id",
            [.text(id), .text(gateway)])
        return !removed.isEmpty
    }
}
