import EST
import FleetStore
import HTTPTypes
import Hummingbird

/// The four operations of EST (RFC 7030) over HTTP.
struct EnrolmentRoutes: Sendable {
    /// The most bytes of a body: a request in base64 with line ends, and some room.
    static let mostBytes = EnrolmentRequest.mostBytes * 2
    let desk: EnrolmentDesk
    /// Seconds in which a body has to be there.
    let bodySeconds: Int
    /// Seconds after which a gateway asks again.
    let retrySeconds: Int

    /// Adds the operations to a router; other methods on their paths are answered too.
    func add(to router: Router<SecureContext>) {
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .delete, .patch, .head, .options]
        for operation in ESTOperation.allCases {
            let isPost = operation == .enrol || operation == .renew
            for method in methods {
                router.on(RouterPath(operation.path), method: method) { request, context in
                    guard method == (isPost ? .post : .get) else {
                        return Answer.wrongMethod(isPost ? "POST" : "GET")
                    }
                    return await answer(operation, request, context)
                }
            }
        }
    }

    private func answer(
        _ operation: ESTOperation, _ request: Request, _ context: SecureContext
    ) async -> Response {
        do {
            switch operation {
            case .authorities: return Answer.certificates(try desk.authorities())
            case .attributes: return Response(status: .noContent)
            case .enrol: return try await enrol(request, context)
            case .renew: return try await renew(request, context)
            }
        } catch let refusal as Answer.Refusal {
            return refusal.response
        } catch let error as ESTError {
            return Answer.text(.badRequest, "\(error)")
        } catch let trouble as EnrolmentDesk.Trouble {
            return Answer.later(.serviceUnavailable, trouble.words, retrySeconds)
        } catch {
            return Answer.text(.internalServerError, "the fleet failed to answer")
        }
    }

    /// A first certificate: by a token, or by a certificate of the factory.
    private func enrol(_ request: Request, _ context: SecureContext) async throws -> Response {
        if let field = request.headers[.authorization] {
            guard let credentials = BasicCredentials(field) else {
                throw Answer.unauthorized(
                    "expected 'Authorization: Basic …' with a gateway and its token")
            }
            let wish = try await wish(request)
            try wish.check(gateway: credentials.user)
            return Answer.verdict(
                try await desk.enrol(wish, door: .token, token: credentials.password), retrySeconds)
        }
        switch try await desk.shown(context.certificate()) {
        case .none:
            throw Answer.unauthorized(
                "expected a one-time token by HTTP Basic, or a certificate of a registered maker")
        case .ours(let gateway, _):
            throw Answer.forbidden(
                "'\(gateway)' has a certificate of this fleet; ask at \(ESTOperation.renew.path)")
        case .refused(let reason): throw Answer.forbidden(reason)
        case .factory(let gateway):
            let wish = try await wish(request)
            try wish.check(gateway: gateway)
            return Answer.verdict(try await desk.enrol(wish, door: .factory), retrySeconds)
        }
    }

    /// A new certificate for one that is valid still.
    private func renew(_ request: Request, _ context: SecureContext) async throws -> Response {
        switch try await desk.shown(context.certificate()) {
        case .none: throw Answer.forbidden("expected the certificate that shall be renewed")
        case .factory(let gateway):
            throw Answer.forbidden(
                "'\(gateway)' shows a factory certificate; ask at \(ESTOperation.enrol.path)")
        case .refused(let reason): throw Answer.forbidden(reason)
        case .ours(let gateway, _):
            let wish = try await wish(request)
            try wish.check(gateway: gateway)
            return Answer.verdict(try await desk.enrol(wish, door: .renewal), retrySeconds)
        }
    }

    /// Reads the body within its bounds.
    private func wish(_ request: Request) async throws -> EnrolmentRequest {
        let type = request.headers[.contentType] ?? ""
        guard MediaType.names(type, MediaType.request) else {
            throw Answer.Refusal(
                Answer.text(
                    .unsupportedMediaType,
                    "expected content of type '\(MediaType.request)', found '\(type)'"))
        }
        let text = try await body(request)
        return try EnrolmentRequest(der: try Base64Text.decode(text))
    }

    private func body(_ request: Request) async throws -> [UInt8] {
        let seconds = bodySeconds
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask { try await Self.collect(request) }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else {
                throw Answer.Refusal(
                    Answer.text(
                        .requestTimeout, "expected the whole request within \(seconds) s"))
            }
            return bytes
        }
    }

    private static func collect(_ request: Request) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await buffer in request.body {
            bytes += buffer.readableBytesView
            guard bytes.count <= mostBytes else {
                throw Answer.Refusal(
                    Answer.text(
                        .contentTooLarge, "expected at most \(mostBytes) bytes, found more"))
            }
        }
        return bytes
    }
}
