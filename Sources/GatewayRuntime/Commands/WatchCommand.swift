import ArgumentParser

/// `watch`.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Show the running gateway: the bank, one row a pack, and what is wrong.",
        discussion:
            "Ends with Ctrl-C. With --json each update is one line, documented in Schemas/status-v1.schema.json."
    )

    @Option(help: "The gateway's status socket.")
    var socket = "/run/amphora/gateway.sock"

    @Flag(help: "Print one update and end.")
    var once = false

    @Flag(help: "Print JSON lines.")
    var json = false

    func run() throws {
        do {
            let client = try StatusClient(path: socket)
            while let document = try client.next() {
                try show(document)
                if once { return }
            }
            Output.note("the gateway has ended")
            throw ExitCode(ExitStatus.unreachable)
        } catch let error as StatusError {
            Output.note(error.description)
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    private func show(_ document: [UInt8]) throws {
        if json {
            print(String(decoding: document, as: UTF8.self))
        } else {
            let table = WatchTable(status: try .decode(document), hasColor: Output.hasColor)
            let home = Output.hasColor && !once ? "\u{1B}[H\u{1B}[2J" : ""
            print(home + table.render(), terminator: once ? "" : "\n")
        }
        Output.flush()
    }
}
