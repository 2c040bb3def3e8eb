import Bank
import Glibc
import Modbus
import PackMap
import TestKit

/// How a simulated bank is reached.
package enum BankLink: Hashable, Sendable {
    /// A pseudo-terminal under this link.
    case pty(String)
    /// Modbus TCP on this endpoint.
    case modbusTCP(String)
    /// RTU frames on this TCP endpoint, as serial servers pass them.
    case rtuOverTCP(String)
}

/// Everything a simulated bank is started with.
package struct BankSettings: Sendable {
    /// How it is reached.
    package var link: BankLink
    /// The map through which the model is seen.
    package var map: PackMap
    /// How many packs.
    package var packs = 1
    /// The unit id of the first pack.
    package var firstUnit = 1
    /// What the addresses of a relative map count from.
    package var baseAddress: UInt16 = 0
    /// Bits per second on the wire; nil answers at once.
    package var baud: Int?
    /// How long a unit thinks, milliseconds.
    package var turnMilliseconds = 0.0
    /// Registers by unit id instead of the model.
    package var registers: [UInt8: RegisterImage]?
    /// The wanted current.
    package var load = LoadProfile.constant(0)
    /// How the packs begin.
    package var pack = PackSettings()
    /// What makes the packs differ, and noise repeatable.
    package var seed: UInt64 = 1
    /// Model seconds in a second.
    package var speed = 1.0
    /// Where commands are taken, or nil.
    package var control: String?
    /// Commands obeyed at the start.
    package var orders: [BankOrder] = []
    /// The control socket of a simulated inverter whose current the bank follows.
    package var follow: String?

    /// A bank of one pack without load.
    package init(link: BankLink, map: PackMap) {
        self.link = link
        self.map = map
        pack.cells = map.seriesCells
        pack.probes = map.probeCount
        pack.limits = map.limits
        pack.serialStyle = SerialStyle(map)
    }
}

