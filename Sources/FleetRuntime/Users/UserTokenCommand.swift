import ArgumentParser
import FleetAPI
import FleetStore
import Telemetry

/// `users token`.
struct UserTokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make a token that speaks for a user at the API, list them, or take one back.",
        discussion: "A token is printed this once; only its hash is kept.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The user's name.") var name: String

    @Option(
        help: ArgumentHelp(
            "What it may do, may be repeated: \(AccessScope.allCases.map(\.rawValue).joined(separator: ", ")). "
                + "(default: read)", valueName: "scope"),
        completion: .list(AccessScope.allCases.map(\.rawValue)))
    var scope: [AccessScope] = []

    @Option(help: "What it is for.")
    var label = ""

    @Option(help: ArgumentHelp("It expires after so many days, 1 to 3650.", valueName: "days"))
    var days = 90

    @Flag(help: "List the tokens of the user instead.")
    var list = false

    @Option(help: ArgumentHelp("Take the token of this id back instead.", valueName: "id"))
    var remove: String?

    func validate() throws {
        guard (1...3650).contains(days) else {
            throw ValidationError("'--days' is \(days), allowed 1…3650")
        }
        guard !list || remove == nil else {
            throw ValidationError("give one of '--list' and '--remove'")
        }
    }

    func run() throws {
        try UsersCommand.run(store) { store in
            guard try store.user(name) != nil else { try fail("there is no user '\(name)'") }
            if list { return show(try store.tokens(of: name)) }
            guard let remove else { return try make(store) }
            let isOwn = try store.tokens(of: name).contains { $0.id == remove }
            guard try isOwn && store.removeToken(remove, by: UsersCommand.author(actor)) else {
                try fail("'\(name)' has no token '\(remove)'")
            }
            print("took back \(remove)")
        }
    }

    private func make(_ store: any UserStore) throws {
        let (text, author) = (BearerToken.make(), UsersCommand.author(actor))
        let token = AccessToken(
            id: BearerToken.makeID(), hash: BearerToken.hash(text), owner: name, label: label,
            scopes: scope.isEmpty ? [.read] : Set(scope),
            createdMilliseconds: author.milliseconds,
            expiresMilliseconds: author.milliseconds + Int64(days) * 86_400_000)
        guard try store.addToken(token, by: author) else { try fail("there is no user '\(name)'") }
        print("id       \(token.id)")
        print("token    \(text)")
        print("scopes   \(Self.scopes(token))")
        print("expires  \(RFC3339.text(unixMilliseconds: token.expiresMilliseconds))")
    }

    private func show(_ tokens: [AccessToken]) {
        if tokens.isEmpty { Output.note("'\(name)' has no tokens") }
        let now = Moment.now()
        for token in tokens {
            let until = RFC3339.text(unixMilliseconds: token.expiresMilliseconds)
            let verb = token.expiresMilliseconds > now ? "expires" : "expired"
            print("\(token.id)  \(verb) \(until)  \(Self.scopes(token))  \(token.label)")
        }
    }

    private static func scopes(_ token: AccessToken) -> String {
        token.scopes.map(\.rawValue).sorted().joined(separator: ", ")
    }
}

extension AccessScope: ExpressibleByArgument {}

/// `users list`.
struct ListUsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Print the users, their roles and what was granted to them.")

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print one line of JSON a user.")
    var json = false

    func run() throws {
        try UsersCommand.run(store) { store in
            let users = try store.users()
            if users.isEmpty { Output.note("there are no users yet; add one with 'users add'") }
            for user in users {
                let grants = try store.grants(of: user.name)
                print(json ? Self.json(user, grants) : Self.row(user, grants))
            }
        }
    }

    private static func row(_ user: User, _ grants: [String]) -> String {
        let sees =
            user.role.seesAll
            ? "all gateways" : grants.isEmpty ? "no gateway" : grants.joined(separator: ", ")
        let password = user.passwordHash.isEmpty ? ", no password" : ""
        return "\(user.name): \(user.role.rawValue) of \(user.tenant), sees \(sees)\(password)"
    }

    private static func json(_ user: User, _ grants: [String]) -> String {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.name("user")
            writer.string(user.name)
            writer.name("tenant")
            writer.string(user.tenant)
            writer.name("role")
            writer.string(user.role.rawValue)
            writer.name("gateways")
            writer.array { writer in for id in grants { writer.string(id) } }
            writer.name("has_password")
            writer.bool(!user.passwordHash.isEmpty)
            writer.moment("created", unixMilliseconds: user.createdMilliseconds)
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// `users audit`.
struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Print what was changed in a tenant, the newest first.")

    @OptionGroup var store: StoreOptions
    @Argument(help: "The tenant's id.") var tenant: String

    @Option(help: ArgumentHelp("At most so many, 1 to 10000.", valueName: "number"))
    var limit = 100

    func validate() throws {
        guard (1...10_000).contains(limit) else {
            throw ValidationError("'--limit' is \(limit), allowed 1…10000")
        }
    }

    func run() throws {
        try UsersCommand.run(store) { store in
            let entries = try store.audit(tenant: tenant, limit: limit)
            if entries.isEmpty { Output.note("nothing was changed in a tenant '\(tenant)'") }
            for entry in entries {
                let time = RFC3339.text(unixMilliseconds: entry.author.milliseconds)
                let detail = entry.detail.isEmpty ? "" : " \(entry.detail)"
                print("\(time)  \(entry.author.name)  \(entry.action) \(entry.subject)\(detail)")
            }
        }
    }
}
