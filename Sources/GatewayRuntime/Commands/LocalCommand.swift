import ArgumentParser
import GatewaySettings
import LocalAPI

/// `local`.
struct LocalCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "local", abstract: "Look after the app for people on this network.",
        subcommands: [LocalResetPasswordCommand.self])
}

/// `local reset-password`.
struct LocalResetPasswordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reset-password",
        abstract: "Take the password of the local app away and sign everybody out.",
        discussion: """
            Whoever opens the app next, from a network that this machine is on, sets a new one. For somebody who \
            stands in front of the gateway: it needs the right to change the file. A running gateway notices \
            within a second.
            """)

    @Option(help: "The configuration file.")
    var config = "/etc/amphora/gateway.toml"

    func run() throws {
        let configuration: GatewayConfiguration
        do {
            configuration = try GatewayConfiguration.load(path: config)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        guard let local = configuration.local else {
            Output.note("\(config): there is no [local], so no app is served and has a password")
            throw ExitCode(ExitStatus.configuration)
        }
        do {
            let wasThere = try PasswordFile(path: local.passwordFile).remove()
            print(
                wasThere
                    ? "password taken away; whoever opens the app next sets a new one"
                    : "there is no password; whoever opens the app first sets it")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.failure)
        }
    }
}
