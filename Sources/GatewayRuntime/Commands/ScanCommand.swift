import ArgumentParser
import CANProfile
import GatewaySettings
import Glibc
import PackMap
import Quantities

/// `scan`.
struct ScanCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Look for packs on serial lines and networks, and for an inverter on CAN.",
        discussion: """
            Listens first, and sends nothing where another master or a text protocol is heard. Then \
            asks every unit id as every pack map, at the rates of the maps, and says what answered \
            and as what. On CAN it only listens. Nothing is ever written to a pack.

            Without --device, --address, --can-interface and --can-device it looks at every serial \
            adapter and CAN interface of this machine. Stop the gateway first: a port can only be \
            used by one.

            Exit status: 0 something was found, 1 nothing was found, 2 wrong input, 3 the profile set \
            is invalid.
            Example: amphora-gateway scan --device /dev/ttyUSB0 --can-interface can0 --save new.toml
            """)

    @Option(help: ArgumentHelp("A serial port; may be repeated.", valueName: "path"))
    var device: [String] = []

    @Option(
        help: ArgumentHelp(
            "A serial server or Modbus TCP unit; may be repeated.", valueName: "host:port"))
    var address: [String] = []

    @Option(help: ArgumentHelp("A CAN interface; may be repeated.", valueName: "name"))
    var canInterface: [String] = []

    @Option(help: ArgumentHelp("A serial CAN adapter; may be repeated.", valueName: "path"))
    var canDevice: [String] = []

    @Option(
        help: ArgumentHelp(
            "Try only this pack map; may be repeated (default: all).", valueName: "name"))
    var map: [String] = []

    @Option(
        help: ArgumentHelp(
            "Try this rate instead of those of the maps; may be repeated.", valueName: "baud"))
    var baud: [Int] = []

    @Option(help: ArgumentHelp("Unit ids such as 1-16 or 1,2,5.", valueName: "ids"))
    var units: String?

    @Option(help: ArgumentHelp("How long to listen to a line at each rate.", valueName: "seconds"))
    var listenS = 2.0

    @Option(help: ArgumentHelp("How long to listen to a bus at each rate.", valueName: "seconds"))
    var canS = 4.0

    @Flag(help: "Try every map and every rate, also after packs were found.")
    var thorough = false

    @Option(
        help: ArgumentHelp(
            "Write what was found as a configuration; the file must not exist.", valueName: "file"))
    var save: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ProfileOptions

    func validate() throws {
        let standard = [
            1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400,
        ]
        for rate in baud where !standard.contains(rate) {
            let known = standard.map(String.init).joined(separator: ", ")
            throw ValidationError("--baud is \(rate), expected one of \(known)")
        }
        guard (0...60).contains(listenS), (0.1...60).contains(canS) else {
            throw ValidationError("--listen-s and --can-s take up to 60 seconds")
        }
        for text in address where HostAndPort(text) == nil {
            throw ValidationError("--address is '\(text)', expected such as 192.168.1.20:502")
        }
        if let units, UnitList(units) == nil {
            throw ValidationError("--units is '\(units)', expected such as 1-16 or 1,2,5; 0…247")
        }
        if let save, access(save, F_OK) == 0 {
            throw ValidationError("--save: '\(save)' exists already; choose another name")
        }
    }

    func run() throws {
        let (maps, profiles, foreign) = try load()
        var report = ScanReport(profilesPath: options.profiles)
        let lines = LineScanner(lineRequest(maps), progress: ScanProgress.show)
        report.lines = lines.run()
        let buses = BusScanner(
            profiles: profiles, foreign: foreign, seconds: canS, progress: ScanProgress.show)
        report.buses = busPlaces.map(buses.scan)
        ScanProgress.end()
        print(json ? report.json : report.text, terminator: "")
        if let save { try write(report, to: save) }
        if !report.foundSomething { throw ExitCode(ExitStatus.failure) }
    }

    private func load() throws -> ([PackMap], [CANProfile], ForeignFrames) {
        do {
            let store = try ProfileStore(path: options.profiles)
            let maps = try map.isEmpty ? Array(store.current.maps.values) : map.map(store.map)
            let profiles = store.current.profiles.values.sorted { $0.id < $1.id }
            return (maps.sorted(by: Self.isLikelier), profiles, store.current.foreign)
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.configuration)
        }
    }

    /// Well known maps before experimental ones, then by name.
    private static func isLikelier(_ left: PackMap, _ right: PackMap) -> Bool {
        let order = Confidence.allCases
        let (first, second) = (
            order.firstIndex(of: left.confidence) ?? 0, order.firstIndex(of: right.confidence) ?? 0
        )
        return (first, left.id) < (second, right.id)
    }

    /// Whether places were named; otherwise all of this machine are looked at.
    private var areNamed: Bool {
        ![device, address, canInterface, canDevice].allSatisfy(\.isEmpty)
    }

    private func lineRequest(_ maps: [PackMap]) -> LineScanRequest {
        let devices = areNamed ? device : LocalPorts.serialDevices()
        var request = LineScanRequest(
            places: devices.map(LinePlace.serial)
                + address.compactMap(HostAndPort.init).map(LinePlace.network),
            maps: maps)
        request.bauds = baud
        request.units = units.flatMap(UnitList.init)?.ids ?? []
        request.listen = TimeSpan(nanoseconds: Int64(listenS * 1e9))
        request.isThorough = thorough
        return request
    }

    private var busPlaces: [BusPlace] {
        let interfaces = areNamed ? canInterface : LocalPorts.canInterfaces()
        return interfaces.map(BusPlace.socketCAN) + canDevice.map(BusPlace.slcan)
    }

    private func write(_ report: ScanReport, to path: String) throws {
        let text = report.configuration(gateway: MachineName.gatewayID)
        do {
            try FileBytes.replace(path, with: Array(text.utf8))
            Output.note("written: \(path)")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.failure)
        }
    }
}

/// Unit ids as a person types them: `1-16`, `1,2,5`, `1-4,214`.
struct UnitList: Sendable {
    /// The ids in the order they were typed, without repetitions, 0…247.
    let ids: [UInt8]

    /// Reads a list; nil when a part is none, or when there are more than 247.
    init?(_ text: String) {
        var ids: [UInt8] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map {
                UInt8($0)
            }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
                first <= last, last <= 247
            else { return nil }
            for id in first...last where !ids.contains(id) { ids.append(id) }
        }
        guard !ids.isEmpty else { return nil }
        self.ids = ids
    }
}

/// Where the scan is, on one line of the terminal; one line a step without a terminal would be a
/// flood, so it then stays silent.
enum ScanProgress {
    /// Shows a sentence in place of the last one.
    static func show(_ sentence: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        Output.raw("\r\u{1B}[2K\(sentence)")
    }

    /// Clears the line.
    static func end() { show("") }
}

/// The name of this machine as the id of a gateway.
enum MachineName {
    /// The host name in `a…z 0…9 -`, at most 64 characters; `gateway` when there is none.
    static var gatewayID: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, 255) == 0 else { return "gateway" }
        let bytes = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) | 0x20 }
        let id = bytes.prefix(64).map { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) ? byte : 0x2D
        }
        return id.isEmpty ? "gateway" : String(decoding: id, as: UTF8.self)
    }
}
