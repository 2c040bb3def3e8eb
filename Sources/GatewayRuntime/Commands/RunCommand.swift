import ArgumentParser
import GatewaySettings
import HTTPSClient
import Logging
import Logs
import RemoteConfiguration

/// `run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway in the foreground until SIGTERM or Ctrl-C.")

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    @Flag(
        help: """
            The clock is right although the kernel knows of no time service, as in a virtual machine whose host \
            keeps it. Without, times are trusted once a time service has set the clock.
            """)
    var trustClock = false

    func run() throws {
        if trustClock { MachineClock.vouch() }
        let beginning: GatewayBeginning
        do {
            beginning = try GatewayBeginning(path: config)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        let log = Logger(label: "amphora")
        let level = beginning.plan.configuration.logLevel.rawValue
        LineLogHandler.least = Logger.Level(rawValue: level) ?? .info
        defer { withExtendedLifetime(beginning.lock) {} }
        do {
            try Gateway(
                beginning.plan, remote: beginning.control, beginning: beginning.remote,
                updates: beginning.updates, log: log
            ).run()
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}
