import HTTPTypes

/// News as they come.
extension UserRoutes {
    static let events: [UserRoute] = [
        UserRoute(method: .get, path: "/v1/events", scope: .read, answer: listen)
    ]

    /// The id of the last event that a browser has.
    private static let lastEvent = HTTPField.Name("Last-Event-ID")

    @Sendable private static func listen(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        var query = asked.query
        let id = query.text("gateway", "the id of a gateway", Names.isID)
        // those who see some gateways choose one
        if !asked.bearer.user.role.seesAll { query.require("gateway") }
        try query.finish()
        let since = lastEvent.flatMap { asked.request.headers[$0] }
        guard let id else {
            return try asked.house.events.listen(
                asked, to: .tenant(asked.bearer.user.tenant), since: since)
        }
        let sight = asked.sight
        guard let found = try await desk.ask({ try $0.gateway(id, within: sight) }) else {
            throw Problem.absent
        }
        return try asked.house.events.listen(
            asked, to: .gateway(id), since: since, seenFrom: found.seenFrom)
    }
}
