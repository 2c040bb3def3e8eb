import ArgumentParser
import GatewaySettings
import Glibc
import ProfileSet

/// The command line of `amphora-gateway`.
package struct GatewayCommand: ParsableCommand {
    /// Names, help and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "amphora-gateway",
        abstract:
            "Reads battery packs over Modbus, tells the inverter over CAN, keeps every record.",
        discussion: """
            Results go to standard output, everything else to standard error.
            Exit status: 0 success, 1 a check found problems or something failed, 2 wrong input, \
            3 the configuration, a map or a profile is invalid, 4 a device, bus or gateway cannot be \
            reached, 64 wrong usage.
            Shell completions: amphora-gateway --generate-completion-script bash|zsh|fish
            """,
        version: Version.number,
        subcommands: [
            RunCommand.self, WatchCommand.self, DecodeCommand.self, EncodeCommand.self,
            CANCommand.self, ScanCommand.self, ProfileCommand.self, OutboxCommand.self,
            ConfigCommand.self, UpdateCommand.self, LocalCommand.self,
            EnrollCommand.self, IdentityCommand.self, TUFClientCommand.self,
            VersionCommand.self,
        ])

    /// Made by the argument parser.
    package init() {}

    /// Runs the command that the program was started with.
    ///
    /// Ends as the argument parser does, except that `tuf-client` has one status for every failure: those
    /// who test clients know no other.
    package static func start() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch {
            let isWrongUsage = exitCode(for: error) == .validationFailure
            guard isWrongUsage, CommandLine.arguments.dropFirst().first == "tuf-client" else {
                exit(withError: error)
            }
            Output.note(fullMessage(for: error))
            Glibc.exit(ExitStatus.failure)
        }
    }
}

/// Where profile sets are looked for.
struct ProfileOptions: ParsableArguments {
    @Option(help: "The folder of the profile set.", completion: .directory)
    var profiles = GatewayConfiguration.installedProfiles
}

/// `version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        print(json ? "{\"version\":\"\(Version.number)\"}" : "amphora-gateway \(Version.number)")
    }
}

/// `config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at a configuration.",
        subcommands: [
            ConfigCheckCommand.self, ConfigShowCommand.self, ConfigPullCommand.self,
        ])
}

/// `config check`.
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract:
            "Check a configuration file with the maps and the profile it names; list every fault.")

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    func run() throws {
        do {
            let configuration = try GatewayConfiguration.load(path: config)
            let plan = try GatewayPlan(configuration)
            let packs = plan.lines.reduce(0) { $0 + $1.units.count }
            let lines = plan.lines.count == 1 ? "1 line" : "\(plan.lines.count) lines"
            print(
                "\(config): good; \(packs) packs on \(lines), inverter '\(plan.profile.title)', profile set \(plan.profileSet)"
            )
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }
}
