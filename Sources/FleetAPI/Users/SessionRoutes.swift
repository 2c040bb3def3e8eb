/// Signing in, as a program and as the app.
extension UserRoutes {
    static let session: [UserRoute] = [
        UserRoute(method: .post, path: "/v1/sign-in") { request, house, now in
            UserResponder.response(
                try await house.session.signIn.answer(request, now: now), to: request)
        },
        UserRoute(method: .post, path: "/v1/session") { request, house, now in
            try await house.session.begin(request, now: now)
        },
        UserRoute(method: .get, path: "/v1/session", scope: .read) { asked, _ in
            try asked.query.finish()
            return Reply(bytes: SessionDesk.document(asked.bearer), isTagged: false)
        },
        UserRoute(method: .delete, path: "/v1/session", scope: .read) { asked, desk in
            try await asked.house.session.end(asked, desk)
        },
    ]

    /// What the app may show, by the route that each thing needs.
    private static let needs = [
        ("history", "/v1/gateways/{id}/history"), ("alarms", "/v1/alarms"),
        ("events", "/v1/events"), ("summary", "/v1/summary"),
        ("energy", "/v1/gateways/{id}/energy"), ("outlook", "/v1/gateways/{id}/outlook"),
        ("condition", "/v1/gateways/{id}/condition"), ("rollouts", "/v1/rollouts"),
        ("configuration", "/v1/configuration/{layer}"), ("users", "/v1/users"),
        ("tokens", "/v1/tokens"), ("audit", "/v1/audit"),
        ("preferences", "/v1/session/preferences"), ("mail", "/v1/session/preferences"),
        ("push", "/v1/push-subscriptions"), ("claims", "/v1/claims"),
    ]

    /// What this server has.
    static let features: [String] = {
        let paths = Set(all.map(\.path))
        return needs.filter { paths.contains($0.1) }.map(\.0)
    }()
}
