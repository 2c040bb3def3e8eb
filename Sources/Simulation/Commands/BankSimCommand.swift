import ArgumentParser
import PackMap

/// `amphora-sim bank`.
struct BankSimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bank", abstract: "Play 1 to 16 battery packs on a serial line or on TCP.",
        discussion: """
            The line is paced to the baud rate of the map: a request is held for its own time and \
            3.5 characters of silence, and an answer arrives character by character. --instant \
            answers at once. The packs share the wanted current by their resistance, drift, warm up \
            and protect themselves. Several lines are several processes.

            Commands on the control socket (amphora-sim tell) and in --fault:
            \(BankOrder.grammar)

            A file for --registers: {"units": [{"unit": 1, "blocks": [{"function": 3, \
            "address": 0, "words": [0, 5204, 63]}]}]}
            """)

    @Option(help: "How many packs, 1 to 16.")
    var packs = 1

    @Option(help: "The pack map the packs answer by.")
    var map = "pace-v1.3"

    @OptionGroup var profiles: ProfileOptions

    @Option(help: ArgumentHelp("Unit id of the first pack; the others follow.", valueName: "id"))
    var units = 1

    @Option(help: "What the addresses of a relative map count from.")
    var baseAddress: UInt16 = 0

    @Option(help: ArgumentHelp("Make a pseudo-terminal under this link.", valueName: "path"))
    var link: String?

    @Option(help: ArgumentHelp("Serve Modbus TCP here.", valueName: "host:port"))
    var tcp: String?

    @Option(help: ArgumentHelp("Serve RTU frames over TCP here.", valueName: "host:port"))
    var rtuTcp: String?

    @Option(help: "Pace the line to this rate (default: the map's).")
    var baud: Int?

    @Flag(help: "Do not pace the line.")
    var instant = false

    @Option(
        help: ArgumentHelp(
            "How long a unit thinks, ms (default: 20, or 0 with --instant).", valueName: "ms"))
    var turnMs: Double?

    @Option(help: ArgumentHelp("Serve the registers of this file.", valueName: "file"))
    var registers: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Wanted current of the bank in A, positive charges: -40, sine:AMPERES:SECONDS or "
                + "day:AMPERES (default: sine of 10 A a pack, 120 s).", valueName: "current"))
    var loadA: String?

    @Option(
        help: ArgumentHelp(
            "Follow the current of the inverter with this control socket.", valueName: "path"))
    var follow: String?

    @Option(help: ArgumentHelp("State of charge at the start, %.", valueName: "percent"))
    var soc = 60.0

    @Option(help: ArgumentHelp("Capacity of a pack, Ah.", valueName: "ah"))
    var capacityAh = 100.0

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Temperature around the packs, °C.", valueName: "celsius"))
    var ambientC = 22.0

    @Option(help: "What makes packs differ, serial numbers too; take another for each line.")
    var seed: UInt64 = 1

    @Option(help: "Model seconds in a second.")
    var speed = 1.0

    @Option(
        help: ArgumentHelp("A command obeyed at the start; may be repeated.", valueName: "command"))
    var fault: [String] = []

    @OptionGroup var options: RunOptions

    func validate() throws {
        try Check.range(packs, 1...16, "--packs")
        try Check.range(units, 0...247, "--units")
        try Check.range(units + packs - 1, 0...247, "the last unit id")
        try Check.range(turnMs ?? 0, 0...10_000, "--turn-ms")
        try Check.range(baud ?? 9600, 300...3_000_000, "--baud")
        try Check.range(soc, 0...100, "--soc")
        try Check.range(capacityAh, 1...2000, "--capacity-ah")
        try Check.range(ambientC, -40...80, "--ambient-c")
        try Check.range(speed, 0...100_000, "--speed")
        let links = [link, tcp, rtuTcp].compactMap { $0 }
        guard links.count == 1 else {
            throw ValidationError("give one of --link, --tcp and --rtu-tcp, found \(links.count)")
        }
    }

    func run() throws {
        try options.run(
            { (reactor) throws(SimulationError) in
                let simulation = try BankSimulation(try settings(), reactor: reactor)
                options.note("amphora-sim: \(packs) packs of '\(map)' on \(place)")
                return simulation
            },
            finish: { simulation in
                Output.result(simulation.status)
                return 0
            })
    }

    private var place: String { link ?? tcp ?? rtuTcp ?? "" }

    private func settings() throws(SimulationError) -> BankSettings {
        let path = "\(profiles.folder)/packs/\(map).json"
        let loaded: PackMap
        do {
            loaded = try PackMap.load(try FileBytes.read(path), name: map) { base in
                try? FileBytes.read("\(profiles.folder)/packs/\(base).json")
            }
        } catch let error as SimulationError {
            throw error
        } catch { throw .file(path: path, fault: "\(error)") }
        var settings = BankSettings(link: bankLink, map: loaded)
        settings.packs = packs
        settings.firstUnit = units
        settings.baseAddress = baseAddress
        settings.baud = instant ? nil : baud ?? loaded.line.baud
        settings.turnMilliseconds = turnMs ?? (instant ? 0 : 20)
        if let registers {
            settings.registers = try RegisterFile.load(
                try FileBytes.read(registers), name: registers)
        }
        settings.load = try LoadProfile(loadA ?? "sine:\(packs * 10):120", option: "--load-a")
        settings.pack.capacity = capacityAh
        settings.pack.stateOfCharge = soc / 100
        settings.pack.ambient = ambientC
        settings.seed = seed
        settings.speed = speed
        settings.control = options.control
        settings.follow = follow
        for text in fault { settings.orders.append(try BankOrder.parse(text, count: packs)) }
        return settings
    }

    private var bankLink: BankLink {
        if let tcp { return .modbusTCP(tcp) }
        if let rtuTcp { return .rtuOverTCP(rtuTcp) }
        return .pty(link ?? "")
    }
}

/// Checks of option values.
enum Check {
    /// Refuses a number outside its range.
    static func range<Number: Comparable>(
        _ value: Number, _ allowed: ClosedRange<Number>, _ name: String
    ) throws {
        guard allowed.contains(value) else {
            throw ValidationError(
                "\(name) is \(value), allowed \(allowed.lowerBound)…\(allowed.upperBound)")
        }
    }
}
