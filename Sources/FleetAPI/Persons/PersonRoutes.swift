import FleetStore
import HTTPTypes

/// What the fleet holds of whoever asks: they take it, and they go.
extension UserRoutes {
    static let persons: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/session/export", scope: .read) { asked, desk in
            try asked.query.finish()
            return try await asked.house.exports.export(asked, desk)
        },
        UserRoute(
            method: .post, path: "/v1/session/deletion", scope: .read, answer: deleteAccount),
        UserRoute(
            method: .post, path: "/v1/gateways/{id}/release", scope: .read, answer: release),
    ]

    @Sendable private static func deleteAccount(
        _ asked: Asked, _ desk: ViewDesk
    ) async throws -> Reply {
        try asked.query.finish()
        let (session, author) = (asked.house.session, asked.author)
        let hash = try await session.signIn.confirm(asked)
        switch try await desk.ask({ try $0.deleteAccount(passwordHash: hash, by: author) }) {
        case .done: break
        case .lastAdmin:
            throw Problem(.lastAdmin, "expected another admin of the tenant, found none")
        case .unknown: throw Problem(.passwordWrong, "the password has just changed")
        }
        var reply = Reply.nothing
        reply.headers[.setCookie] = SessionCookie.cleared(
            isSecure: SessionCookie.isSecure(asked.request, overTLS: session.overTLS))
        return reply
    }

    /// Only what was granted to the user alone can be given up.
    @Sendable private static func release(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let id = try await seen(asked, desk).id
        try asked.query.finish()
        let author = asked.author
        guard try await desk.ask({ try $0.grants(of: author.name).contains(id) }) else {
            throw Problem.absent
        }
        let hash = try await asked.house.session.signIn.confirm(asked)
        guard
            try await desk.ask({
                try $0.release(gateway: id, passwordHash: hash, by: author)
            })
        else { throw Problem.absent }
        return .nothing
    }
}
