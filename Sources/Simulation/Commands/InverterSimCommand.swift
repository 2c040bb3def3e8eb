import ArgumentParser
import CANProfile

/// `amphora-sim inverter`.
struct InverterSimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inverter",
        abstract: "Play an inverter that obeys the limits it is told, and judge them.",
        discussion: """
            Prints a verdict as JSON when it ends: frames by identifier with their periods, trips, \
            malformed frames, impossible values, the last value of each kind.

            Exit status: 0 nothing speaks against the sender; 1 the verdict is 'failed'.

            Commands on the control socket (amphora-sim tell):
            \(InverterOrder.grammar)
            """)

    @Option(help: "The inverter profile.")
    var profile = "pylontech-lv-1.2"

    @OptionGroup var profiles: ProfileOptions

    @Option(
        help: ArgumentHelp("Play a Lawicel adapter under this link.", valueName: "path"))
    var slcanLink: String?

    @Option(help: ArgumentHelp("Use this CAN interface.", valueName: "interface"))
    var socketcan: String?

    @Option(help: ArgumentHelp("Trip when limits are missing so long.", valueName: "seconds"))
    var timeoutS = 5.0

    @Option(help: ArgumentHelp("Work again when limits came so long.", valueName: "seconds"))
    var recoveryS = 3.0

    @Option(help: ArgumentHelp("Time between keep-alives.", valueName: "ms"))
    var keepaliveMs = 1000

    @Option(help: ArgumentHelp("Highest charge voltage that is possible, V.", valueName: "volts"))
    var maxChargeV = 60.0

    @Option(help: ArgumentHelp("Highest current limit that is possible, A.", valueName: "amperes"))
    var maxCurrentA = 3276.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "What the house wants in A, positive charges: -40, sine:AMPERES:SECONDS or day:AMPERES.",
            valueName: "current"))
    var wantA = "sine:40:300"

    @Option(help: ArgumentHelp("Write a candump log here.", valueName: "file"))
    var log: String?

    @OptionGroup var options: RunOptions

    func validate() throws {
        try Check.range(timeoutS, 0.1...3600, "--timeout-s")
        try Check.range(recoveryS, 0...3600, "--recovery-s")
        try Check.range(keepaliveMs, 10...600_000, "--keepalive-ms")
        try Check.range(maxChargeV, 41...1000, "--max-charge-v")
        let links = [slcanLink, socketcan].compactMap { $0 }
        guard links.count == 1 else {
            throw ValidationError("give one of --slcan-link and --socketcan, found \(links.count)")
        }
    }

    func run() throws {
        try options.run(
            { (reactor) throws(SimulationError) in
                let simulation = try InverterSimulation(try settings(), reactor: reactor)
                options.note(
                    "amphora-sim: an inverter for '\(profile)' on \(slcanLink ?? socketcan ?? "")")
                return simulation
            },
            finish: { simulation in
                Output.result(simulation.verdict)
                return simulation.isContent ? 0 : 1
            })
    }

    private func settings() throws(SimulationError) -> InverterSettings {
        let folder = "\(profiles.folder)/inverters/\(profile)"
        let loaded: CANProfile
        do {
            loaded = try CANProfile.load(
                profile: try FileBytes.read("\(folder)/profile.json"),
                layout: try FileBytes.read("\(folder)/frames.dbc"), name: profile)
        } catch let error as SimulationError {
            throw error
        } catch { throw .file(path: folder, fault: "\(error)") }
        let link =
            slcanLink.map(InverterLink.slcan) ?? .socketCAN(socketcan ?? "")
        var settings = InverterSettings(link: link, profile: loaded)
        settings.rules.timeout = Int64(timeoutS * 1e9)
        settings.rules.recovery = Int64(recoveryS * 1e9)
        settings.rules.chargeVoltages = 40...maxChargeV
        settings.rules.highestCurrent = maxCurrentA
        settings.rules.want = try LoadProfile(wantA, option: "--want-a")
        settings.keepAliveMilliseconds = keepaliveMs
        settings.control = options.control
        settings.log = log
        return settings
    }
}
