import ArgumentParser
import FleetConfiguration
import FleetStore
import GatewaySettings
import Glibc
import StrictJSON
import Telemetry

/// `config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Set what gateways run on, and see what they made of it.",
        discussion: """
            Settings have the names of the gateway's own file, such as telemetry.interval_s. What is set \
            for a gateway goes over what is set for its group, and that over what is set for all. Nothing \
            is kept that a gateway would refuse. A gateway that is reached has a change within seconds; \
            one that is offline takes it when it comes back.
            """,
        subcommands: [
            Set.self, Unset.self, Show.self, Diff.self, History.self, Rollback.self, Status.self,
        ])
}

/// Whom a command is about.
struct ScopeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The gateways of this group.", valueName: "name"))
    var group: String?

    @Option(help: ArgumentHelp("This gateway alone.", valueName: "id"))
    var gateway: String?

    var scope: ConfigurationScope {
        gateway.map { .gateway($0) } ?? group.map { .group($0) } ?? .fleet
    }

    func validate() throws {
        guard group == nil || gateway == nil else {
            throw ValidationError("give one of --group and --gateway, or none for all gateways")
        }
        if let gateway, !GatewayConfiguration.isIdentifier(gateway) {
            throw ValidationError(
                "'--gateway' is '\(gateway)', expected 1 to 64 characters of a…z, 0…9 and -")
        }
        if let group, group.isEmpty || group.utf8.count > 64 {
            throw ValidationError("'--group' is '\(group)', expected 1 to 64 characters")
        }
    }
}

