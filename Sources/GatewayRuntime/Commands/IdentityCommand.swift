import ArgumentParser
import Provisioning
import Telemetry

/// `identity`.
struct IdentityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity", abstract: "Look at this gateway's certificate, and renew it.",
        subcommands: [IdentityShowCommand.self, IdentityRenewCommand.self])
}

/// `identity show`.
struct IdentityShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print who this gateway is, until when, and what is wrong with that.",
        discussion: """
            Exit status: 0 the current pair is good, 1 it is not, its renewal is overdue, or the clock is \
            suspect; then the lines on standard error say why and what is used instead. Whether the fleet \
            refuses the certificate is known to the running gateway alone: 'amphora-gateway watch'.
            """)

    @OptionGroup var options: IdentityOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
        try options.perform {
            let pending = options.store.pending()
            if let pending { Output.note("an enrolment at \(pending.note.fleet) is under way") }
            let clock = options.floor.reading
            let selection = try options.store.select(clock: clock)
            let report = IdentityReport(selection, pending: pending)
            print(json ? report.json : report.text, terminator: "")
            for line in selection.warnings { Output.note(line) }
            for (alarm, text) in report.state.listed {
                Output.note("alarm \(alarm.rawValue): \(text)")
            }
            guard selection.warnings.isEmpty, report.state.alarms.isEmpty else {
                throw ExitCode(ExitStatus.failure)
            }
        }
    }
}

/// `identity renew`.
struct IdentityRenewCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Get a new key and certificate now, with the certificate in use.",
        discussion: """
            The old pair stays until the fleet has taken the new one on a new connection.
            Exit status: as 'enroll'.
            """)

    @Option(help: "The address of the fleet, https://host[:port].")
    var fleet: String

    @Flag(help: "Ask once; do not stay when the fleet lets this gateway wait.")
    var once = false

    @OptionGroup var options: IdentityOptions

    func run() throws {
        try options.perform {
            let enrolment = Enrolment(
                store: options.store, floor: options.floor, connect: FleetConnection.overHTTPS)
            let pending = try EnrolmentWait.politely { try enrolment.beginRenewal(fleet: fleet) }
            try EnrolmentWait.finish(enrolment, pending, options, once: once)
        }
    }
}

/// What `identity show` prints.
struct IdentityReport {
    private let selection: IdentitySelection
    private let pending: PendingPair?
    private let plan: RenewalPlan
    /// The alarms that follow from the folder and the clock alone.
    let state: IdentityState

    init(_ selection: IdentitySelection, pending: PendingPair?) {
        self.selection = selection
        self.pending = pending
        plan = RenewalPlan(gateway: selection.pair.gateway, life: selection.pair.life)
        state = IdentityState(.success(selection), clock: selection.clock)
    }

    static func moment(_ seconds: Int64) -> String {
        RFC3339.text(unixMilliseconds: milliseconds(seconds))
    }

    static func milliseconds(_ seconds: Int64) -> Int64 {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : product
    }

    var text: String {
        let pair = selection.pair
        var text = "\(pair.gateway)\n"
        text += "  pair       \(selection.door.rawValue), \(pair.name)\n"
        text += "  issued by  \(pair.issuer)\n"
        text +=
            "  valid      \(Self.moment(pair.life.lowerBound)) to \(Self.moment(pair.life.upperBound))\n"
        text +=
            "  renewal    from \(Self.moment(plan.renewAt)), alarm from \(Self.moment(plan.alarmAt))\n"
        if let pending {
            let what = pending.isIssued ? "for its proof" : "for its certificate"
            text += "  waiting    a new pair \(what) at \(pending.note.fleet)\n"
        }
        return text
    }

    var json: String {
        let pair = selection.pair
        var writer = JSONWriter()
        writer.object { writer in
            writer.name("gateway")
            writer.string(pair.gateway)
            writer.name("door")
            writer.string(selection.door.rawValue)
            writer.name("pair")
            writer.string(pair.name)
            writer.name("issuer")
            writer.string(pair.issuer)
            let moments: [(StaticString, Int64)] = [
                ("not_before", pair.life.lowerBound), ("not_after", pair.life.upperBound),
                ("renew_at", plan.renewAt), ("alarm_at", plan.alarmAt),
            ]
            for (name, seconds) in moments {
                writer.moment(name, unixMilliseconds: Self.milliseconds(seconds))
            }
            writer.name("clock_suspect")
            writer.bool(selection.clock.isSuspect)
            writer.name("pending")
            if let pending { writer.string(pending.note.fleet) } else { writer.null() }
            state.writeAlarms(to: &writer)
            writer.name("warnings")
            writer.array { writer in
                for warning in selection.warnings { writer.string(warning) }
            }
        }
        writer.endLine()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
