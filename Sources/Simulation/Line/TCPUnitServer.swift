import Glibc
import Modbus
import TestKit

/// Serves the packs on TCP: as Modbus TCP, or as a serial server that passes RTU bytes.
final class TCPUnitServer {
    /// What goes over the connections.
    enum Mode: Hashable, Sendable {
        case modbusTCP
        case rtu
    }

    private final class Connection {
        var scanner = TCPRequestScanner()
        var line: PacedLine?
    }

    private let listener: Int32
    private let mode: Mode
    private let pace: PacedLine.Pace
    private let units: BankUnits
    private let reactor: Reactor
    private var connections: [Int32: Connection] = [:]
    /// Whether connections are refused, as when the server has no power.
    private(set) var isPlugged = true

    init(
        endpoint: String, option: String, mode: Mode, pace: PacedLine.Pace, units: BankUnits,
        reactor: Reactor
    ) throws(SimulationError) {
        self.mode = mode
        self.pace = pace
        self.units = units
        self.reactor = reactor
        listener = try Sockets.listen(endpoint, option: option)
        reactor.watch(listener, for: POLLIN) { [unowned self] _ in welcome() }
    }

    deinit {
        for descriptor in connections.keys { close(descriptor) }
        close(listener)
    }

    /// The lines behind the connections, for their counters.
    var lines: [PacedLine] { connections.values.compactMap(\.line) }

    /// Drops all connections and takes no new ones, or takes them again.
    func setPlugged(_ plugged: Bool) {
        isPlugged = plugged
        guard !plugged else { return }
        for descriptor in Array(connections.keys) { hangUp(descriptor) }
    }

    private func welcome() {
        guard let descriptor = Sockets.accept(listener) else { return }
        guard isPlugged else {
            close(descriptor)
            return
        }
        let connection = Connection()
        if mode == .rtu {
            connection.line = PacedLine(pace: pace, units: units, reactor: reactor) { bytes in
                Streams.write(descriptor, bytes)
            }
        }
        connections[descriptor] = connection
        reactor.watch(descriptor, for: POLLIN) { [unowned self] _ in listen(to: descriptor) }
    }

    private func listen(to descriptor: Int32) {
        guard let connection = connections[descriptor] else { return }
        switch Streams.read(descriptor) {
        case .nothing: return
        case .ended: hangUp(descriptor)
        case .bytes(let bytes):
            if let line = connection.line { return line.receive(bytes) }
            for byte in bytes {
                do {
                    if let found = try connection.scanner.feed(byte) {
                        answer(found.request, found.transaction, connection, descriptor)
                    }
                } catch { return hangUp(descriptor) }
            }
        }
    }

    private func answer(
        _ request: MasterRequest, _ transaction: UInt16, _ connection: Connection,
        _ descriptor: Int32
    ) {
        var moment = Clock.now() + pace.turnRound
        for piece in units.answer(
            request, framing: .tcp(transaction: transaction), at: Clock.now())
        {
            moment += piece.pause
            guard moment > Clock.now() else {
                Streams.write(descriptor, piece.bytes[...])
                continue
            }
            reactor.at(moment) { [weak self, weak connection] in
                guard let self, let connection, connections[descriptor] === connection else {
                    return
                }
                Streams.write(descriptor, piece.bytes[...])
            }
        }
    }

    private func hangUp(_ descriptor: Int32) {
        reactor.unwatch(descriptor)
        connections[descriptor]?.line?.reset()
        connections[descriptor] = nil
        close(descriptor)
    }
}