extension ConfigCommand {
    struct Set: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set keys for all gateways, a group or one gateway.",
            discussion: """
                amphora-fleet config set --store … telemetry.interval_s=30 mqtt.host=broker.example
                The value 'null' undoes what is set for more gateways. Lists, such as line, are set whole, \
                from a file.
                """)
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var author: AuthorOptions

        @Option(
            help: "A JSON file with settings, '-' for standard input, in place of key=value.",
            completion: .file())
        var file: String?

        @Flag(help: "Let the file replace all that was set there, instead of going over it.")
        var replace = false

        @Argument(help: ArgumentHelp("Settings.", valueName: "key=value"))
        var settings: [String] = []

        func validate() throws {
            guard settings.isEmpty != (file == nil) else {
                throw ValidationError("give settings as key=value, or a file with --file")
            }
            guard !replace || file != nil else {
                throw ValidationError("'--replace' goes with '--file'")
            }
        }

        func run() throws {
            try ConfigCommand.run(store) { service, now in
                let layer: ConfigurationLayer
                if let file, replace {
                    layer = try service.replace(
                        try ConfigCommand.read(file), in: scope.scope, by: author.name,
                        note: author.note, at: now)
                } else {
                    var change = LayerMerging.nothing
                    if let file { change = try ConfigCommand.read(file) }
                    for setting in settings {
                        change = LayerMerging.composed(change, try SettingText.parse(setting))
                    }
                    layer = try service.set(
                        change, in: scope.scope, by: author.name, note: author.note, at: now)
                }
                ConfigCommand.told(layer)
            }
        }
    }

    struct Unset: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take keys back, so that what is set for more gateways counts again.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var author: AuthorOptions

        @Argument(help: ArgumentHelp("Full names of settings.", valueName: "key"))
        var keys: [String]

        func run() throws {
            try ConfigCommand.run(store) { service, now in
                ConfigCommand.told(
                    try service.unset(
                        keys, in: scope.scope, by: author.name, note: author.note, at: now))
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what is set; of a gateway all that counts, and where it is set.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions

        @Flag(help: "Print JSON.")
        var json = false

        func run() throws {
            try ConfigCommand.run(store) { service, now in
                if case .gateway(let gateway) = scope.scope {
                    if json {
                        let offer = try service.offer(to: gateway, at: now)
                        print(String(decoding: ConfigurationDocument.bytes(offer), as: UTF8.self))
                        return
                    }
                    for setting in try service.origins(of: gateway) {
                        print("\(setting.key) = \(setting.value)  # \(setting.scope)")
                    }
                    return
                }
                let layer = try service.history(of: scope.scope).first
                let item = try layer.map { try service.parsed($0) } ?? LayerMerging.nothing
                if json {
                    print(item.canonicalText)
                } else {
                    for leaf in LayerMerging.leaves(item) { print("\(leaf.key) = \(leaf.value)") }
                    if layer == nil { Output.note("nothing is set for '\(scope.scope)'") }
                }
            }
        }
    }

    struct Diff: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what differs between two versions, the newest two by default.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions

        @Argument(help: "The older version, 0 for nothing at all.") var old: Int64?
        @Argument(help: "The newer version.") var new: Int64?

        func run() throws {
            try ConfigCommand.run(store) { service, _ in
                let history = try service.history(of: scope.scope)
                let newest = history.first?.version ?? 0
                let to = new ?? newest
                func item(_ version: Int64) throws -> JSONItem {
                    if version == 0 { return LayerMerging.nothing }
                    guard let layer = history.first(where: { $0.version == version }) else {
                        throw SettingFault(
                            "'\(scope.scope)' has no version \(version), expected 0 to \(newest)")
                    }
                    return try service.parsed(layer)
                }
                let changes = LayerMerging.difference(try item(old ?? max(0, to - 1)), try item(to))
                for change in changes {
                    if let old = change.old { print("- \(change.key) = \(old)") }
                    if let new = change.new { print("+ \(change.key) = \(new)") }
                }
                if changes.isEmpty { Output.note("nothing differs") }
            }
        }
    }

    struct History: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the versions, the newest first.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions

        func run() throws {
            try ConfigCommand.run(store) { service, _ in
                for layer in try service.history(of: scope.scope) {
                    let time = RFC3339.text(unixMilliseconds: layer.madeMilliseconds)
                    let note = layer.note.isEmpty ? "" : "  \(layer.note)"
                    print("\(layer.version)  \(time)  \(layer.author)\(note)")
                }
            }
        }
    }

    struct Rollback: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring an earlier version back, as a new version.")
        @OptionGroup var store: StoreOptions
        @OptionGroup var scope: ScopeOptions
        @OptionGroup var author: AuthorOptions

        @Argument(help: "The version to bring back.") var version: Int64

        func run() throws {
            try ConfigCommand.run(store) { service, now in
                ConfigCommand.told(
                    try service.rollBack(scope.scope, to: version, by: author.name, at: now))
            }
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print which version each gateway was offered, and what it made of it.")
        @OptionGroup var store: StoreOptions

        @Flag(help: "Print one line of JSON a gateway.")
        var json = false

        func run() throws {
            try ConfigCommand.run(store) { service, _ in
                for line in try service.states() {
                    print(json ? ConfigStateText.json(line) : ConfigStateText.row(line))
                }
            }
        }
    }

    /// Opens the store and ends with words and a status instead of an error's name.
    static func run(
        _ store: StoreOptions, _ body: (ConfigurationService, _ now: Int64) throws -> Void
    ) throws {
        do {
            let opened = try FleetStores.openConfiguration(store.store)
            try opened.migrate()
            let service = ConfigurationService(store: opened, check: GatewayCheck.faults)
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            try body(service, Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        } catch let error as ConfigurationServiceError {
            Output.note("\(error)")
            if case .store = error { throw ExitCode(ExitStatus.unreachable) }
            throw ExitCode(ExitStatus.configuration)
        } catch let error as FleetStoreError {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        } catch let error as SettingFault {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    static func read(_ path: String) throws -> JSONItem {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(
                path == "-" ? "/dev/stdin" : path, limit: RemoteDocument.mostBytes)
        } catch {
            throw SettingFault("\(error)")
        }
        do {
            return try JSONParser.parse(bytes)
        } catch {
            throw SettingFault("'\(path)' is no JSON: \(error)")
        }
    }

    static func told(_ layer: ConfigurationLayer) {
        print("'\(layer.scope)' has version \(layer.version)")
    }
}
