import Dispatch
import FleetStore
import Hummingbird
import Logging
import StrictJSON
import Synchronization
import Telemetry

/// Gives tokens for passwords.
///
/// A password costs 32 MiB and a tenth of a second to look at, so one is looked at after the other and few may wait.
final class SignInDesk: Sendable {
    /// How long such a token is good, ms: half a day.
    static let life: Int64 = 43_200_000
    /// Passwords that may wait at once.
    static let mostWaiting = 16

    private let desk: ViewDesk
    private let bodySeconds: Int
    private let log: Logger
    private let failures: SignInGuard
    private let waiting = Mutex(0)
    private let queue = DispatchQueue(label: "passwords")

    init(_ desk: ViewDesk, _ bodySeconds: Int, _ log: Logger, failures: SignInGuard) {
        self.desk = desk
        self.failures = failures
        self.bodySeconds = bodySeconds
        self.log = log
    }

    /// A token for the name and the password in the content; `now` is a Unix time in milliseconds.
    func answer(_ request: Request, now: Int64) async throws -> Reply {
        let user = try await user(of: request, now: now)
        let (text, token) = try await keep(
            .token, for: user, life: Self.life, label: "sign-in", now)
        let bytes = Documents.one { writer in
            writer.object { writer in
                writer.member("token", text)
                writer.member("id", token.id)
                writer.moment("expires", unixMilliseconds: token.expiresMilliseconds)
                writer.name("scopes")
                writer.array { writer in
                    for scope in AccessScope.allCases where token.scopes.contains(scope) {
                        writer.string(scope.rawValue)
                    }
                }
            }
        }
        return Reply(bytes: bytes, isTagged: false)
    }

    /// The user whose name and password stand in the content.
    func user(of request: Request, now: Int64) async throws -> User {
        try Query(request.uri.query).finish()
        let (name, password) = try Self.read(
            try await Content.read(
                request, most: UserResponder.mostBytes, seconds: bodySeconds))
        if let seconds = failures.wait(name) { throw Self.tooMany(seconds) }
        // no name has a zero, and what follows one would not reach every store
        let isName = !name.utf8.contains(0)
        let user = try await desk.ask { isName ? try $0.user(name) : nil }
        let isRight = try await matches(user?.passwordHash ?? "", password)
        guard isRight, let user else {
            log.warning("somebody failed to sign in", metadata: ["user.name": "\(name)"])
            if let seconds = failures.fail(name) { throw Self.tooMany(seconds) }
            throw Problem(
                .signInFailed, "there is no such user, or the password is another",
                headers: [.wwwAuthenticate: "Bearer realm=\"amphora\""])
        }
        return user
    }

    /// Asks whoever is signed in for the password, which the content has; gives the slow hash that it fits.
    ///
    /// Throws a ``Problem`` when it is another.
    func confirm(_ asked: Asked) async throws -> String {
        var section = try await Admin.section(asked)
        let password = section.requiredString("password")
        let count = password.unicodeScalars.count
        if count > 256 { section.fault("password", "has \(count) characters, allowed 256") }
        try Admin.finish(&section)
        let user = asked.bearer.user
        if let seconds = failures.wait(user.name) { throw Self.tooMany(seconds) }
        guard try await matches(user.passwordHash, password) else {
            if let seconds = failures.fail(user.name) { throw Self.tooMany(seconds) }
            throw Problem(.passwordWrong, "expected the password of '\(user.name)'")
        }
        return user.passwordHash
    }

    /// The language that a user asked for; nil when they did not.
    func language(of user: User) async throws -> String? {
        try await desk.ask { try $0.preferences(of: user.name)?.language }
    }

    /// Makes and keeps a token that is good for so many ms, and gives its text with it.
    func keep(
        _ kind: TokenKind, for user: User, life: Int64, label: String, _ now: Int64
    ) async throws -> (text: String, token: AccessToken) {
        let text = BearerToken.make()
        let token = AccessToken(
            id: BearerToken.makeID(), hash: BearerToken.hash(text), owner: user.name,
            label: label, scopes: user.role.scopes, createdMilliseconds: now,
            expiresMilliseconds: now.addingSaturated(life), kind: kind)
        let isKept = try await desk.ask { store in
            // a password that was changed meanwhile is not this one
            guard try store.user(user.name)?.passwordHash == user.passwordHash else { return false }
            return try store.addToken(token, by: Author(user.name, at: now))
        }
        guard isKept else { throw Problem(.signInFailed, "the user has just changed") }
        return (text, token)
    }

    private static func tooMany(_ seconds: Int64) -> Problem {
        Problem(
            .tooManyFailures, "wait \(seconds) s", values: ["seconds": "\(seconds)"],
            headers: [.retryAfter: "\(seconds)"])
    }

    /// Takes as long for a user that does not exist as for one that does.
    private func matches(_ kept: String, _ password: String) async throws -> Bool {
        try await inTurn {
            let isKnown = !kept.isEmpty
            let matches = PasswordHash.matches(isKnown ? kept : PasswordHash.none, password)
            return matches && isKnown
        }
    }

    /// The slow hash of a new password.
    func hash(_ password: String) async throws -> String {
        try await inTurn { Result { try PasswordHash.make(password) } }.get()
    }

    /// Does something slow, one after the other.
    private func inTurn<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async throws -> Value {
        let mayWait = waiting.withLock { waiting in
            guard waiting < Self.mostWaiting else { return false }
            waiting += 1
            return true
        }
        guard mayWait else {
            throw Problem(.busy, "too many sign in at once", headers: [.retryAfter: "2"])
        }
        defer { waiting.withLock { $0 -= 1 } }
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }

    private static func read(_ content: [UInt8]) throws -> (name: String, password: String) {
        let faults = FaultList()
        guard var section = JSONSection(parsing: content, faults: faults) else {
            throw Problem.body(faults)
        }
        let (name, password) = (section.requiredString("name"), section.requiredString("password"))
        for (key, value, most) in [("name", name, 64), ("password", password, 256)] {
            let count = value.unicodeScalars.count
            if count > most { section.fault(key, "has \(count) characters, allowed \(most)") }
        }
        section.finish()
        guard faults.faults.isEmpty else { throw Problem.body(faults) }
        return (name, password)
    }
}
