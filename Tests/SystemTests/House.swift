import Foundation
import TestKit

/// A simulated house: packs on a line, an inverter, a broker with a counting subscriber, and the
/// gateway between them, all as programs of their own.
final class House {
    let folder: TemporaryDirectory
    let broker: Broker
    private(set) var bank: ChildProcess?
    private(set) var inverter: ChildProcess?
    private(set) var gateway: ChildProcess?
    private let python: String
    private var counter: ChildProcess?
    private let packs: Int
    private let inverterQuirks: [String]
    private let tcpPacks: Int
    private let tcpPort: UInt16
    private var tcpBank: ChildProcess?
    private let brokerPort: UInt16
    private let more: String

    /// Starts everything but the gateway, which may reach the broker through a proxy; `more` ends its file.
    init(
        packs: Int, proxied: CuttingProxy? = nil, broker given: Broker? = nil, tcpPacks: Int = 0,
        inverterQuirks: [String] = [], more: String = ""
    ) throws {
        self.more = more
        self.packs = packs
        self.inverterQuirks = inverterQuirks
        self.tcpPacks = tcpPacks
        tcpPort = try Peers.freePort()
        folder = try TemporaryDirectory("house")
        python = try Peers.python(importing: "paho.mqtt.client")
        broker = try given ?? Broker("max_queued_messages 0")
        brokerPort = proxied?.port ?? broker.port
        try startBank()
        if tcpPacks > 0 { try startTCPBank() }
        try startInverter()
        try startCounter()
        try configuration().write(
            toFile: folder.file("gateway.toml"), atomically: true, encoding: .utf8)
    }

    deinit {
        for process in [gateway, inverter, bank, tcpBank, counter] { _ = process?.terminate() }
    }

    private static func program(_ name: String) -> String {
        Bundle.main.bundleURL.deletingLastPathComponent().appending(path: name).path
    }

    static var programs: String {
        let besideTests = program("amphora-gateway")
        return FileManager.default.isExecutableFile(atPath: besideTests)
            ? (besideTests as NSString).deletingLastPathComponent
            : Repository.root + "/.build/debug"
    }

