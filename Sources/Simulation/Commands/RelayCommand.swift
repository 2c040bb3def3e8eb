import ArgumentParser

/// `amphora-sim relay`.
struct RelayCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay", abstract: "Pass TCP connections on, and break them on command.",
        discussion: """
            Commands on the control socket (amphora-sim tell):
            \(RelayOrder.grammar)
            """)

    @Option(help: ArgumentHelp("Listen here.", valueName: "host:port"))
    var listen: String

    @Option(help: ArgumentHelp("Pass connections on to here.", valueName: "host:port"))
    var target: String

    @OptionGroup var options: RunOptions

    func run() throws {
        try options.run(
            { (reactor) throws(SimulationError) in
                let relay = try Relay(
                    listen: listen, target: target, control: options.control, reactor: reactor)
                options.note("amphora-sim: relay from \(listen) to \(target)")
                return relay
            },
            finish: { relay in
                Output.result(relay.status)
                return 0
            })
    }
}
