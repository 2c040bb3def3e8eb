import Alarms
import ArgumentParser
import FleetStore

/// `alarms`.
struct AlarmsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alarms",
        abstract:
            "Print what is wrong in the fleet, by gateway or by cause, and say who looks after it.",
        discussion: """
            An alarm stands until its gateway clears it or begins anew, never because nothing is heard. What \
            is raised again within five minutes is the same alarm. Alarms are made of events by \
            'amphora-fleet serve', and by these commands.
            """,
        subcommands: [List.self, Causes.self, Acknowledge.self],
        defaultSubcommand: List.self)

    /// Opens the store, makes alarms of what came, and does something with it.
    static func run(
        _ options: StoreOptions, _ body: (any AlarmStore) throws -> Void
    ) throws {
        do {
            let store = try FleetStores.openAlarms(options.store)
            try store.migrate()
            // gateways that report alarms all the time are the business of 'serve'
            for _ in 0..<20 { if try store.keepAlarms(limit: 1000) == 0 { break } }
            try body(store)
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// In which language alarms are explained.
struct LanguageOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "In which language: \(AlarmTexts.languages.joined(separator: ", ")).",
            valueName: "code"),
        completion: .list(AlarmTexts.languages))
    var language = "en"

    /// The texts; ends the command with status 3 where there are none.
    func texts() throws -> AlarmTexts { try readable { try AlarmTexts(language) } }
}

extension AlarmsCommand {
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print alarms, the one raised last first.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var language: LanguageOptions

        @Option(help: ArgumentHelp("Of this gateway only.", valueName: "id"))
        var gateway: String?

        @Option(help: ArgumentHelp("Of this cause only, such as pack_silent.", valueName: "code"))
        var code: String?

        @Flag(help: "Also those that are over.")
        var all = false

        @Option(help: ArgumentHelp("At most so many, 1 to 10000.", valueName: "number"))
        var limit = 100

        @Flag(help: "Print one line of JSON an alarm.")
        var json = false

        func validate() throws {
            guard (1...10_000).contains(limit) else {
                throw ValidationError("'--limit' is \(limit), allowed 1…10000")
            }
        }

        func run() throws {
            let texts = try language.texts()
            try AlarmsCommand.run(store) { store in
                var filter = AlarmFilter()
                (filter.gateway, filter.code) = (gateway, code)
                (filter.isOpenOnly, filter.limit) = (!all, limit)
                let alarms = try store.alarms(filter)
                if alarms.isEmpty { Output.note(all ? "no alarms" : "no open alarms") }
                for alarm in alarms {
                    if json {
                        print(AlarmText.json(alarm, texts))
                    } else {
                        for line in AlarmText.lines(alarm, texts) { print(line) }
                    }
                }
                if alarms.count == limit { Output.note("there may be more; '--limit' shows them") }
            }
        }
    }

    struct Causes: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print open alarms by cause, that of the most gateways first.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var language: LanguageOptions

        @Flag(help: "Print one line of JSON a cause.")
        var json = false

        func run() throws {
            let texts = try language.texts()
            try AlarmsCommand.run(store) { store in
                let causes = try store.alarmCauses()
                if causes.isEmpty { Output.note("no open alarms") }
                for cause in causes {
                    print(json ? AlarmText.json(cause, texts) : AlarmText.line(cause, texts))
                }
            }
        }
    }

    struct Acknowledge: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say that somebody looks after an open alarm; it stays open.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var author: AuthorOptions

        @Argument(help: "The gateway's id.")
        var gateway: String

        @Argument(help: "The cause, such as pack_silent.")
        var code: String

        @Option(help: ArgumentHelp("Of this pack only; 0 is the gateway.", valueName: "number"))
        var pack: Int32?

        func run() throws {
            try AlarmsCommand.run(store) { store in
                var filter = AlarmFilter()
                (filter.gateway, filter.code) = (gateway, code)
                (filter.isOpenOnly, filter.limit) = (true, 1000)
                let alarms = try store.alarms(filter)
                    .filter { pack == nil || $0.subject.pack == pack }
                guard !alarms.isEmpty else {
                    let which = pack.map { " of pack \($0)" } ?? ""
                    Output.note("'\(gateway)' has no open alarm '\(code)'\(which)")
                    throw ExitCode.failure
                }
                for alarm in alarms where alarm.acknowledged == nil {
                    _ = try store.add(
                        AlarmWord(
                            alarm.subject, .acknowledged, made: Moment.now(), author: author.name,
                            text: author.note))
                }
                _ = try store.keepAlarms(limit: 1000)
                let known = alarms.filter { $0.acknowledged != nil }
                for alarm in known {
                    Output.note(
                        "pack \(alarm.subject.pack): \(alarm.acknowledgedBy) knows of it already")
                }
                print("\(alarms.count - known.count) acknowledged by \(author.name)")
            }
        }
    }
}
