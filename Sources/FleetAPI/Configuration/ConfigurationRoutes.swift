import HTTPTypes
import Hummingbird
import NIOCore

/// `GET /v1/gateway/config`: what the gateway whose certificate is shown shall run on.
struct ConfigurationRoutes: Sendable {
    static let path = "/v1/gateway/config"
    let desk: ConfigurationDesk
    /// Judges the certificate of a connection.
    let judge: EnrolmentDesk
    /// Seconds after which a gateway asks again when there is no answer now.
    let retrySeconds: Int

    func add(to router: Router<SecureContext>) {
        let methods: [HTTPRequest.Method] = [.get, .post, .put, .delete, .patch, .head, .options]
        for method in methods {
            router.on(RouterPath(Self.path), method: method) { request, context in
                guard method == .get else { return Answer.wrongMethod("GET") }
                return await answer(request, context)
            }
        }
    }

    private func answer(_ request: Request, _ context: SecureContext) async -> Response {
        do {
            let gateway = try await gateway(context)
            let entry = try await desk.entry(for: gateway)
            let headers: HTTPFields = [
                .eTag: entry.tag, .cacheControl: "private, no-cache",
                .contentType: "application/json",
            ]
            if request.headers[.ifNoneMatch].map({ Self.names($0, entry.tag) }) == true {
                return Response(status: .notModified, headers: headers)
            }
            return Response(
                status: .ok, headers: headers,
                body: .init(byteBuffer: ByteBuffer(bytes: entry.document)))
        } catch let refusal as Answer.Refusal {
            return refusal.response
        } catch let trouble as EnrolmentDesk.Trouble {
            return Answer.later(.serviceUnavailable, trouble.words, retrySeconds)
        } catch let trouble as ConfigurationDesk.Trouble {
            return Answer.later(.serviceUnavailable, trouble.words, retrySeconds)
        } catch {
            return Answer.text(.internalServerError, "the fleet failed to answer")
        }
    }

    private func gateway(_ context: SecureContext) async throws -> String {
        switch try await judge.shown(context.certificate()) {
        case .ours(let gateway, _): return gateway
        case .none: throw Answer.forbidden("expected the certificate of a gateway")
        case .factory(let gateway):
            throw Answer.forbidden(
                "'\(gateway)' shows a factory certificate; it has to enrol first")
        case .refused(let reason): throw Answer.forbidden(reason)
        }
    }

    /// Whether a field `If-None-Match` names a tag (RFC 9110 section 13.1.2).
    static func names(_ field: String, _ tag: String) -> Bool {
        field.split(separator: ",").contains { part in
            var name = part.drop { $0 == " " || $0 == "\t" }
            while name.last == " " || name.last == "\t" { name.removeLast() }
            if name == "*" { return true }
            return (name.hasPrefix("W/") ? name.dropFirst(2) : name) == tag
        }
    }
}
