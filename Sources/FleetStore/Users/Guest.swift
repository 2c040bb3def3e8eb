/// A user who sees a gateway because another user let them.
package struct Guest: Hashable, Sendable {
    /// Guests and open invitations of one gateway.
    package static let most = 16

    /// The guest and who let them in, by the names of users.
    package var user: String, giver: String
    /// Unix time in milliseconds when they came.
    package var since: Int64
}

/// A code with which one user of the tenant may become a guest of a gateway, as the store knows it.
package struct GuestInvitation: Hashable, Sendable {
    /// How long a code is good, ms: a week.
    package static let life: Int64 = 604_800_000

    /// What names it to people; says nothing of the code.
    package var id: String
    /// The gateway's id, and who invites, by the name of a user.
    package var gateway: String, giver: String
    /// Unix times in milliseconds from which and until which the code is good.
    package var made: Int64, expires: Int64

    /// One that is good from now on, a Unix time in milliseconds.
    package init(id: String, gateway: String, giver: String, now: Int64) {
        self.id = id
        self.gateway = gateway
        self.giver = giver
        made = now
        expires = now.addingSaturated(Self.life)
    }
}

/// Who was let in, and who may come still.
package struct GuestList: Hashable, Sendable {
    /// The guests, the first to come first.
    package var guests: [Guest]
    /// Invitations that are open, the oldest first.
    package var invitations: [GuestInvitation]
}

/// What became of an invitation.
package enum InvitationVerdict: Hashable, Sendable {
    /// Its code is good now.
    case kept
    /// The same was asked for before, and its code was used or taken back since.
    case over
    /// The key was used for something else.
    case keyTaken
    /// There are as many guests and invitations as there may be.
    case full
    /// The user sees the gateway, and may let nobody see it.
    case refused
    /// The user does not see such a gateway.
    case unknownGateway
}

/// What became of a code with which somebody wants to be a guest.
package enum VisitVerdict: Hashable, Sendable {
    /// The user is a guest of this gateway, now or since they showed the code before.
    case guest(gateway: String)
    /// The user sees that gateway anyway, and the code is good for somebody else.
    case known(gateway: String)
    /// The code is nobody's, not any more, or of a gateway of another tenant.
    case unknownCode
}

extension Guest: RowReadable {
    init(from row: inout some RowSource) {
        self.init(user: row.word(), giver: row.word(), since: row.wide())
    }
}

extension GuestInvitation: RowReadable {
    static let columns = "id, gateway, giver, made_ms, expires_ms"

    init(from row: inout some RowSource) {
        self.init(id: row.word(), gateway: row.word(), giver: row.word(), now: row.wide())
        expires = row.wide()
    }
}
