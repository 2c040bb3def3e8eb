import FleetStore
import HTTPTypes
import Hummingbird
import Telemetry

/// Begins and ends sessions of browsers, and says who is signed in.
struct SessionDesk: Sendable {
    /// How long a session of those who see their own gateways lasts, ms: 30 days.
    static let longLife: Int64 = 2_592_000_000
    /// How long one of those who see a whole tenant lasts, ms: half a day.
    static let shortLife: Int64 = 43_200_000

    let signIn: SignInDesk
    /// Whether this server itself speaks TLS.
    let overTLS: Bool
    /// Counts codes that were wrong.
    let codes: SignInGuard
    /// What this server has.
    let features: [String]

    /// How long a session of a user lasts, ms.
    static func life(of user: User) -> Int64 { user.role.seesAll ? shortLife : longLife }

    /// Begins a session for the name and the password in the content.
    func begin(_ request: Request, now: Int64) async throws -> Response {
        try SessionCookie.check(request, hasCookie: false)
        let user = try await signIn.user(of: request, now: now)
        return try await begin(for: user, request, now: now)
    }

    /// Begins a session for a user who has shown who they are.
    func begin(for user: User, _ request: Request, now: Int64) async throws -> Response {
        let (text, token) = try await signIn.keep(
            .session, for: user, life: Self.life(of: user), label: "app", now)
        var reply = Reply(
            bytes: try await document(TokenBearer(user: user, token: token)), isTagged: false)
        reply.headers[.setCookie] = SessionCookie.field(
            text, seconds: (token.expiresMilliseconds - now) / 1000,
            isSecure: SessionCookie.isSecure(request, overTLS: overTLS))
        return UserResponder.response(reply, to: request)
    }

    /// Ends the session of whoever asks.
    func end(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try asked.query.finish()
        let (id, author) = (asked.bearer.token.id, Author(asked.bearer.user.name, at: asked.now))
        _ = try await desk.ask { try $0.removeToken(id, by: author) }
        var reply = Reply(bytes: [], isTagged: false)
        reply.status = .noContent
        reply.headers[.setCookie] = SessionCookie.cleared(
            isSecure: SessionCookie.isSecure(asked.request, overTLS: overTLS))
        return reply
    }

    /// Who is signed in and what this server has, as JSON.
    func document(_ bearer: TokenBearer) async throws -> [UInt8] {
        let language = try await signIn.language(of: bearer.user)
        return Documents.one { writer in
            writer.object { writer in
                writer.name("user")
                writer.object { writer in
                    writer.member("name", bearer.user.name)
                    writer.member("role", bearer.user.role.rawValue)
                    writer.member("tenant", bearer.user.tenant)
                    writer.member("language", language)
                }
                writer.name("scopes")
                writer.array { writer in
                    for scope in AccessScope.allCases where bearer.scopes.contains(scope) {
                        writer.string(scope.rawValue)
                    }
                }
                writer.moment("expires", unixMilliseconds: bearer.token.expiresMilliseconds)
                writer.name("features")
                writer.array { writer in
                    for feature in features { writer.string(feature) }
                }
                writer.member("server", "fleet")
                writer.name("first_use")
                writer.bool(false)
            }
        }
    }
}
