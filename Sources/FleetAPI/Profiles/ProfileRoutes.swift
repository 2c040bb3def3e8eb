import HTTPTypes
import Hummingbird

/// `GET /v1/gateway/profiles/…`: signed metadata and targets, as they lie in the repository.
///
/// They prove themselves, so nothing is decided here; a certificate is asked for because assignments
/// name every gateway of the fleet.
struct ProfileRoutes: Sendable {
    static let path = "/v1/gateway/profiles"
    let files: PublishedFiles
    /// Judges the certificate of a connection.
    let judge: EnrolmentDesk
    /// Seconds after which a gateway asks again when there is no answer now.
    let retrySeconds: Int

    func add(to router: Router<SecureContext>) {
        router.get(RouterPath(Self.path + "/metadata/:file")) { request, context in
            await answer(["metadata", context.parameters.get("file") ?? ""], context)
        }
        router.get(RouterPath(Self.path + "/targets/:folder/:file")) { request, context in
            await answer(
                [
                    "targets", context.parameters.get("folder") ?? "",
                    context.parameters.get("file") ?? "",
                ], context)
        }
    }

    private func answer(_ parts: [String], _ context: SecureContext) async -> Response {
        do {
            try await check(context)
        } catch let refusal as Answer.Refusal {
            return refusal.response
        } catch let trouble as EnrolmentDesk.Trouble {
            return Answer.later(.serviceUnavailable, trouble.words, retrySeconds)
        } catch {
            return Answer.text(.internalServerError, "the fleet failed to answer")
        }
        guard let content = await files.content(parts) else {
            return Answer.text(.notFound, "there is no such file")
        }
        let isNamedAnew = parts.last == "timestamp.json"
        return Response(
            status: .ok,
            headers: [
                .contentType: parts.last?.hasSuffix(".json") == true
                    ? "application/json" : "application/octet-stream",
                .cacheControl: isNamedAnew ? "private, no-cache" : "private, max-age=86400",
            ], body: .init(byteBuffer: content))
    }

    private func check(_ context: SecureContext) async throws {
        switch try await judge.shown(context.certificate()) {
        case .ours: return
        case .none: throw Answer.forbidden("expected the certificate of a gateway")
        case .factory(let gateway):
            throw Answer.forbidden(
                "'\(gateway)' shows a factory certificate; it has to enrol first")
        case .refused(let reason): throw Answer.forbidden(reason)
        }
    }
}
