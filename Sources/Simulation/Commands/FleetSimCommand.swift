import ArgumentParser
import MQTTLink

/// `amphora-sim fleet`.
struct FleetSimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fleet",
        abstract: "Play up to thousands of gateways that send records to a fleet.",
        discussion: """
            Each gateway has a connection of its own (MQTT 5, client id and user name as its id) and \
            makes a record each interval, an event now and then. A record waits until the fleet's \
            word on down/ack; it is sent again after a reconnect and after --resend-s without that \
            word. The first record is made when all are connected, after 15 s at the latest.

            A run ends when every gateway has made its --records and all are acknowledged, after \
            --seconds, or by a signal; it then waits up to --drain-s for the rest, a second signal \
            ends that. It prints a status as JSON: sendings in 'sent', those that were not the first \
            of their record in 'repeated', 'lag_ms' from making a record to its acknowledgement \
            (records of the --backlog do not count), messages of the fleet that break the contract \
            in 'faults'.

            With --assignments, each gateway looks once a second for a file of its name in that \
            folder ('amphora-fleet serve --assignments' writes them), and reports what it makes of the \
            set in events. --manners says how many take it badly: silent (neither a word nor a record \
            more), fail, revert, flap (good and reverted by turns), lie (says good, sends no frame more).

            Two runs with the same --seed use the same epochs and numbers: to a fleet they are the \
            same records.

            Exit status: 0 the fleet has acknowledged every record; 1 it has not, or there was none.

            Commands on the control socket (amphora-sim tell):
              status
            """)

    @Option(help: ArgumentHelp("How many gateways.", valueName: "count"))
    var gateways: Int

    @Option(help: ArgumentHelp("The broker.", valueName: "host:port"))
    var broker = "127.0.0.1:1883"

    @Option(help: ArgumentHelp("First segment of every topic.", valueName: "word"))
    var root = "amphora"

    @Option(help: ArgumentHelp("What the names of the gateways begin with.", valueName: "text"))
    var prefix = "gw-"

    @Option(help: ArgumentHelp("Number of the first gateway.", valueName: "number"))
    var first = 1

    @Option(help: ArgumentHelp("Password of every gateway.", valueName: "text"))
    var password: String?

    @Option(help: ArgumentHelp("Packs of each gateway, 1 to 16.", valueName: "count"))
    var packs = 16

    @Option(help: ArgumentHelp("Time from one record to the next.", valueName: "seconds"))
    var interval = 10.0

    @Option(
        help: ArgumentHelp(
            "Records each gateway makes beside its backlog; 0: until told.", valueName: "count"))
    var records = 0

    @Option(
        help: ArgumentHelp("An event follows every so many records; 0: none.", valueName: "count"))
    var eventEvery = 60

    @Option(
        help: ArgumentHelp(
            "Records waiting in each gateway at the start, stamped in the past.",
            valueName: "count"))
    var backlog = 0

    @Option(
        help: ArgumentHelp(
            "Records of the backlog a second of each gateway, at most; 0: no bound.",
            valueName: "rate"))
    var backlogRate = 200

    @Option(help: ArgumentHelp("Send again without the fleet's word.", valueName: "seconds"))
    var resendS = 60.0

    @Option(help: ArgumentHelp("First wait before connecting again.", valueName: "ms"))
    var reconnectMs: Int64 = 1000

    @Option(
        help: ArgumentHelp(
            "How long to wait for acknowledgements at the end.", valueName: "seconds"))
    var drainS = 30.0

    @Option(
        help: ArgumentHelp(
            "What epochs and values come from (default: by chance, told at the start).",
            valueName: "number"))
    var seed: UInt64?

    @Option(
        help: ArgumentHelp(
            "Write a line for each record: gateway epoch seq kind wall_ms.", valueName: "file"))
    var ledger: String?

    @Option(
        help: ArgumentHelp("Look here for what to install.", valueName: "folder"),
        completion: .directory)
    var assignments: String?

    @Option(
        help: ArgumentHelp(
            "Percents of gateways by manner, such as silent=5,lie=2.5; others are good.",
            valueName: "list"))
    var manners = ""

    @Option(
        help: ArgumentHelp(
            "Only this version is taken in these manners; others are good to all.",
            valueName: "version"))
    var badVersion: String?

    @Option(
        help: ArgumentHelp(
            "Time from finding an assignment to saying that it is good.", valueName: "seconds"))
    var updateS = 5.0

    @Flag(help: "Print the status on standard error each second.")
    var progress = false

    @OptionGroup var options: RunOptions

    func validate() throws {
        try Check.range(gateways, 1...100_000, "--gateways")
        try Check.range(first, 0...1_000_000, "--first")
        try Check.range(packs, 1...16, "--packs")
        try Check.range(interval, 0.01...86_400, "--interval")
        try Check.range(records, 0...1_000_000_000, "--records")
        try Check.range(eventEvery, 0...1_000_000, "--event-every")
        try Check.range(backlog, 0...1_000_000, "--backlog")
        try Check.range(backlogRate, 0...100_000, "--backlog-rate")
        try Check.range(resendS, 0.1...86_400, "--resend-s")
        try Check.range(reconnectMs, 1...60_000, "--reconnect-ms")
        try Check.range(drainS, 0...86_400, "--drain-s")
        try Check.range(updateS, 0.01...86_400, "--update-s")
        guard manners.isEmpty || UpdateManner.shares(manners) != nil else {
            let known = UpdateManner.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
            throw ValidationError(
                "--manners is '\(manners)', expected 'name=percent' with commas between, 100 % in all "
                    + "at most, names being \(known)")
        }
        guard assignments != nil || (manners.isEmpty && badVersion == nil) else {
            throw ValidationError("--manners and --bad-version need --assignments")
        }
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-")
        guard prefix.count <= 50, prefix.allSatisfy(allowed.contains) else {
            throw ValidationError(
                "--prefix is '\(prefix)', allowed up to 50 of a…z, 0…9 and '-'")
        }
        guard !root.isEmpty, !root.contains(where: { "/+#".contains($0) }) else {
            throw ValidationError("--root is '\(root)', expected one topic segment")
        }
    }

    func run() throws {
        let seed = seed ?? UInt64.random(in: 0...UInt64.max)
        try options.run(
            { (reactor) throws(SimulationError) in
                let simulation = try FleetSimulation(try settings(seed), reactor: reactor)
                options.note(
                    "amphora-sim: \(gateways) gateways at '\(broker)', --seed \(seed)")
                return simulation
            },
            finish: { simulation in
                let isContent = simulation.finish()
                Output.result(simulation.status)
                return isContent ? 0 : 1
            })
    }

    private func settings(_ seed: UInt64) throws(SimulationError) -> FleetSettings {
        let (host, port) = try Sockets.endpoint(broker, option: "--broker")
        var settings = FleetSettings(host: host, port: Int(port) ?? 0)
        settings.link.root = root
        settings.link.password = password.map(LinkPassword.init)
        settings.link.backlogRate = backlogRate
        settings.link.reconnectMilliseconds = reconnectMs
        settings.gateways = gateways
        settings.prefix = prefix
        settings.firstNumber = first
        settings.packs = packs
        settings.interval = Int64(interval * 1e9)
        settings.records = records > 0 ? Int64(records) : nil
        settings.eventEvery = eventEvery
        settings.backlog = backlog
        settings.resend = Int64(resendS * 1e9)
        settings.drain = Int64(drainS * 1e9)
        settings.seed = seed
        settings.updates = assignments.map { folder in
            UpdateSettings(
                folder: folder, badVersion: badVersion,
                shares: UpdateManner.shares(manners) ?? [], probation: Int64(updateS * 1e9))
        }
        settings.ledger = ledger
        settings.showsProgress = progress
        settings.control = options.control
        return settings
    }
}
