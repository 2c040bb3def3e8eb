/// Who lets whom see a gateway; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A guest sees one gateway like those to whom it was granted, in whatever asks who sees it. They let
///    nobody in, and say that they look after its alarms only when their role may change gateways.
/// 2. An owner who sees a gateway in their own right, or an admin of its tenant, lets others in and takes
///    that back; a guest may leave.
/// 3. It ends, with what is open of invitations, when who let them in may do so no longer or is removed,
///    and when the gateway goes to another tenant.
/// 4. A code is good once, whoever shows it at the same time; only its hash is kept.
package protocol GuestStore: AnyObject {
    /// Keeps the code of an invitation by its SHA-256; the same request again puts this code in place of that before.
    func inviteGuest(
        _ invitation: GuestInvitation, hash: String, request: KeptRequest
    ) throws(FleetStoreError) -> InvitationVerdict

    /// Takes the code of an invitation and lets the user see its gateway.
    func visit(codeHash hash: String, by author: Author) throws(FleetStoreError) -> VisitVerdict

    /// The guests of a gateway and the invitations that are open at a Unix time in milliseconds.
    ///
    /// Who may not let others in finds themselves at most. Nil when the user does not see such a gateway.
    func guests(
        of gateway: String, for name: String, now: Int64
    ) throws(FleetStoreError) -> GuestList?

    /// Ends that somebody is a guest, who may be the author.
    ///
    /// False when they are none, or the author may not end it.
    func removeGuest(
        _ name: String, of gateway: String, by author: Author
    ) throws(FleetStoreError) -> Bool

    /// Takes an invitation back; false when it is not open, or the author may not.
    func removeInvitation(
        _ id: String, of gateway: String, by author: Author
    ) throws(FleetStoreError) -> Bool
}

extension ChangingStore {
    package func inviteGuest(
        _ invitation: GuestInvitation, hash: String, request: KeptRequest
    ) throws(FleetStoreError) -> InvitationVerdict {
        try change("invite a guest") { database throws(FleetStoreError) in
            let asked = ToldRequest(
                request, scope: .acknowledge, action: .guestInvited, subject: invitation.gateway)
            let (claim, user) = try database.begin(asked)
            guard let user else { return .unknownGateway }
            if claim == .keyTaken { return .keyTaken }
            guard try database.lockGateway(invitation.gateway, of: user.tenant),
                try database.sees(user, invitation.gateway)
            else { return .unknownGateway }
            guard try database.mayShare(user, invitation.gateway) else { return .refused }
            if claim == .done {
                return try database.replaceCode(of: invitation, hash) ? .kept : .over
            }
            guard try database.hasRoom(for: invitation) else { return .full }
            try database.insert(invitation, hash)
            try database.finish(asked, by: user)
            return .kept
        }
    }

    package func visit(
        codeHash hash: String, by author: Author
    ) throws(FleetStoreError) -> VisitVerdict {
        try change("become a guest") { database throws(FleetStoreError) in
            guard let invitation = try database.invitation(hash, now: author.milliseconds) else {
                return try database.earlierVisit(hash, by: author.name)
            }
            // in one order, so that two who invite each other do not wait for each other
            var users: [String: User] = [:]
            for name in Set([author.name, invitation.giver]).sorted() {
                users[name] = try database.lockUser(name)
            }
            let gateway = invitation.gateway
            guard let user = users[author.name], let giver = users[invitation.giver],
                try database.lockGateway(gateway, of: user.tenant),
                try database.mayShare(giver, gateway)
            else { return .unknownCode }
            if try database.sees(user, gateway) { return .known(gateway: gateway) }
            // whoever waited for the gateway finds it gone (rule 4)
            guard try database.removeInvitation(invitation.id, of: gateway) else {
                return .unknownCode
            }
            try database.run(
                """
                INSERT INTO gateway_viewer
                (viewer, gateway, giver, since_ms, code_hash, seen_from_ms)
                VALUES (?1, ?2, ?3, ?4, ?5, coalesce(
                    (SELECT seen_from_ms FROM gateway_viewer WHERE viewer = ?3 AND gateway = ?2),
                    (SELECT made_ms FROM gateway_handover WHERE gateway = ?2), 0))
                """,
                [
                    .text(user.name), .text(gateway), .text(giver.name),
                    .number(author.milliseconds), .text(hash),
                ])
            try database.note(author, user.tenant, .guestCame, user.name, gateway)
            return .guest(gateway: gateway)
        }
    }

    package func guests(
        of gateway: String, for name: String, now: Int64
    ) throws(FleetStoreError) -> GuestList? {
        let user = try user(name)
        return try read { database throws(FleetStoreError) in
            guard let user, try database.sees(user, gateway) else { return nil }
            let guests: [Guest] = try database.rows(
                """
                SELECT viewer, giver, since_ms FROM gateway_viewer
                WHERE gateway = ?1 AND giver <> '' ORDER BY since_ms, viewer
                """, [.text(gateway)])
            guard try database.mayShare(user, gateway) else {
                return GuestList(guests: guests.filter { $0.user == name }, invitations: [])
            }
            let invitations: [GuestInvitation] = try database.rows(
                """
                SELECT \(GuestInvitation.columns) FROM guest_invitation
                WHERE gateway = ?1 AND expires_ms > ?2 ORDER BY made_ms, id
                """, [.text(gateway), .number(now)])
            return GuestList(guests: guests, invitations: invitations)
        }
    }

    package func removeGuest(
        _ name: String, of gateway: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("take a guest's sight back") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(author.name),
                try database.lockGateway(gateway, of: user.tenant)
            else { return false }
            let isOwn = name == user.name
            if !isOwn, try !database.mayShare(user, gateway) { return false }
            let ended: [RowText] = try database.rows(
                """
                DELETE FROM gateway_viewer WHERE viewer = ?1 AND gateway = ?2 AND giver <> ''
                RETURNING viewer
                """, [.text(name), .text(gateway)])
            guard !ended.isEmpty else { return false }
            let action = isOwn ? AuditAction.guestLeft : .guestSentAway
            try database.note(author, user.tenant, action, name, gateway)
            return true
        }
    }

    package func removeInvitation(
        _ id: String, of gateway: String, by author: Author
    ) throws(FleetStoreError) -> Bool {
        try change("take an invitation back") { database throws(FleetStoreError) in
            guard let user = try database.lockUser(author.name),
                try database.lockGateway(gateway, of: user.tenant),
                try database.mayShare(user, gateway),
                try database.removeInvitation(id, of: gateway)
            else { return false }
            try database.note(author, user.tenant, .invitationTakenBack, gateway, id)
            return true
        }
    }
}
