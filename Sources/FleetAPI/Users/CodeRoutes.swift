import FleetStore
import Hummingbird
import StrictJSON
import Telemetry

/// What codes are good for: choosing a password, and taking a gateway; ``UserRoutes/guests`` has those of guests.
extension UserRoutes {
    static let codes: [UserRoute] = [
        UserRoute(method: .post, path: "/v1/session/first-use") { asked in
            try await asked.house.session.firstUse(asked)
        },
        UserRoute(method: .post, path: "/v1/claims", scope: .read, answer: claim),
    ]

    @Sendable private static func claim(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        try await Codes.open(asked, desk) { store, code in
            try store.claim(codeHash: LabelCode.hash(code), by: asked.author)
        }
    }
}

extension SessionDesk {
    /// Gives the user of a code the password in the content, and begins a session.
    func firstUse(_ asked: Stranger) async throws -> Response {
        let (request, house, now) = (asked.request, asked.house, asked.now)
        try SessionCookie.check(request, hasCookie: false)
        try Query(request.uri.query).finish()
        let content = try await Content.read(
            request, most: UserResponder.mostBytes, seconds: house.bodySeconds)
        let texts = try Codes.read(
            content, ["code": 1...64, "password": PasswordHash.shortest...PasswordHash.longest])
        let (code, password) = (texts["code"] ?? "", texts["password"] ?? "")
        let hash = BearerToken.hash(code)
        // no name of a user has a blank; who sends nonsense keeps nobody else waiting
        let sender = "first use from \(asked.address)"
        if let seconds = codes.wait(sender) { throw Codes.tooMany(seconds) }
        let desk = house.desk
        guard try await desk.ask({ try $0.invited(byCodeHash: hash, now: now) }) != nil else {
            if let seconds = codes.fail(sender) { throw Codes.tooMany(seconds) }
            throw Codes.unknown
        }
        let slow = try await signIn.hash(password)
        guard
            let user = try await desk.ask({
                try $0.firstUse(ofCodeHash: hash, passwordHash: slow, now: now)
            })
        else { throw Codes.unknown }
        return try await begin(for: user, request, now: now)
    }
}

/// Documents with codes, and what is wrong with them.
enum Codes {
    /// Names the gateway that a code in the content opens; counts those that open none.
    static func open(
        _ asked: Asked, _ desk: ViewDesk,
        _ gateway: @escaping @Sendable (any ViewStore, _ code: String) throws -> String?
    ) async throws -> Reply {
        try asked.query.finish()
        let content = try await Content.read(
            asked.request, most: UserResponder.mostBytes, seconds: asked.bodySeconds)
        let code = try read(content, ["code": 1...64])["code"] ?? ""
        let (name, failures) = (asked.bearer.user.name, asked.house.session.codes)
        if let seconds = failures.wait(name) { throw tooMany(seconds) }
        guard let found = try await desk.ask({ try gateway($0, code) }) else {
            if let seconds = failures.fail(name) { throw tooMany(seconds) }
            throw unknown
        }
        let bytes = Documents.one { writer in
            writer.object { writer in writer.member("gateway", found) }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    static let unknown = Problem(
        .codeInvalid, "the code is unknown, was used already or has expired")

    static func tooMany(_ seconds: Int64) -> Problem {
        Problem(
            .tooManyFailures, "wait \(seconds) s", values: ["seconds": "\(seconds)"],
            headers: [.retryAfter: "\(seconds)"])
    }

    /// The texts of an object that has exactly these, with so many bytes each.
    static func read(
        _ content: [UInt8], _ names: [String: ClosedRange<Int>]
    ) throws -> [String: String] {
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        var texts: [String: String] = [:]
        for (name, range) in names.sorted(by: { $0.key < $1.key }) {
            let text = section.requiredString(name)
            if !text.isEmpty, !range.contains(text.count) || text.utf8.count > range.upperBound {
                section.fault(
                    name,
                    "has \(text.count) characters, allowed \(range.lowerBound)…\(range.upperBound)")
            }
            texts[name] = text
        }
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
        return texts
    }
}
