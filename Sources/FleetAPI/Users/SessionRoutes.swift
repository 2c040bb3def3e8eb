/// Signing in, as a program and as the app.
extension UserRoutes {
    static let session: [UserRoute] = [
        UserRoute(method: .post, path: "/v1/sign-in") { asked in
            UserResponder.response(
                try await asked.house.session.signIn.answer(asked.request, now: asked.now),
                to: asked.request)
        },
        UserRoute(method: .post, path: "/v1/session") { asked in
            try await asked.house.session.begin(asked.request, now: asked.now)
        },
        UserRoute(method: .get, path: "/v1/session", scope: .read) { asked, _ in
            try asked.query.finish()
            return Reply(
                bytes: try await asked.house.session.document(asked.bearer), isTagged: false)
        },
        UserRoute(method: .delete, path: "/v1/session", scope: .read) { asked, desk in
            try await asked.house.session.end(asked, desk)
        },
    ]

    /// What this server has, so that an app shows no more than that.
    static func features(sendsMail: Bool, pushes: Bool) -> [String] {
        [
            "history", "alarms", "events", "summary", "energy", "outlook", "condition", "rollouts",
            "configuration", "users", "tokens", "audit", "preferences", "claims", "groups",
            "guests",
            "export",
        ] + (sendsMail ? ["mail"] : []) + (pushes ? ["push"] : [])
    }
}
