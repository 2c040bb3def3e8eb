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

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        address = source.channel.remoteAddress?.ipAddress ?? ""
    }
}

/// Answers every request: from a route, or with what is wrong with it.
struct UserResponder: HTTPResponder {
    /// The most bytes of a body.
    static let mostBytes = 16_384

    let desk: ViewDesk
    let failures: SignInGuard
    let signIn: SignInDesk
    let log: Logger
    /// Unix time in milliseconds.
    let clock: @Sendable () -> Int64
    /// Seconds in which a body has to be there.
    let bodySeconds: Int

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
        let address = request.uri.path.split(separator: "/", omittingEmptySubsequences: false)
        let here = UserRoutes.all.compactMap { route in
            route.parameter(in: address).map { (route: route, parameter: $0) }
        }
        guard !here.isEmpty else { throw Problem.absent }
        guard let match = here.first(where: { $0.route.method == request.method }) else {
            let allowed = here.map(\.route.method.rawValue).joined(separator: ", ")
            throw Problem(.methodNotAllowed, "expected \(allowed)", headers: [.allow: allowed])
        }
        try Self.checkBody(request, isExpected: match.route.method == .post)
        let now = clock()
        guard let scope = match.route.scope, let answer = match.route.answer else {
            try Query(request.uri.query).finish()
            if match.route.path == Contract.route.path {
                return Self.response(Reply(bytes: Contract.bytes), to: request)
            }
            return Self.response(try await signIn.answer(request, now: now), to: request)
        }
        let bearer = try await bearer(request, context, now)
        guard bearer.token.scopes.contains(scope) else {
            throw Problem(
                .scopeMissing, "expected a token with the scope '\(scope.rawValue)'",
                headers: [
                    .wwwAuthenticate:
                        "Bearer realm=\"amphora\", error=\"insufficient_scope\", "
                        + "scope=\"\(scope.rawValue)\""
                ])
        }
        let asked = Asked(
            request: request, bearer: bearer, parameter: match.parameter, now: now,
            bodySeconds: bodySeconds)
        return Self.response(try await answer(asked, desk), to: request)
    }

    private static func response(_ reply: Reply, to request: Request) -> Response {
        var headers: HTTPFields = [
            .contentType: reply.type, .vary: "Authorization, Accept",
            .cacheControl: reply.isTagged ? "private, no-cache" : "no-store",
        ]
        if reply.isTagged {
            let tag = "\"\(Digest.hex(reply.bytes).prefix(32))\""
            headers[.eTag] = tag
            if let names = request.headers[.ifNoneMatch], ConfigurationRoutes.names(names, tag) {
                headers[.contentType] = nil
                return Response(status: .notModified, headers: headers)
            }
        }
        return Response(
            status: .ok, headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: reply.bytes)))
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

    private func bearer(
        _ request: Request, _ context: UserContext, _ now: Int64
    ) async throws -> TokenBearer {
        let challenge = "Bearer realm=\"amphora\""
        guard let field = request.headers[.authorization] else {
            throw Problem(
                .tokenMissing, "expected 'Authorization: Bearer …'",
                headers: [.wwwAuthenticate: challenge])
        }
        let parts = field.split(separator: " ", maxSplits: 1)
        if parts.count == 2, parts[0].lowercased() == "bearer" {
            let hash = BearerToken.hash(String(parts[1]))
            if let found = try await desk.ask({ try $0.bearer(ofTokenHash: hash, now: now) }) {
                return found
            }
        }
        if let seconds = failures.fail(context.address) {
            log.warning(
                "too many attempts to sign in failed",
                metadata: ["client.address": "\(context.address)"])
            throw Problem(
                .tooManyFailures, "wait \(seconds) s", headers: [.retryAfter: "\(seconds)"])
        }
        throw Problem(
            .tokenInvalid, "the token is unknown, was taken back or has expired",
            headers: [.wwwAuthenticate: challenge + ", error=\"invalid_token\""])
    }
}
