import History
import NIOCore
import NIOHTTP1
import Passwords
import Telemetry
import Views

extension LocalRoutes {
    /// What a gateway can show; the app hides the rest.
    private static let features = ["history", "alarms", "events", "outlook", "diagnose"]

    static func session(
        _ request: LocalRequest, _ core: LocalCore,
        _ done: @escaping @Sendable (LocalOutcome) -> Void
    ) throws(LocalProblem) {
        let isFirstUse = request.path.hasSuffix("/first-use")
        switch request.method {
        case .GET where !isFirstUse, .HEAD where !isFirstUse:
            try refuse(request.parameters)
            core.lookAtPassword()
            try requireSession(request, core)
            guard let token = request.token, let document = document(core, token) else {
                throw LocalProblem(.tokenMissing, "expected the cookie of a session")
            }
            done(.answer(LocalAnswer(bytes: document)))
        case .DELETE where !isFirstUse:
            try requireSession(request, core)
            if let token = request.token { core.sessions.end(token) }
            done(
                .answer(
                    LocalAnswer(
                        status: .noContent, type: nil, fields: [("set-cookie", cookie("", 0))])))
        case .POST where isFirstUse: try firstUse(request, core, done)
        case .POST: try signIn(request, core, done)
        default: throw wrongMethod(isFirstUse ? "POST" : "DELETE, GET, HEAD, POST")
        }
    }

    private static func signIn(
        _ request: LocalRequest, _ core: LocalCore,
        _ done: @escaping @Sendable (LocalOutcome) -> Void
    ) throws(LocalProblem) {
        try refuse(request.parameters)
        let password = try Self.password(request, isFirstUse: false)
        core.lookAtPassword()
        guard case .hash(let kept) = core.password else { return try requireSession(request, core) }
        let group = OwnNetwork.group(request.address)
        if let seconds = core.failures.wait(group) { throw tooMany(seconds) }
        guard let work = core.withPassword({ PasswordHash.matches(kept, password) }) else {
            throw busy
        }
        work.whenComplete { result in
            guard case .success(true) = result, core.password == .hash(kept) else {
                core.log.warning(
                    "somebody failed to sign in to the local app",
                    metadata: ["client.address": "\(request.address)"])
                let seconds = core.failures.fail(group)
                let problem =
                    seconds.map { tooMany($0) }
                    ?? LocalProblem(.signInFailed, "the password is another")
                return done(.answer(problem.answer))
            }
            begin(core, done)
        }
    }

    private static func firstUse(
        _ request: LocalRequest, _ core: LocalCore,
        _ done: @escaping @Sendable (LocalOutcome) -> Void
    ) throws(LocalProblem) {
        try refuse(request.parameters)
        let password = try Self.password(request, isFirstUse: true)
        core.lookAtPassword()
        switch core.password {
        case .none: break
        case .hash: throw over
        case .damaged: try requireSession(request, core)
        }
        guard OwnNetwork.contains(request.address) else {
            throw LocalProblem(
                .notThisNetwork,
                "the first password is set from a network that the gateway itself is on, and "
                    + "'\(request.address)' is not")
        }
        let file = core.file
        let work = core.withPassword { try file.setFirst(PasswordHash.make(password)) }
        guard let work else { throw busy }
        work.whenComplete { result in
            core.lookAtPassword()
            switch result {
            case .success(true):
                core.log.notice(
                    "password of the local app set",
                    metadata: ["client.address": "\(request.address)"])
                begin(core, done)
            case .success(false): done(.answer(over.answer))
            case .failure(let error):
                core.log.error(
                    "password of the local app not kept", metadata: ["reason": "\(error)"])
                let problem = LocalProblem(
                    .passwordNotKept, "the gateway's log says why; nothing was set")
                done(.answer(problem.answer))
            }
        }
    }

    private static func begin(_ core: LocalCore, _ done: (LocalOutcome) -> Void) {
        let token = core.sessions.begin(now: core.house.uptime)
        let fields = [("set-cookie", cookie(token, Sessions.life / 1000))]
        done(.answer(LocalAnswer(bytes: document(core, token) ?? [], fields: fields)))
    }

    private static func cookie(_ token: String, _ seconds: Int64) -> String {
        "amphora=\(token); HttpOnly; SameSite=Strict; Path=/; Max-Age=\(seconds)"
    }

    private static var over: LocalProblem {
        LocalProblem(
            .firstUseOver,
            "sign in with it, or call 'amphora-gateway local reset-password' at the gateway")
    }

    private static var busy: LocalProblem {
        LocalProblem(
            .busy, "too many passwords wait to be looked at", fields: [("retry-after", "2")])
    }

    private static func tooMany(_ seconds: Int64) -> LocalProblem {
        LocalProblem(
            .tooManyFailures, "wait \(seconds) s", values: ["seconds": "\(seconds)"],
            fields: [("retry-after", "\(seconds)")])
    }

    /// The session as the fleet describes it; nil when it is over.
    private static func document(_ core: LocalCore, _ token: String) -> [UInt8]? {
        let now = core.house.uptime
        guard let session = core.sessions.find(token, now: now) else { return nil }
        let ends = session.ends.addingSaturated(core.house.wall.addingSaturated(-now))
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.name("user")
            writer.object { writer in
                // one password is of all who live or work here
                writer.member("name", "house")
                writer.member("role", "installer")
                writer.member("tenant", "")
                writer.member("language", nil as String?)
            }
            writer.name("scopes")
            writer.array { $0.string("read") }
            writer.moment("expires", unixMilliseconds: ends)
            writer.name("features")
            writer.array { writer in for feature in features { writer.string(feature) } }
            writer.member("server", "gateway")
            writer.member("gateway", core.house.gateway)
            writer.name("first_use")
            writer.bool(false)
        }
        return writer.bytes
    }

    /// The password in a document, with all that is wrong with it.
    static func password(
        _ request: LocalRequest, isFirstUse: Bool
    ) throws(LocalProblem) -> String {
        let types = request.headers["content-type"]
        let name = (types.first ?? "").prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        guard types.count == 1, name.lowercased() == "application/json" else {
            throw LocalProblem(
                .mediaTypeUnsupported,
                "expected 'application/json', found '\(types.joined(separator: ", ").prefix(80))'")
        }
        let bounds = PasswordRequest.Bounds(
            shortest: PasswordHash.shortest, longest: PasswordHash.longest)
        do {
            return try PasswordRequest(request.body, setting: isFirstUse ? bounds : nil).password
        } catch {
            throw LocalProblem(.bodyInvalid, "see errors for each part", faults: error.list)
        }
    }
}
