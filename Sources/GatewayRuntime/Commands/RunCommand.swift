import ArgumentParser
import GatewaySettings
import Logging
import Logs

/// `run`.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run the gateway in the foreground until SIGTERM or Ctrl-C.")

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    func run() throws {
        let plan: GatewayPlan
        do {
            plan = try GatewayPlan(try GatewayConfiguration.load(path: config))
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        LoggingSystem.bootstrap { _ in LineLogHandler() }
        var log = Logger(label: "amphora")
        log.logLevel = Logger.Level(rawValue: plan.configuration.logLevel.rawValue) ?? .info
        do {
            try Gateway(plan, log: log).run()
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}
