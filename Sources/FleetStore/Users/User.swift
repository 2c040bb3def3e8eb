/// Somebody who has gateways of their own, or looks after those of others, and shares none of them.
package struct Tenant: Hashable, Sendable {
    /// 1 to 64 characters of `a…z 0…9 -`; unique.
    package var id: String
    /// What people call it.
    package var label: String
    /// Unix time in milliseconds when it was added.
    package var createdMilliseconds: Int64

    /// Joins the parts.
    package init(id: String, label: String = "", createdMilliseconds: Int64) {
        self.id = id
        self.label = label
        self.createdMilliseconds = createdMilliseconds
    }
}

/// What a user is to the gateways of the tenant.
package enum UserRole: String, Hashable, Sendable, CaseIterable {
    /// Lives with gateways; sees those that were granted.
    case owner
    /// Puts gateways up and mends them; sees those that were granted.
    case installer
    /// Looks after all gateways of the tenant.
    case `operator`
    /// Does what an operator does, and looks after users.
    case admin

    /// Whether it sees every gateway of its tenant, granted or not.
    package var seesAll: Bool { self == .operator || self == .admin }

    /// All that a user of this role may do; a token allows no more than that.
    package var scopes: Set<AccessScope> {
        switch self {
        case .owner: [.read, .acknowledge]
        case .installer: [.read, .acknowledge, .configure]
        case .operator: [.read, .acknowledge, .configure, .rollOut]
        case .admin: Set(AccessScope.allCases)
        }
    }
}

/// A person or a program that signs in.
package struct User: Hashable, Sendable {
    /// What they sign in with, 1 to 64 characters of `a…z 0…9 . _ @ -`; unique in the whole fleet.
    package var name: String
    /// The one tenant they belong to.
    package var tenant: String
    /// What they are there.
    package var role: UserRole
    /// A slow hash of the password; empty when there is none, and nobody can sign in with one.
    package var passwordHash: String
    /// Unix time in milliseconds when they were added.
    package var createdMilliseconds: Int64

    /// Joins the parts.
    package init(
        name: String, tenant: String, role: UserRole, passwordHash: String = "",
        createdMilliseconds: Int64
    ) {
        self.name = name
        self.tenant = tenant
        self.role = role
        self.passwordHash = passwordHash
        self.createdMilliseconds = createdMilliseconds
    }

    /// The gateways they see.
    package var sight: GatewaySight {
        GatewaySight(tenant: tenant, viewer: role.seesAll ? nil : name)
    }
}

/// Which gateways are seen; all others are as if they were not there.
package struct GatewaySight: Hashable, Sendable {
    /// The tenant whose gateways they are.
    package var tenant: String
    /// The user to whom they were granted; nil sees all of the tenant.
    package var viewer: String?

    /// Joins the parts.
    package init(tenant: String, viewer: String?) {
        self.tenant = tenant
        self.viewer = viewer
    }
}

/// What an access token lets its bearer do, within what the user may do.
package enum AccessScope: String, Hashable, Sendable, CaseIterable {
    /// Look at everything the user sees.
    case read
    /// Say that the user looks after an alarm.
    case acknowledge
    /// Change how gateways are set up.
    case configure
    /// Give gateways other profile sets.
    case rollOut = "roll_out"
    /// Look after users.
    case administer
}

/// Who carries an access token.
package enum TokenKind: String, Hashable, Sendable, CaseIterable {
    /// A program, in a field of each request.
    case token
    /// A browser, as a cookie, since somebody signed in there.
    case session
}

/// An access token as the store knows it: never the token itself.
package struct AccessToken: Hashable, Sendable {
    /// What names it to people; says nothing of the token.
    package var id: String
    /// SHA-256 of the token, lower-case hex; a token is random enough for a fast hash.
    package var hash: String
    /// The user it speaks for.
    package var owner: String
    /// What it is for, in the user's words.
    package var label: String
    /// What it lets its bearer do.
    package var scopes: Set<AccessScope>
    /// Unix times in milliseconds from which and until which it is good.
    package var createdMilliseconds: Int64, expiresMilliseconds: Int64
    /// Who carries it.
    package var kind: TokenKind

    /// Sessions that one user may have at once; one more ends the oldest.
    package static let mostSessions: Int64 = 50

    /// Joins the parts.
    package init(
        id: String, hash: String, owner: String, label: String = "", scopes: Set<AccessScope>,
        createdMilliseconds: Int64, expiresMilliseconds: Int64, kind: TokenKind = .token
    ) {
        self.id = id
        self.hash = hash
        self.owner = owner
        self.label = label
        self.scopes = scopes
        self.createdMilliseconds = createdMilliseconds
        self.expiresMilliseconds = expiresMilliseconds
        self.kind = kind
    }
}

/// Who asks, by a token that is good.
package struct TokenBearer: Hashable, Sendable {
    /// The user as they are now.
    package var user: User
    /// The token that was shown.
    package var token: AccessToken

    /// Joins the parts.
    package init(user: User, token: AccessToken) {
        self.user = user
        self.token = token
    }

    /// What they may do: no more than the token says, and no more than the user may.
    package var scopes: Set<AccessScope> { token.scopes.intersection(user.role.scopes) }
}

/// Who changes something, and when.
package struct Author: Hashable, Sendable {
    /// A user's name, or whoever was at the command line.
    package var name: String
    /// Unix time in milliseconds.
    package var milliseconds: Int64

    /// Joins the parts.
    package init(_ name: String, at milliseconds: Int64) {
        self.name = name
        self.milliseconds = milliseconds
    }
}

/// What somebody changed.
package struct AuditEntry: Hashable, Sendable {
    /// Who, and when.
    package var author: Author
    /// The tenant it belongs to.
    package var tenant: String
    /// What was done, such as `user_added`.
    package var action: String
    /// What it was done to: the name of a user, the id of a gateway or of a token.
    package var subject: String
    /// What else there is to say; may be empty.
    package var detail: String
}
