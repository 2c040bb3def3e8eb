import ArgumentParser
import FleetStore
import Glibc
import Telemetry

/// `retention`.
struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "Remove what is older than it shall be kept.",
        subcommands: [RetentionRunCommand.self])
}

/// `retention run`.
struct RetentionRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract:
            "Remove old samples, windows, events, letters and audit, and say how many; once a day is enough.",
        discussion: """
            Each option takes days, 1 to 36500, or 'keep'. Samples go by quarter hours, once they are in \
            the windows of history; windows of a day stay for ever. Quarter hours need to stay two days longer \
            than samples. Keys stay, so a record that comes again is not stored anew; one that comes late for \
            the first time is added to the windows. Others may store meanwhile.
            """)

    @OptionGroup var store: StoreOptions

    @Option(help: ArgumentHelp("Measurements with the samples of their packs.", valueName: "days"))
    var samples = KeptDays(90)

    @Option(help: ArgumentHelp("Windows of a minute.", valueName: "days"))
    var minutes = KeptDays(90)

    @Option(help: ArgumentHelp("Windows of a quarter of an hour.", valueName: "days"))
    var quarters = KeptDays(1100)

    @Option(help: ArgumentHelp("Events.", valueName: "days"))
    var events = KeptDays(1100)

    @Option(help: ArgumentHelp("Dead letters that did not come again.", valueName: "days"))
    var letters = KeptDays(90)

    @Option(help: ArgumentHelp("Entries of who changed what.", valueName: "days"))
    var audit = KeptDays(1100)

    @Flag(help: "Say what would go and remove nothing.")
    var dryRun = false

    @Flag(help: "Print one line of JSON.")
    var json = false

    func validate() throws {
        guard let quarters = quarters.days else { return }
        guard let samples = samples.days, quarters >= samples + 2 else {
            throw ValidationError(
                "'--quarters' is \(quarters), expected at least two days more than '--samples', "
                    + "which is \(samples)")
        }
    }

    func run() throws {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let limits = limits(nowSeconds: Int64(time.tv_sec))
        do {
            let store = try FleetStores.openHistory(store.store)
            try store.migrate()
            let report = try dryRun ? store.removable(limits) : store.retain(limits)
            print(json ? Self.json(report, isDry: dryRun) : Self.text(report, isDry: dryRun))
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    func limits(nowSeconds: Int64) -> Retention {
        func before(_ kept: KeptDays) -> Int64? {
            kept.days.map { (nowSeconds - Int64($0) * 86_400) * 1000 }
        }
        var limits = Retention()
        limits.samplesBefore = before(samples)
        limits.minutesBefore = before(minutes)
        limits.quartersBefore = before(quarters)
        limits.eventsBefore = before(events)
        limits.deadLettersBefore = before(letters)
        limits.auditBefore = before(audit)
        return limits
    }

    private static func rows(_ report: RetentionReport) -> [(
        name: StaticString, words: String, count: Int64
    )] {
        [
            ("measurements", "measurements", report.measurements),
            ("minutes", "windows of a minute", report.minutes),
            ("quarters", "windows of a quarter hour", report.quarters),
            ("events", "events", report.events),
            ("dead_letters", "dead letters", report.deadLetters),
            ("audit_entries", "audit entries", report.auditEntries),
        ]
    }

    static func text(_ report: RetentionReport, isDry: Bool) -> String {
        let verb = isDry ? "would remove" : "removed"
        let words = rows(report).map { "\($0.count) \($0.words)" }.joined(separator: ", ")
        return "\(verb) \(words)"
    }

    static func json(_ report: RetentionReport, isDry: Bool) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("dry_run")
            writer.bool(isDry)
            for row in rows(report) {
                writer.name(row.name)
                writer.integer(row.count)
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// Days for which something is kept, or that it is kept for ever.
struct KeptDays: ExpressibleByArgument, CustomStringConvertible {
    /// Nil keeps it for ever.
    let days: Int?

    init(_ days: Int) { self.days = days }

    init?(argument: String) {
        if argument == "keep" {
            days = nil
        } else if let days = Int(argument), (1...36_500).contains(days) {
            self.days = days
        } else {
            return nil
        }
    }

    var description: String { days.map(String.init) ?? "keep" }
    var defaultValueDescription: String { description }
}
