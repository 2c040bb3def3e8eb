import FleetStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// A request of a user, which can tell where it comes from.
struct UserContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// The address of the other end, without its port; empty when there is none.
    let address: String
    /// The connection.
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

/// Answers every request: from a route, or with what is wrong with it.
struct UserResponder: HTTPResponder {
    /// The most bytes of a body.
    static let mostBytes = 16_384

    let desk: ViewDesk
    let failures: SignInGuard
    let session: SessionDesk
    let events: EventDesk
    let exports: ExportDesk
    let log: Logger
    /// Unix time in milliseconds.
    let clock: @Sendable () -> Int64
    /// Seconds in which a body has to be there.
    let bodySeconds: Int
    /// What browsers need to subscribe to messages; nil where none are sent.
    let pushKey: String?

    func respond(to request: Request, context: UserContext) async -> Response {
        do {
            return try await answer(request, context)
        } catch let problem as Problem {
            return problem.response
        } catch {
            log.error("a request could not be answered", metadata: ["error": "\(error)"])
            return Problem(.failed, "the fleet's log says more").response
        }
    }

    private func answer(_ request: Request, _ context: UserContext) async throws -> Response {
        if let file = try WebResponder.answer(request) { return file }
        let address = request.uri.path.split(separator: "/", omittingEmptySubsequences: false)
        let here = UserRoutes.all.compactMap { route in
            route.parameter(in: address).map { (route: route, parameter: $0) }
        }
        guard !here.isEmpty else { throw Problem.absent }
        guard let match = here.first(where: { $0.route.method == request.method }) else {
            let allowed = here.map(\.route.method.rawValue).joined(separator: ", ")
            throw Problem(.methodNotAllowed, "expected \(allowed)", headers: [.allow: allowed])
        }
        let takesBody = [.post, .put, .patch].contains(match.route.method)
        try Self.checkBody(request, isExpected: takesBody)
        let now = clock()
        switch match.route.answer {
        case .anybody(let answer):
            return try await answer(
                Stranger(request: request, address: context.address, now: now, house: self))
        case .signedIn(let scope, let answer):
            let bearer = try await bearer(request, context, now)
            try Self.check(bearer, scope)
            let asked = Asked(
                request: request, bearer: bearer, parameter: match.parameter, now: now,
                bodySeconds: bodySeconds, house: self, channel: context.channel)
            return Self.response(try await answer(asked, desk), to: request)
        }
    }

    private static func check(_ bearer: TokenBearer, _ scope: AccessScope) throws {
        guard !bearer.scopes.contains(scope) else { return }
        let expected =
            bearer.token.scopes.contains(scope)
            ? "expected another role than '\(bearer.user.role.rawValue)'"
            : "expected a token with the scope '\(scope.rawValue)'"
        throw Problem(
            .scopeMissing, expected,
            headers: [
                .wwwAuthenticate:
                    "Bearer realm=\"amphora\", error=\"insufficient_scope\", "
                    + "scope=\"\(scope.rawValue)\""
            ])
    }

    static func response(_ reply: Reply, to request: Request) -> Response {
        var headers = reply.headers
        headers[.contentType] = reply.status == .noContent ? nil : reply.type
        headers[.vary] = "Authorization, Cookie, Accept"
        headers[.cacheControl] = reply.isTagged ? "private, no-cache" : "no-store"
        if reply.isTagged {
            let tag = "\"\(reply.tag ?? "\(Digest.hex(reply.bytes).prefix(32))")\""
            headers[.eTag] = tag
            let isLook = request.method == .get
            if isLook, let names = request.headers[.ifNoneMatch],
                ConfigurationRoutes.names(names, tag)
            {
                headers[.contentType] = nil
                return Response(status: .notModified, headers: headers)
            }
        }
        if let stream = reply.stream {
            return Response(status: reply.status, headers: headers, body: stream)
        }
        return Response(
            status: reply.status, headers: headers,
            body: reply.status == .noContent
                ? .init() : .init(byteBuffer: ByteBuffer(bytes: reply.bytes)))
    }

    /// Refuses a body before any of it is read.
    private static func checkBody(_ request: Request, isExpected: Bool) throws {
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        let isChunked = request.headers[.transferEncoding] != nil
        guard length <= (isExpected ? mostBytes : 0), isExpected || !isChunked else {
            throw Problem(
                .bodyTooLarge,
                isExpected
                    ? "expected at most \(mostBytes) bytes, found \(length)"
                    : "expected no content with this method",
                headers: [.connection: "close"])
        }
    }

    /// Who asks: by the field of a program, or else by the cookie of a browser.
    private func bearer(
        _ request: Request, _ context: UserContext, _ now: Int64
    ) async throws -> TokenBearer {
        let challenge = "Bearer realm=\"amphora\""
        let shown: String?
        let isCookie = request.headers[.authorization] == nil
        if let field = request.headers[.authorization] {
            let parts = field.split(separator: " ", maxSplits: 1)
            let isBearer = parts.count == 2 && parts[0].lowercased() == "bearer"
            shown = isBearer ? String(parts[1]) : nil
        } else if let token = SessionCookie.token(request) {
            try SessionCookie.check(request, hasCookie: true)
            shown = token
        } else {
            throw Problem(
                .tokenMissing, "expected 'Authorization: Bearer …' or the cookie of a session",
                headers: [.wwwAuthenticate: challenge])
        }
        if let shown {
            let hash = BearerToken.hash(shown)
            // a cookie stands for a session only, so that a token cannot be planted as one
            if let found = try await desk.ask({ try $0.bearer(ofTokenHash: hash, now: now) }),
                !isCookie || found.token.kind == .session
            {
                return found
            }
        }
        let wait = failures.fail(context.address)
        if wait != nil {
            log.warning(
                "too many attempts to sign in failed",
                metadata: ["client.address": "\(context.address)"])
        }
        // a browser with a session that is over asks several times before it knows
        if let wait, !isCookie {
            throw Problem(
                .tooManyFailures, "wait \(wait) s", values: ["seconds": "\(wait)"],
                headers: [.retryAfter: "\(wait)"])
        }
        var headers: HTTPFields = [.wwwAuthenticate: challenge + ", error=\"invalid_token\""]
        if isCookie {
            headers[.setCookie] = SessionCookie.cleared(
                isSecure: SessionCookie.isSecure(request, overTLS: session.overTLS))
        }
        throw Problem(
            .tokenInvalid, "the token is unknown, was taken back or has expired", headers: headers)
    }
}
