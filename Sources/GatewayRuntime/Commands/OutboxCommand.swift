import ArgumentParser
import GatewaySettings
import Outbox
import Telemetry

/// `outbox`.
struct OutboxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "outbox", abstract: "Look at the records that are not yet acknowledged.",
        subcommands: [OutboxStatusCommand.self, OutboxRejectedCommand.self])
}

/// What both commands are told.
struct OutboxOptions: ParsableArguments {
    @Option(help: "The configuration file that names the outbox.")
    var config = "/etc/amphora/gateway.toml"

    /// Opens the outbox that the configuration names.
    func reader() throws -> OutboxReader {
        let path: String
        do {
            path = try GatewayConfiguration.load(path: config).outbox.path
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        do {
            return try OutboxReader(path: path)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// `outbox rejected`.
struct OutboxRejectedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rejected",
        abstract: "Print the records that the fleet has rejected, with its reasons.",
        discussion: """
            The last 200 of them are kept. A rejected record is not sent again; it tells of a gateway \
            or a fleet that is older than the other, or of damage.
            """)

    @OptionGroup var options: OutboxOptions

    @Flag(help: "Print each whole document below its reason.")
    var documents = false

    func run() throws {
        let reader = try options.reader()
        do {
            let rejected = try reader.rejected()
            if rejected.isEmpty { print("no record was rejected") }
            for record in rejected {
                let made = RFC3339.text(unixMilliseconds: record.wallMilliseconds)
                print("\(record.sequence)  \(made)  \(record.reason)")
                if documents { print(String(decoding: record.payload, as: UTF8.self)) }
            }
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// `outbox status`.
struct OutboxStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Print what waits, since when, and what was lost.")

    @OptionGroup var options: OutboxOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        let reader = try options.reader()
        do {
            let status = try reader.status()
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
            text += "  oldest       \(RFC3339.text(unixMilliseconds: oldest))\n"
        }
        text += "  next number  \(status.nextSequence) in epoch \(status.epoch)\n"
        let budget = status.budgetBytes.map { " of \($0 / 1024)" } ?? ""
        text +=
            "  in use       \(status.usedBytes / 1024)\(budget) kB, file \(status.fileBytes / 1024) kB\n"
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
            writer.name("used_bytes")
            writer.integer(status.usedBytes)
            writer.name("budget_bytes")
            if let budget = status.budgetBytes { writer.integer(budget) } else { writer.null() }
            writer.moment("oldest", unixMilliseconds: status.oldestWallMilliseconds)
            writer.name("lost")
            writer.integer(status.lost)
            writer.counts("losses", status.losses.listed)
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