/// A simulated bank at work; lives on the thread that runs its reactor.
package final class BankSimulation {
    private let settings: BankSettings
    private let reactor: Reactor
    private let units: BankUnits
    private var line: PacedLine?
    private var port: PtyPort?
    private var server: TCPUnitServer?
    private var control: ControlSocket?
    private var lastTick = Clock.now()
    private var lastForeign: Int64 = 0
    private let begun = Clock.now()

    /// How often the model moves on, nanoseconds.
    private static let tick: Int64 = 250_000_000

    /// Opens the line and the control socket; both are there when this returns.
    package init(_ settings: BankSettings, reactor: Reactor) throws(SimulationError) {
        self.settings = settings
        self.reactor = reactor
        let model = BankModel(
            count: settings.packs, settings: settings.pack, load: settings.load,
            seed: settings.seed)
        let source =
            settings.registers.map(BankUnits.Source.file)
            ?? .model(settings.map.plan.relocated(to: settings.baseAddress))
        units = BankUnits(
            model: model, source: source, firstUnit: settings.firstUnit, seed: settings.seed)
        for order in settings.orders { _ = try obey(order) }
        try openLink()
        if let path = settings.control {
            let count = settings.packs
            control = try ControlSocket(path: path, reactor: reactor) {
                [unowned self] (text) throws(SimulationError) -> String in
                try obey(try BankOrder.parse(text, count: count))
            }
        }
        reactor.every(Self.tick) { [unowned self] in advance() }
    }

    private var pace: PacedLine.Pace {
        guard let baud = settings.baud else {
            return .instant(turnMilliseconds: settings.turnMilliseconds)
        }
        let line = settings.map.line
        let bits = 9 + (line.parity == .none ? 0 : 1) + line.stopBits
        return .wire(
            baud: baud, bitsPerCharacter: bits, turnMilliseconds: settings.turnMilliseconds)
    }

    private func openLink() throws(SimulationError) {
        switch settings.link {
        case .pty(let path):
            let line = PacedLine(pace: pace, units: units, reactor: reactor) {
                [unowned self] bytes in port?.send(bytes)
            }
            self.line = line
            port = try PtyPort(link: path, reactor: reactor) { line.receive($0) }
        case .modbusTCP(let endpoint):
            server = try TCPUnitServer(
                endpoint: endpoint, option: "--tcp", mode: .modbusTCP, pace: pace, units: units,
                reactor: reactor)
        case .rtuOverTCP(let endpoint):
            server = try TCPUnitServer(
                endpoint: endpoint, option: "--rtu-tcp", mode: .rtu, pace: pace, units: units,
                reactor: reactor)
        }
    }

    private func advance() {
        let now = Clock.now()
        let seconds = Double(now - lastTick) / 1e9 * settings.speed
        lastTick = now
        if let follow = settings.follow { units.follow(InverterFeed.current(at: follow)) }
        units.advance(seconds: min(seconds, 3600), at: now)
        playLineFaults(at: now)
    }

    /// Applies what is wrong with the whole line.
    private func playLineFaults(at now: Int64) {
        let active = units.faults.active(0, at: now)
        let isUnplugged = active.contains(.unplugged)
        line?.echoes = active.contains(.echo)
        for other in server?.lines ?? [] { other.echoes = active.contains(.echo) }
        setPlugged(!isUnplugged)
        for case .foreign(let unit) in active where now - lastForeign >= 1_000_000_000 {
            lastForeign = now
            for line in [line].compactMap({ $0 }) + (server?.lines ?? []) {
                line.playForeignMaster(asking: unit)
            }
        }
    }

    private func setPlugged(_ plugged: Bool) {
        if let server, server.isPlugged != plugged { server.setPlugged(plugged) }
        guard let port, port.isPlugged != plugged else { return }
        line?.reset()
        if plugged {
            do { try port.plugIn() } catch { Output.note("\(error)") }
        } else {
            port.unplug()
        }
    }

    /// Does what a command says; returns the answer.
    private func obey(_ order: BankOrder) throws(SimulationError) -> String {
        let now = Clock.now()
        switch order {
        case .raise(let fault, let packs, let milliseconds):
            units.raise(fault, packs: packs, milliseconds: milliseconds, at: now)
        case .clear(let packs): units.clear(packs: packs, at: now)
        case .swap(let first, let second): units.swap(first, second)
        case .load(let load): units.setLoad(load)
        case .ambient(let packs, let celsius): units.setAmbient(celsius, packs: packs)
        case .status: return status
        }
        playLineFaults(at: now)
        return "ok"
    }

    /// The true state of the bank as one line of JSON.
    package var status: String {
        let now = Clock.now()
        let lines = [line].compactMap { $0 } + (server?.lines ?? [])
        let model = units.model
        let lineMembers = [
            ("bytes_received", "\(lines.reduce(0) { $0 + $1.counters.bytesReceived })"),
            ("bytes_sent", "\(lines.reduce(0) { $0 + $1.counters.bytesSent })"),
            ("silence_violations", "\(lines.reduce(0) { $0 + $1.counters.silenceViolations })"),
            ("collisions", "\(lines.reduce(0) { $0 + $1.counters.collisions })"),
            ("stranger_requests", "\(units.strangerRequests)"),
            (
                "faults",
                JSONText.array(units.faults.active(0, at: now).map { JSONText.string($0.word) })
            ),
        ]
        return JSONText.object([
            ("map", JSONText.string(settings.map.id)),
            ("uptime_s", JSONText.number(Double(now - begun) / 1e9, decimals: 1)),
            ("model_s", JSONText.number(model.elapsed, decimals: 1)),
            ("voltage_v", JSONText.number(model.voltage, decimals: 3)),
            ("current_a", JSONText.number(model.current, decimals: 3)),
            ("line", JSONText.object(lineMembers)),
            ("packs", JSONText.array((1...units.count).map { units.status(of: $0, at: now) })),
        ])
    }
}
