import Alarms
import ArgumentParser
import FleetStore
import Glibc
import HTTPSClient
import Notifications

/// `hooks`.
struct HooksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hooks",
        abstract: "Say which addresses are told of alarms.",
        discussion: """
            'amphora-fleet serve' posts JSON to each of them (Schemas/notification-v1.schema.json), signed \
            as Standard Webhooks 1.0 says: a receiver checks 'webhook-signature' with the secret. An alarm is \
            told raised once it has stood long enough, and cleared five minutes after its end. A receiver that \
            does not answer with 200 to 299 is told again, up to once an hour; 'webhook-id' tells it what it has \
            heard already.
            """,
        subcommands: [Add.self, List.self, Remove.self, Test.self],
        defaultSubcommand: List.self)

    static func run(
        _ options: StoreOptions, _ body: (any NotificationStore) throws -> Void
    ) throws {
        do {
            let store = try FleetStores.openNotifications(options.store)
            try store.migrate()
            try body(store)
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    static func fail(_ words: String) -> ExitCode {
        Output.note(words)
        return ExitCode.failure
    }
}

extension HooksCommand {
    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add an address, and print the secret that its receiver needs.")
        @OptionGroup var store: StoreOptions

        @Argument(help: "What to call it.")
        var name: String

        @Argument(help: "Where to post, https://…; http://127.0.0.1… on this machine.")
        var url: String

        @Option(
            help: ArgumentHelp(
                "The lowest level it is told of: \(Hook.levels.joined(separator: ", ")).",
                valueName: "level"),
            completion: .list(Hook.levels))
        var level = "warning"

        @Option(
            help: ArgumentHelp(
                "How long an alarm must stand before it is told, in seconds, 0 to 86400.",
                valueName: "seconds"))
        var afterS = 60

        @Option(
            help: ArgumentHelp(
                "PEM file of those who vouch for its server.", valueName: "file"),
            completion: .file())
        var ca = "/etc/ssl/certs/ca-certificates.crt"

        @Option(
            help: ArgumentHelp(
                "File with a secret that the receiver has already. (default: a new one)",
                valueName: "file"),
            completion: .file())
        var secretFile: String?

        @OptionGroup var language: LanguageOptions

        func validate() throws {
            guard Hook.levels.contains(level) else {
                throw ValidationError(
                    "'--level' is '\(level)', expected one of: \(Hook.levels.joined(separator: ", "))"
                )
            }
            guard (0...86_400).contains(afterS) else {
                throw ValidationError("'--after-s' is \(afterS), allowed 0…86400")
            }
            guard !name.isEmpty, name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw ValidationError("the name is '\(name)', expected letters without spaces")
            }
        }

        func run() throws {
            _ = try language.texts()
            let secret = try secretFile.map(Self.secret) ?? WebhookMessage.makeSecret()
            let hook = Hook(
                name: name, url: url, secret: secret, authorities: ca,
                language: language.language, level: level, after: Int64(afterS) * 1000,
                made: Moment.now())
            // what no message could ever be sent to is refused now
            if let fault = HTTPSRequest(url: url).fault(speaksPlainlyToItself: true) {
                throw ValidationError(fault)
            }
            _ = try readable { try HookService.exchange(hook) }
            try HooksCommand.run(store) { store in
                guard try store.add(hook) else {
                    throw HooksCommand.fail(
                        "there is a hook '\(name)' already; 'hooks remove' it first")
                }
                if secretFile == nil { print("secret \(secret)") }
                Output.note(
                    "'\(name)' is told of what is raised from now on; try 'hooks test \(name)'")
            }
        }

        private static func secret(_ path: String) throws -> String {
            let text = String(decoding: try readable { try WholeFile.read(path) }, as: UTF8.self)
            let secret = text.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? ""
            guard WebhookMessage.key(of: secret) != nil else {
                throw ValidationError(
                    "'\(path)' has no secret, expected 'whsec_' and 24 to 64 bytes in base64")
            }
            return secret
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the hooks, without their secrets.")
        @OptionGroup var store: StoreOptions

        func run() throws {
            try HooksCommand.run(store) { store in
                let hooks = try store.hooks()
                if hooks.isEmpty { Output.note("there are no hooks yet; add one with 'hooks add'") }
                for hook in hooks {
                    print(
                        "\(hook.name): \(hook.url), from \(hook.level) on, after \(hook.after / 1000) s, "
                            + "in '\(hook.language)'")
                }
            }
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Tell an address no more.")
        @OptionGroup var store: StoreOptions

        @Argument(help: "What it is called.")
        var name: String

        func run() throws {
            try HooksCommand.run(store) { store in
                guard try store.removeHook(name) else {
                    throw HooksCommand.fail("there is no hook '\(name)'")
                }
            }
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Post a message without notices, and say what became of it.")
        @OptionGroup var store: StoreOptions

        @Argument(help: "What it is called.")
        var name: String

        func run() throws {
            try HooksCommand.run(store) { store in
                guard let hook = try store.hooks().first(where: { $0.name == name }) else {
                    throw HooksCommand.fail("there is no hook '\(name)'")
                }
                let texts = try readable { try AlarmTexts(hook.language) }
                let teller = HookTeller(hook, texts: texts) { () throws(HTTPSFailure) in
                    try HookService.exchange(hook)
                }
                if let reason = teller.test(now: Moment.now()) { throw HooksCommand.fail(reason) }
                print("'\(hook.url)' has taken it")
            }
        }
    }
}
