import ArgumentParser
import FleetStore
import Glibc
import Telemetry

/// `gateways`.
struct GatewaysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateways",
        abstract: "Print what is stored of each gateway, and how its outbox was last.",
        discussion: """
            waiting, since when, how full and lost are what the gateway said in its newest record. \
            Letters are messages that were no records; their reasons, and how often each came, stand in \
            the table dead_letter.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Print one line of JSON a gateway.")
    var json = false

    func run() throws {
        do {
            let store = try openStore(store.store)
            try store.migrate()
            let tallies = try store.tallies()
            if tallies.isEmpty { Output.note("no gateway has sent anything to this store yet") }
            for (index, tally) in tallies.enumerated() {
                if !json, index == 0 { print(Self.heading) }
                print(json ? Self.json(tally) : Self.row(tally))
                if !json { for line in Self.remarks(tally) { print("  \(line)") } }
            }
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    private static let heading =
        "GATEWAY               RECORDS   EVENTS  LETTERS  UNMENDED  WAITING  SINCE                     FULL %  LOST"

    private static func row(_ tally: GatewayTally) -> String {
        let outbox = tally.outbox
        let full = outbox.map { $0.budgetBytes > 0 ? $0.bytes * 100 / $0.budgetBytes : 0 }
        let losses = (outbox?.losses ?? [:]).sorted { $0.key < $1.key }
        return [
            pad(tally.gateway, 20, isLeft: true), pad("\(tally.records)", 8),
            pad("\(tally.events)", 7), pad("\(tally.deadLetters)", 7), pad("\(tally.unmended)", 8),
            pad(outbox.map { "\($0.depth)" } ?? "–", 7),
            pad(
                outbox?.oldestWallMilliseconds.map { RFC3339.text(unixMilliseconds: $0) } ?? "–",
                24, isLeft: true), pad(full.map { "\($0)" } ?? "–", 6),
            outbox == nil
                ? "–"
                : losses.isEmpty
                    ? "0" : losses.map { "\($0.value) \($0.key)" }.joined(separator: ", "),
        ].joined(separator: "  ")
    }

    /// What needs a sentence of its own.
    static func remarks(_ tally: GatewayTally) -> [String] {
        var remarks: [String] = []
        if let shared = tally.shared {
            let sessions = shared.sessions.map { session in
                let boot = session.boot.isEmpty ? "a boot long ago" : "boot \(session.boot)"
                return "outbox \(session.epoch) of \(boot)"
            }
            let last = RFC3339.text(unixMilliseconds: shared.lastSeen)
            remarks.append(
                "two machines use this identity, last seen \(last): "
                    + sessions.joined(separator: " and "))
        }
        guard tally.deadLettersDropped > 0 else { return remarks }
        return remarks + [
            "\(tally.deadLettersDropped) older letters went because there were too many"
        ]
    }

    private static func pad(_ text: String, _ width: Int, isLeft: Bool = false) -> String {
        let fill = String(repeating: " ", count: max(0, width - text.count))
        return isLeft ? text + fill : fill + text
    }

    static func json(_ tally: GatewayTally) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("gateway")
            writer.string(tally.gateway)
            writer.name("records")
            writer.integer(tally.records)
            writer.name("events")
            writer.integer(tally.events)
            writer.name("pack_samples")
            writer.integer(tally.packSamples)
            writer.name("dead_letters")
            writer.integer(tally.deadLetters)
            writer.name("dead_letters_dropped")
            writer.integer(tally.deadLettersDropped)
            writer.name("unmended")
            writer.integer(tally.unmended)
            writer.name("outbox")
            if let outbox = tally.outbox { write(outbox, to: &writer) } else { writer.null() }
            writer.name("shared_identity")
            if let shared = tally.shared { write(shared, to: &writer) } else { writer.null() }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ shared: SharedIdentity, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.moment("first_seen", unixMilliseconds: shared.firstSeen)
            writer.moment("last_seen", unixMilliseconds: shared.lastSeen)
            writer.name("sightings")
            writer.integer(shared.sightings)
            writer.name("sessions")
            writer.array { writer in
                for session in shared.sessions {
                    writer.object { writer in
                        writer.name("epoch")
                        writer.integer(session.epoch)
                        writer.name("boot")
                        writer.string(session.boot)
                    }
                }
            }
        }
    }

    private static func write(_ outbox: OutboxReport, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.name("depth")
            writer.integer(outbox.depth)
            writer.moment("oldest", unixMilliseconds: outbox.oldestWallMilliseconds)
            writer.name("bytes")
            writer.integer(outbox.bytes)
            writer.name("budget_bytes")
            writer.integer(outbox.budgetBytes)
            writer.counts(
                "losses", outbox.losses.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
        }
    }
}
