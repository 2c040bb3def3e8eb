import ArgumentParser
import Outbox
import Telemetry

/// `outbox`.
struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Look at the records that are not yet acknowledged.",
        subcommands: [OutboxStatusCommand.self])
}

/// `outbox status`.
struct OutboxStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print what waits, since when, and what was lost.")

    @Option(help: "The configuration file that names the outbox.")
    var config = "/etc/amphora/gateway.toml"

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let path: String
        do {
            path = try GatewayConfiguration.load(path: config).outbox.path
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        do {
            let status = try OutboxReader(path: path).status()
            print(json ? Self.json(status) : Self.text(status), terminator: "")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    private static func text(_ status: OutboxStatus) -> String {
        var text = "\(status.path)\n"
        text += "  waiting      \(status.depth) records\n"
        if let oldest = status.oldestWallMilliseconds {
            text += "  oldest       \(RFC3339.text(unixNanoseconds: oldest * 1_000_000))\n"
        }
        text += "  next number  \(status.nextSequence) in epoch \(status.epoch)\n"
        text += "  on disk      \(status.fileBytes / 1024) kB\n"
        text += "  lost         \(status.lost)\n"
        for (reason, count) in status.losses.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text += "    \(reason.rawValue.replacing("_", with: " ")): \(count)\n"
        }
        return text
    }

    private static func json(_ status: OutboxStatus) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("path")
            writer.string(status.path)
            writer.name("epoch")
            writer.integer(status.epoch)
            writer.name("depth")
            writer.integer(status.depth)
            writer.name("oldest_seq")
            if let oldest = status.oldestSequence { writer.integer(oldest) } else { writer.null() }
            writer.name("next_seq")
            writer.integer(status.nextSequence)
            writer.name("bytes")
            writer.integer(status.fileBytes)
            writer.name("lost")
            writer.integer(status.lost)
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
