import ArgumentParser
import FleetAPI
import FleetStore
import Telemetry

/// `users`.
struct UsersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "users", abstract: "Say who may use the API, and see which gateways.",
        discussion: """
            An owner and an installer see the gateways granted to them, an operator and an admin all of \
            their tenant. What is changed is kept with who changed it; 'users audit' shows it.
            """,
        subcommands: [
            AddUserCommand.self, ListUsersCommand.self, RemoveUserCommand.self,
            SetPasswordCommand.self, UserTokenCommand.self, UserNotifyCommand.self,
            GrantCommand.self, InviteCommand.self, AuditCommand.self,
        ])

    /// Opens the store for a command, with its tables of today; trouble ends it with a sentence.
    static func run(_ options: StoreOptions, _ body: (any UserStore & CodeStore) throws -> Void)
        throws
    {
        do {
            let store = try FleetStores.openUsers(options.store)
            try store.migrate()
            try body(store)
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    /// Whoever is at the command line, now.
    static func author(_ options: ActorOptions) -> Author {
        Author(options.name, at: Moment.now())
    }
}

/// Who changes something.
struct ActorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Who does it. (default: the login name)", valueName: "name"))
    var author: String?

    var name: String { author ?? AuthorOptions.loginName }

    func validate() throws {
        if let author, author.allSatisfy(\.isWhitespace) {
            throw ValidationError("'--author' is empty, expected a name")
        }
    }
}

/// Where a password comes from; never from the command line, which everybody on the machine can read.
struct PasswordOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A file whose first line is the password; '-' reads it from the input.",
            valueName: "file"), completion: .file())
    var passwordFile: String?

    /// The hash of the password; empty when there is no file.
    ///
    /// Ends the command with status 3 for a bad one.
    func hash() throws -> String {
        guard let passwordFile else { return "" }
        let line =
            try passwordFile == "-"
            ? readLine() ?? "" : readable { try Self.firstLine(of: passwordFile) }
        if let fault = Self.fault(line) {
            Output.note(fault)
            throw ExitCode(ExitStatus.configuration)
        }
        return try PasswordHash.make(line)
    }

    /// What is wrong with a password; nil when it can be used.
    static func fault(_ password: String) -> String? {
        guard password.count >= PasswordHash.shortest else {
            return "the password has \(password.count) characters, expected at least "
                + "\(PasswordHash.shortest)"
        }
        guard password.utf8.count <= PasswordHash.longest else {
            return "the password has \(password.utf8.count) bytes, expected at most "
                + "\(PasswordHash.longest)"
        }
        return nil
    }

    private static func firstLine(of path: String) throws -> String {
        let line = try WholeFile.read(path).prefix { $0 != 0x0A && $0 != 0x0D }
        return String(decoding: line, as: UTF8.self)
    }
}

/// `users add`.
struct AddUserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a user to a tenant, and grant gateways.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @OptionGroup var password: PasswordOptions

    @Argument(help: "What they sign in with, 1 to 64 characters 'a…z 0…9 . _ @ -'.")
    var name: String

    @Option(help: ArgumentHelp("The tenant they belong to.", valueName: "id"))
    var tenant: String

    @Option(
        help: ArgumentHelp(
            "One of: \(UserRole.allCases.map(\.rawValue).joined(separator: ", ")).",
            valueName: "role"),
        completion: .list(UserRole.allCases.map(\.rawValue)))
    var role: UserRole

    @Option(help: ArgumentHelp("Let them see this gateway; may be repeated.", valueName: "id"))
    var gateway: [String] = []

    func validate() throws {
        guard Self.isName(name) else {
            throw ValidationError(
                "'\(name)' is no name of a user, expected 1 to 64 characters 'a…z 0…9 . _ @ -'")
        }
    }

    static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || "._@-".utf8.contains(byte)
            }
    }

    func run() throws {
        let hash = try password.hash()
        try UsersCommand.run(store) { store in
            let known = Set(try store.gateways(ofTenant: tenant))
            let strangers = gateway.filter { !known.contains($0) }
            guard try store.tenants().contains(where: { $0.id == tenant }) else {
                try fail("there is no tenant '\(tenant)'; add one with 'tenants add'")
            }
            guard strangers.isEmpty else {
                try fail(
                    "not of tenant '\(tenant)': \(strangers.joined(separator: ", ")); "
                        + "'tenants assign' changes that; nobody is added")
            }
            let author = UsersCommand.author(actor)
            let user = User(
                name: name, tenant: tenant, role: role, passwordHash: hash,
                createdMilliseconds: author.milliseconds)
            switch try store.addUser(user, by: author) {
            case .nameTaken: try fail("there is a user '\(name)' already")
            case .unknownTenant: try fail("there is no tenant '\(tenant)'")
            case .added: break
            }
            for id in gateway {
                guard try store.grant(true, gateway: id, to: name, by: author) else {
                    try fail("'\(id)' has just left tenant '\(tenant)'; it is not granted")
                }
            }
        }
        print("added \(name)")
        if hash.isEmpty {
            Output.note("'\(name)' has no password; 'users invite' lets them choose one")
        }
    }
}

extension UserRole: ExpressibleByArgument {}

/// `users remove`.
struct RemoveUserCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Remove a user, with all that is kept of them.",
        discussion: """
            Tokens, sessions, browsers, mail address, grants and notes are gone at once, as when users delete \
            their account themselves. What tells what became of a gateway stays, with a number in place of the \
            name. What gateways measured stays with them; whoever gets one next sees what comes from then on.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The user's name.") var name: String

    func run() throws {
        try UsersCommand.run(store) { store in
            guard try store.removeUser(name, by: UsersCommand.author(actor)) else {
                try fail("there is no user '\(name)'")
            }
        }
        print("removed \(name)")
    }
}

/// `users passwd`.
struct SetPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "passwd", abstract: "Give a user a new password; all tokens end at once.",
        discussion: """
            The password is the first line of the input, or of --password-file: at least \
            \(PasswordHash.shortest) characters. Only a slow hash of it is kept.
            """)

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @OptionGroup var password: PasswordOptions
    @Argument(help: "The user's name.") var name: String

    func run() throws {
        var source = password
        source.passwordFile = password.passwordFile ?? "-"
        let hash = try source.hash()
        try UsersCommand.run(store) { store in
            guard try store.setPassword(hash, of: name, by: UsersCommand.author(actor)) else {
                try fail("there is no user '\(name)'")
            }
        }
        print("changed the password of \(name)")
    }
}

/// `users grant`.
struct GrantCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "grant", abstract: "Let a user see gateways of their tenant, or no longer.")

    @OptionGroup var store: StoreOptions
    @OptionGroup var actor: ActorOptions
    @Argument(help: "The user's name.") var name: String
    @Argument(help: "The ids of gateways.") var gateways: [String]

    @Flag(help: "Take the gateways away instead.")
    var withdraw = false

    func run() throws {
        try UsersCommand.run(store) { store in
            guard let user = try store.user(name) else { try fail("there is no user '\(name)'") }
            for id in gateways {
                let author = UsersCommand.author(actor)
                guard try store.grant(!withdraw, gateway: id, to: name, by: author) else {
                    try fail("'\(id)' is no gateway of tenant '\(user.tenant)'")
                }
                print("\(withdraw ? "withdrew" : "granted") \(id)")
            }
        }
    }
}
