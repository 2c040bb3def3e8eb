import FleetWeb
import NIOHTTP1
import Views

/// What can be asked of a gateway; there are no other routes than ``all``, and beside them the files of the app.
enum LocalRoutes {
    /// One thing that can be asked for by whoever is signed in.
    struct Route: Sendable {
        let method: HTTPMethod
        /// With at most one name in braces.
        let path: String
        let answer: @Sendable (LocalRequest, String, LocalCore) throws(LocalProblem) -> LocalOutcome
    }

    /// Those that need a session.
    static let all: [Route] = [
        Route(method: .GET, path: "/v1/gateways", answer: gateways),
        Route(method: .GET, path: "/v1/gateways/{id}", answer: gateway),
        Route(method: .GET, path: "/v1/gateways/{id}/live", answer: live),
        Route(method: .GET, path: "/v1/gateways/{id}/history", answer: history),
        Route(method: .GET, path: "/v1/gateways/{id}/outlook", answer: outlook),
        Route(method: .GET, path: "/v1/gateways/{id}/diagnose", answer: diagnose),
        Route(method: .GET, path: "/v1/events", answer: events),
        Route(method: .GET, path: "/v1/alarms", answer: alarms),
        Route(method: .GET, path: "/v1/alarm-texts/{language}", answer: texts),
    ]

    /// Answers a request; `done` is called once, on the event loop.
    static func answer(
        _ request: LocalRequest, _ core: LocalCore,
        _ done: @escaping @Sendable (LocalOutcome) -> Void
    ) {
        do throws(LocalProblem) {
            try check(request, core)
            if request.path == "/v1/session" || request.path == "/v1/session/first-use" {
                try session(request, core, done)
            } else {
                done(try find(request, core))
            }
        } catch {
            done(.answer(error.answer))
        }
    }

    /// What a page from elsewhere must not do, whoever it is addressed to.
    private static func check(
        _ request: LocalRequest, _ core: LocalCore
    ) throws(LocalProblem) {
        let hosts = request.headers["host"]
        guard hosts.count == 1, core.hosts.allows(hosts[0]) else {
            throw LocalProblem(
                .hostUnknown,
                "expected an address, 'localhost', a name that ends with .local or .lan, or one of "
                    + "'local.names', found '\(hosts.joined(separator: ", ").prefix(80))'")
        }
        guard !request.isReading else { return }
        for origin in request.headers["origin"]
        where !HostGuard.isSame(origin: origin, host: hosts[0]) {
            throw LocalProblem(.crossSite, "expected an origin equal to the host")
        }
        if request.headers.contains(name: "cookie"),
            request.headers["amphora-request"] != ["app"]
        {
            throw LocalProblem(.crossSite, "expected 'Amphora-Request: app' beside a cookie")
        }
    }

    private static func find(
        _ request: LocalRequest, _ core: LocalCore
    ) throws(LocalProblem) -> LocalOutcome {
        if request.isReading, let file = core.app.file(at: request.path) {
            return .answer(Self.file(file, request, core))
        }
        let address = request.path.split(separator: "/", omittingEmptySubsequences: false)
        // who is not signed in learns nothing of what there is
        guard request.path.hasPrefix("/v1/") else { throw LocalProblem.absent }
        try requireSession(request, core)
        for route in all {
            guard let parameter = RoutePath.parameter(of: route.path, in: address) else { continue }
            guard
                request.method == route.method
                    || request.method == .HEAD && route.path != "/v1/events"
            else { throw wrongMethod("GET, HEAD") }
            return try route.answer(request, parameter, core)
        }
        throw LocalProblem.absent
    }

    static func wrongMethod(_ allowed: String) -> LocalProblem {
        LocalProblem(.methodNotAllowed, "expected \(allowed)", fields: [("allow", allowed)])
    }

    private static func file(
        _ file: WebFile, _ request: LocalRequest, _ core: LocalCore
    ) -> LocalAnswer {
        let accepts = request.headers[canonicalForm: "accept-encoding"]
        let gzip =
            WebApp.takesGzip(accepts.map { String($0) }.joined(separator: ",")) ? file.gzip : nil
        // the same tag for two forms would make a cache give out the wrong one
        let tag = "\"\(file.tag)\(gzip == nil ? "" : "-gzip")\""
        var fields = WebApp.fields.map { ($0.name, $0.value) }
        fields += [("etag", tag), ("vary", "Accept-Encoding"), ("cache-control", file.caching)]
        let known = request.headers[canonicalForm: "if-none-match"]
        if known.contains(where: { $0 == tag || $0 == "W/\(tag)" }) {
            return LocalAnswer(status: .notModified, type: nil, fields: fields)
        }
        if let gzip {
            fields.append(("content-encoding", "gzip"))
            return LocalAnswer(type: file.type, bytes: gzip, fields: fields)
        }
        return LocalAnswer(type: file.type, bytes: file.bytes, fields: fields)
    }

    static func requireSession(
        _ request: LocalRequest, _ core: LocalCore
    ) throws(LocalProblem) {
        switch core.password {
        case .none:
            throw LocalProblem(
                .firstUseNeeded, "expected POST /v1/session/first-use with a password")
        case .damaged:
            throw LocalProblem(
                .passwordDamaged,
                "somebody at the gateway has to call 'amphora-gateway local reset-password'")
        case .hash: break
        }
        guard core.isSignedIn(request.token) else {
            throw LocalProblem(.tokenMissing, "expected the cookie of a session")
        }
    }
}
