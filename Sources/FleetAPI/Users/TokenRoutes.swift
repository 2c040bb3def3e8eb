import FleetStore
import Telemetry

/// The tokens and sessions of a user: the own, and for an admin those of others.
extension UserRoutes {
    static let tokens: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/tokens", scope: .read, answer: listTokens),
        UserRoute(method: .post, path: "/v1/tokens", scope: .read, answer: makeToken),
        UserRoute(method: .delete, path: "/v1/tokens/{id}", scope: .read, answer: takeBack),
    ]

    @Sendable private static func listTokens(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        var query = asked.query
        let name = query.text("user", "the name of a user", Names.isUser)
        try query.finish()
        let owner = name ?? asked.bearer.user.name
        guard try await mayLookAfter(owner, asked, desk) else { throw Problem.absent }
        let (found, now) = (try await desk.ask { try $0.tokens(of: owner) }, asked.now)
        let own = asked.bearer.token.id
        return Reply(
            bytes: Documents.list(found.filter { $0.expiresMilliseconds > now }, next: nil) {
                token, writer in
                writer.object { writer in
                    writer.member("id", token.id)
                    writer.member("kind", token.kind.rawValue)
                    writer.member("label", token.label)
                    writer.scopes(token.scopes)
                    writer.moment("created", unixMilliseconds: token.createdMilliseconds)
                    writer.moment("expires", unixMilliseconds: token.expiresMilliseconds)
                    writer.name("is_this")
                    writer.bool(token.id == own)
                }
            })
    }

    @Sendable private static func makeToken(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        var section = try await Admin.section(asked)
        let label = section.string("label") ?? ""
        if label.unicodeScalars.count > 100 || label.unicodeScalars.contains("\0") {
            section.fault("label", "expected at most 100 characters, none of them U+0000")
        }
        let days = section.requiredInteger("days", in: 1...3650) ?? 1
        let words = section.strings("scopes")
        let scopes = Set(words.compactMap { AccessScope(rawValue: $0) })
        if scopes.isEmpty || scopes.count != words.count {
            let known = AccessScope.allCases.map(\.rawValue).joined(separator: ", ")
            section.fault("scopes", "expected some of \(known), each once")
        }
        try Admin.finish(&section)
        try checkHand(asked)
        // nobody gives what they do not have
        guard scopes.isSubset(of: asked.bearer.scopes) else {
            throw Problem(.scopeMissing, "expected no more than your own scopes")
        }
        let (text, author) = (BearerToken.make(), asked.author)
        let token = AccessToken(
            id: BearerToken.makeID(), hash: BearerToken.hash(text), owner: author.name,
            label: label, scopes: scopes, createdMilliseconds: asked.now,
            expiresMilliseconds: asked.now.addingSaturated(Int64(days) * 86_400_000))
        guard try await desk.ask({ try $0.addToken(token, by: author) }) else {
            throw Problem.absent
        }
        let bytes = Documents.one { writer in
            writer.object { writer in
                writer.member("token", text)
                writer.member("id", token.id)
                writer.moment("expires", unixMilliseconds: token.expiresMilliseconds)
                writer.scopes(scopes)
            }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    @Sendable private static func takeBack(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let (id, author, tenant) = (asked.parameter, asked.author, asked.bearer.user.tenant)
        guard Names.isID(id) else { throw Problem.absent }
        try checkHand(asked)
        let isAdmin = asked.bearer.scopes.contains(.administer)
        let isDone = try await desk.ask { store in
            let names =
                isAdmin
                ? try store.users().filter { $0.tenant == tenant }.map(\.name) : [author.name]
            for name in names where try store.tokens(of: name).contains(where: { $0.id == id }) {
                return try store.removeToken(id, by: author)
            }
            return false
        }
        guard isDone else { throw Problem.absent }
        return .nothing
    }

    /// Tokens are made and taken back, and guests let in, by somebody at a browser, or by a program that may
    /// look after users.
    static func checkHand(_ asked: Asked) throws {
        guard asked.bearer.token.kind == .session || asked.bearer.scopes.contains(.administer)
        else {
            throw Problem(
                .scopeMissing, "expected a session, or a token with the scope 'administer'")
        }
    }

    private static func mayLookAfter(
        _ owner: String, _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Bool {
        if owner == asked.bearer.user.name { return true }
        guard asked.bearer.scopes.contains(.administer) else { return false }
        return try await desk.ask { try $0.user(owner)?.tenant } == asked.bearer.user.tenant
    }
}

extension JSONWriter {
    /// A member with scopes, always in the same order.
    fileprivate mutating func scopes(_ scopes: Set<AccessScope>) {
        name("scopes")
        array { writer in
            for scope in AccessScope.allCases where scopes.contains(scope) {
                writer.string(scope.rawValue)
            }
        }
    }
}