    func startBank() throws {
        let process = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "bank", "--packs", "\(packs)", "--profiles", Repository.profileSet, "--link",
                folder.file("packs"), "--control", folder.file("bank.sock"), "--baud", "115200",
                "--load-a", "20",
            ])
        bank = process
        try wait("the simulated packs", process) {
            FileManager.default.fileExists(atPath: self.folder.file("bank.sock"))
        }
    }

    /// A second line, on Modbus TCP, with Seplos packs.
    private func startTCPBank() throws {
        let process = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "bank", "--packs", "\(tcpPacks)", "--map", "seplos-v3", "--profiles",
                Repository.profileSet, "--tcp", "127.0.0.1:\(tcpPort)", "--instant", "--control",
                folder.file("tcp.sock"), "--seed", "7",
            ])
        tcpBank = process
        try wait("the packs on TCP", process) {
            FileManager.default.fileExists(atPath: self.folder.file("tcp.sock"))
        }
    }

    private var secondLine: String {
        guard tcpPacks > 0 else { return "" }
        return """
            [[line]]
            name = "cellar"
            address = "127.0.0.1:\(tcpPort)"
            framing = "tcp"
            map = "seplos-v3"
            units = [\((1...tcpPacks).map(String.init).joined(separator: ", "))]
            cycle_ms = 500

            """
    }

    private func startInverter() throws {
        let process = try ChildProcess(
            House.programs + "/amphora-sim",
            [
                "inverter", "--profiles", Repository.profileSet, "--slcan-link", folder.file("can"),
                "--control", folder.file("inverter.sock"),
            ] + inverterQuirks.flatMap { ["--quirk", $0] })
        inverter = process
        try wait("the simulated inverter", process) {
            FileManager.default.fileExists(atPath: self.folder.file("inverter.sock"))
        }
    }

    /// An independent client that writes one line for each record it gets.
    private func startCounter() throws {
        let program = """
            import json, sys, paho.mqtt.client as mqtt
            c = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="counter", clean_session=False)
            def on_connect(c, u, f, r, p): c.subscribe("amphora/v1/house/up/#", 1); print("ready", flush=True)
            def on_message(c, u, m):
                d = json.loads(m.payload); print(d["epoch"], d["seq"], m.topic.split("/")[-1], d.get("code", ""), flush=True)
            c.on_connect = on_connect; c.on_message = on_message
            c.reconnect_delay_set(1, 1)
            c.connect("127.0.0.1", int(sys.argv[1])); c.loop_forever(retry_first_connection=True)
            """
        let process = try ChildProcess(python, ["-c", program, "\(broker.port)"])
        counter = process
        _ = try process.waitForLine(containing: "ready", within: 20_000)
    }

    private func configuration() -> String {
        """
        gateway = "house"
        [profiles]
        path = "\(Repository.profileSet)"
        [[line]]
        name = "rack"
        device = "\(folder.file("packs"))"
        baud = 115200
        map = "pace-v1.3"
        units = [\((1...packs).map(String.init).joined(separator: ", "))]
        listen_ms = 100
        cycle_ms = 500
        \(secondLine)[bank]
        value_limit_s = 3
        start_wait_s = 5
        [inverter]
        profile = "pylontech-lv-1.2"
        transport = "slcan"
        device = "\(folder.file("can"))"
        [telemetry]
        interval_s = 1
        [outbox]
        path = "\(folder.file("outbox.db"))"
        [mqtt]
        host = "127.0.0.1"
        port = \(brokerPort)
        keep_alive_s = 5
        reconnect_max_s = 1
        [status]
        socket = "\(folder.file("gateway.sock"))"
        \(more)
        """
    }

    @discardableResult
    func startGateway(environment: [String: String] = [:]) throws -> ChildProcess {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway", ["run", "--config", folder.file("gateway.toml")],
            environment: environment)
        gateway = process
        return process
    }

    /// Ends the gateway as a power cut would end a process.
    func killGateway() {
        gateway?.signal(SIGKILL)
        _ = try? gateway?.waitForExit(within: 5_000)
    }

    /// Asks the gateway to end; its exit status.
    func stopGateway() -> ExitStatus? { gateway?.terminate(within: 10_000) }

    /// Gives a simulation a command.
    @discardableResult
    func tell(_ socket: String, _ words: String) throws -> String {
        let process = try ChildProcess(
            House.programs + "/amphora-sim", ["tell", "--control", folder.file(socket), words])
        let status = try process.waitForExit(within: 10_000)
        guard status == .exited(0) else { throw HouseError("tell '\(words)': \(process.errors)") }
        return process.output
    }

    /// What `watch --once --json` says.
    func status() throws -> [String: Any] {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["watch", "--once", "--json", "--socket", folder.file("gateway.sock")])
        guard try process.waitForExit(within: 10_000) == .exited(0) else {
            throw HouseError("watch: \(process.errors) gateway: \(gateway?.errors ?? "")")
        }
        let object = try JSONSerialization.jsonObject(with: Data(process.output.utf8))
        guard let status = object as? [String: Any] else {
            throw HouseError("no object: \(process.output)")
        }
        return status
    }

    /// Waits until the status document fulfils a condition.
    func waitForStatus(
        _ what: String, seconds: Double = 30, _ condition: ([String: Any]) -> Bool
    ) throws {
        let end = Date(timeIntervalSinceNow: seconds)
        var last: [String: Any] = [:]
        while Date() < end {
            if let status = try? status() {
                last = status
                if condition(status) { return }
            }
            Thread.sleep(forTimeInterval: 0.1)
        }
        throw HouseError(
            "\(what) was not seen within \(seconds) s; last bank: \(last["bank"] ?? ""), alarms: \(last["alarms"] ?? ""), gateway: \(gateway?.errors.suffix(800) ?? "")"
        )
    }

    /// What an independent program finds against the schema of the status document; empty when all is well.
    func schemaFaults() throws -> String {
        let document = try JSONSerialization.data(withJSONObject: try status())
        let file = folder.file("status.json")
        try document.write(to: URL(filePath: file))
        let program = """
            import json, sys, jsonschema
            check = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
            for e in check.iter_errors(json.load(open(sys.argv[2]))): print(e.json_path, e.message[:200])
            """
        let python = try Peers.python(importing: "jsonschema")
        let child = try ChildProcess(
            python, ["-c", program, Repository.root + "/Schemas/status-v1.schema.json", file])
        let ending = try child.waitForExit(within: 30_000)
        return ending == .exited(0) ? child.output : child.errors
    }

    private func wait(_ what: String, _ process: ChildProcess, _ condition: () -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 20)
        while Date() < end {
            if condition() { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw HouseError("\(what) did not come up: \(process.errors)")
    }

    /// Waits until the counting subscriber has subscribed `times` times.
    ///
    /// A broker without persistence forgets it, and takes records for which nobody asks.
    func waitForCounter(times: Int) throws {
        let end = Date(timeIntervalSinceNow: 20)
        while Date() < end {
            let lines = (counter?.output ?? "").split(separator: "\n")
            if lines.count(where: { $0 == "ready" }) >= times { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        throw HouseError("the counting subscriber did not come back: \(counter?.errors ?? "")")
    }

    /// The records the counting subscriber has seen: epoch and number in the order of arrival.
    func received() -> [(epoch: Int64, seq: Int64, topic: String, code: String)] {
        (counter?.output ?? "").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count >= 3, let epoch = Int64(words[0]), let seq = Int64(words[1]) else {
                return nil
            }
            return (epoch, seq, String(words[2]), words.count > 3 ? String(words[3]) : "")
        }
    }

    /// What `outbox status --json` says.
    func outbox() throws -> (next: Int64, depth: Int64, lost: Int64) {
        let process = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["outbox", "status", "--json", "--config", folder.file("gateway.toml")])
        _ = try process.waitForExit(within: 10_000)
        let object =
            try JSONSerialization.jsonObject(with: Data(process.output.utf8)) as? [String: Any]
        func number(_ key: String) -> Int64 { (object?[key] as? NSNumber)?.int64Value ?? -1 }
        return (number("next_seq"), number("depth"), number("lost"))
    }
}

struct HouseError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension [String: Any] {
    /// The value at a path such as `bank.packs_online`.
    func at(_ path: String) -> Any? {
        var value: Any? = self
        for key in path.split(separator: ".") { value = (value as? [String: Any])?[String(key)] }
        return value
    }

    func number(_ path: String) -> Double { (at(path) as? NSNumber)?.doubleValue ?? .nan }

    func text(_ path: String) -> String { at(path) as? String ?? "" }

    func list(_ path: String) -> [String] { at(path) as? [String] ?? [] }
}
