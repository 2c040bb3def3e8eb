import FleetStore
import HTTPTypes
import Telemetry

/// What gateways have in common, for people to choose them by.
extension UserRoutes {
    static let grouping: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/groups", scope: .configure) { asked, desk in
            try await counts("groups", asked, desk) { try $0.groups(within: $1) }
        },
        UserRoute(method: .get, path: "/v1/tags", scope: .configure) { asked, desk in
            try await counts("tags", asked, desk) { try $0.tags(within: $1) }
        },
    ]

    /// A page of what the store counts.
    private static func counts(
        _ list: String, _ asked: Asked, _ desk: ViewDesk,
        _ count: @escaping @Sendable (any ViewStore, GatewaySight) throws -> [GatewayCount]
    ) async throws -> Reply {
        var query = asked.query
        let limit = query.number("limit", 1...500) ?? 100
        let cursor = query.cursor()
        try query.finish()
        let after = try Cursor.place(cursor) { Cursor.parts(list, $0, count: 1)?.first }
        let sight = asked.sight
        let rest = try await desk.ask { try count($0, sight) }
            .filter { found in after.map { found.name > $0 } ?? true }
        let page = Array(rest.prefix(limit))
        let next = rest.count > limit ? page.last.map { Cursor.text(list, [$0.name]) } : nil
        return Reply(
            bytes: Documents.list(page, next: next) { count, writer in
                writer.object { writer in
                    writer.member("name", count.name)
                    writer.member("gateways", count.gateways)
                }
            })
    }
}
