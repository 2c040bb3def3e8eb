import ArgumentParser
import Glibc
import TestKit

/// `amphora-sim`.
package struct SimulatorCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "amphora-sim",
        abstract: "Simulated battery packs, inverters, networks and fleets for Amphora.",
        discussion: """
            Every simulation runs until SIGINT or SIGTERM (or --seconds) and then removes its links \
            and sockets. Results go to standard output, everything else to standard error.

            Exit status: 0 all well; 1 it could not be done, or the verdict is 'failed'; 64 wrong \
            usage.
            """,
        subcommands: [
            BankSimCommand.self, InverterSimCommand.self, RelayCommand.self, FleetSimCommand.self,
            TellCommand.self,
        ])

    /// For the argument parser.
    package init() {}
}

/// Options every simulation has.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Take commands on this Unix socket.", valueName: "path"))
    var control: String?

    @Option(help: ArgumentHelp("End after so many seconds.", valueName: "seconds"))
    var seconds: Double?

    @Flag(help: "Print no remarks.")
    var quiet = false

    /// Runs what `start` builds until a signal or the end of the time; `finish` still sees it alive.
    func run<Simulation>(
        _ start: (Reactor) throws(SimulationError) -> Simulation,
        finish: (Simulation) -> Int32
    ) throws {
        let status: Int32
        do {
            let stop = try StopSignal()
            stop.raiseOnTermination()
            let reactor = Reactor(stop: stop)
            let simulation = try start(reactor)
            if let seconds {
                reactor.at(Clock.now() + Int64(min(max(seconds, 0), 1e9) * 1e9)) {
                    [unowned reactor] in reactor.stop()
                }
            }
            reactor.run()
            status = finish(simulation)
        } catch {
            Output.note("amphora-sim: \(error)")
            throw ExitCode(1)
        }
        if status != 0 { throw ExitCode(status) }
    }

    /// A remark on standard error unless it is unwanted.
    func note(_ text: String) {
        if !quiet { Output.note(text) }
    }
}

/// Where pack maps and inverter profiles are found.
struct ProfileOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of a profile set (default: $AMPHORA_PROFILES or the installed one).",
            valueName: "folder"))
    var profiles: String?

    /// The folder to use.
    var folder: String {
        profiles ?? Environment.value("AMPHORA_PROFILES")
            ?? "/usr/share/amphora/profile-sets/base"
    }
}

/// `amphora-sim tell`.
struct TellCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tell", abstract: "Send a running simulation a command, print its answer.",
        discussion: """
            To a bank:
            \(BankOrder.grammar)

            To an inverter:
            \(InverterOrder.grammar)

            To a relay:
            \(RelayOrder.grammar)

            To a fleet of gateways:
              status

            A command with a negative number is one quoted word: 'load -40'.

            Exit status: 0 done; 1 refused or no simulation there.
            """)

    @Option(help: ArgumentHelp("The simulation's control socket.", valueName: "path"))
    var control: String

    @Argument(help: "The command, such as '7 silent 10s'.")
    var words: [String]

    func run() throws {
        do {
            let answer = try ControlClient.tell(words.joined(separator: " "), path: control)
            guard !answer.isEmpty, !answer.hasPrefix("error: ") else {
                Output.note(answer.isEmpty ? "error: no answer" : answer)
                throw ExitCode(1)
            }
            Output.result(answer)
        } catch let error as SimulationError {
            Output.note("amphora-sim: \(error)")
            throw ExitCode(1)
        }
    }
}
