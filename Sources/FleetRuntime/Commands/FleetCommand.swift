import ArgumentParser
import ProfileSet

/// The command line of `amphora-fleet`.
package struct FleetCommand: ParsableCommand {
    /// Names, help and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "amphora-fleet",
        abstract: "Stores what gateways measure.",
        discussion: """
            Results go to standard output, everything else to standard error.
            Exit status: 0 success, 1 something failed, 3 an option or a file it names is invalid, \
            4 the broker or the store cannot be used, 64 wrong usage.
            Shell completions: amphora-fleet --generate-completion-script bash|zsh|fish
            """,
        version: Version.number,
        subcommands: [
            IngestCommand.self, ServeCommand.self, GatewaysCommand.self,
            RetentionCommand.self,
            HistoryCommand.self,
            CACommand.self, BrokerCommand.self,
            DevicesCommand.self, MakersCommand.self, ConfigCommand.self,
            RolloutCommand.self, AlarmsCommand.self, HooksCommand.self,
            TenantsCommand.self, UsersCommand.self,
            ProfilesCommand.self,
            VersionCommand.self,
        ])

    /// Made by the argument parser.
    package init() {}
}

/// `version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the version.")

    @Flag(help: "Print JSON.")
    var json = false

    func run() {
        print(json ? "{\"version\":\"\(Version.number)\"}" : "amphora-fleet \(Version.number)")
    }
}
