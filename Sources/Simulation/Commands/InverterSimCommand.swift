import ArgumentParser
import CANProfile
import Glibc

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

    @Option(help: "Switch a quirk of the profile on; may be given several times.")
    var quirk: [String] = []

    @Option(
        help: ArgumentHelp(
            "Trip when limits are missing so long; else as the profile says, or 5.",
            valueName: "seconds"))
    var timeoutS: Double?

    @Option(help: ArgumentHelp("Work again when limits came so long.", valueName: "seconds"))
    var recoveryS = 3.0

    @Option(
        help: ArgumentHelp(
            "Time between keep-alives; else as the profile says, or 1000.", valueName: "ms"))
    var keepaliveMs: Int?

    @Option(
        help: ArgumentHelp(
            "Highest charge voltage that is possible, V; else as the profile says, or 60.",
            valueName: "volts"))
    var maxChargeV: Double?

    @Option(
        help: ArgumentHelp(
            "Highest current limit that is possible, A; else as the profile says, or 3276.",
            valueName: "amperes"))
    var maxCurrentA: Double?

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
        if let timeoutS { try Check.range(timeoutS, 0.1...3600, "--timeout-s") }
        try Check.range(recoveryS, 0...3600, "--recovery-s")
        if let keepaliveMs { try Check.range(keepaliveMs, 10...600_000, "--keepalive-ms") }
        if let maxChargeV { try Check.range(maxChargeV, 41...1000, "--max-charge-v") }
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
            let files = try Self.files(folder)
            loaded = try CANProfile.load(
                profile: files.profile, layout: files.layout, name: profile, quirks: quirk,
                resolve: { base in
                    base.contains("/") || base.hasPrefix(".")
                        ? nil : try? Self.files("\(profiles.folder)/inverters/\(base)")
                })
        } catch let error as SimulationError {
            throw error
        } catch { throw .file(path: folder, fault: "\(error)") }
        let link =
            slcanLink.map(InverterLink.slcan) ?? .socketCAN(socketcan ?? "")
        var settings = InverterSettings(link: link, profile: loaded)
        settings.rules = InverterRules(loaded.inverter)
        if let timeoutS { settings.rules.timeout = Int64(timeoutS * 1e9) }
        settings.rules.recovery = Int64(recoveryS * 1e9)
        if let maxChargeV { settings.rules.chargeVoltages = 40...maxChargeV }
        if let maxCurrentA { settings.rules.highestCurrent = maxCurrentA }
        settings.rules.want = try LoadProfile(wantA, option: "--want-a")
        settings.keepAliveMilliseconds = keepaliveMs
        settings.control = options.control
        settings.log = log
        return settings
    }

    /// A profile that extends another may have no layout of its own.
    private static func files(_ folder: String) throws -> (profile: [UInt8], layout: [UInt8]) {
        let layout = "\(folder)/frames.dbc"
        return (
            try FileBytes.read("\(folder)/profile.json"),
            access(layout, F_OK) == 0 ? try FileBytes.read(layout) : []
        )
    }
}
