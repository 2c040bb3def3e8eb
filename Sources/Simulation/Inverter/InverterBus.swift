import CANBus
import CANTransport
import Glibc
import TestKit

/// The inverter's end of a bus.
protocol InverterBus: AnyObject {
    /// Sends a frame to the gateway, if it listens.
    func send(_ frame: CANFrame)
    /// Takes the adapter away or gives it back.
    func setPlugged(_ plugged: Bool) throws(SimulationError)
    /// Lets the controller leave the bus or come back.
    func setBusOff(_ isOff: Bool) throws(SimulationError)
    /// Stops answering, or answers again.
    func setSilent(_ silent: Bool)
    /// What the adapter refused.
    var refusals: UInt64 { get }
}

/// A Lawicel adapter on a pseudo-terminal; behind it the simulated inverter.
final class AdapterBus: InverterBus {
    private var adapter = LawicelChannel()
    private var port: PtyPort?
    private var isSilent = false
    private let bitRate: Int

    init(
        link: String, bitRate: Int, reactor: Reactor, receive: @escaping (CANFrame) -> Void
    ) throws(SimulationError) {
        self.bitRate = bitRate
        port = try PtyPort(link: link, reactor: reactor) { [unowned self] bytes in
            take(bytes, receive)
        }
    }

    var refusals: UInt64 { adapter.refusals }

    /// Frames pass only when both sides use the same bit rate.
    private var isOnBus: Bool { adapter.bitRate == nil || adapter.bitRate == bitRate }

    private func take(_ bytes: [UInt8], _ receive: (CANFrame) -> Void) {
        guard !isSilent else { return }
        var answer: [UInt8] = []
        for byte in bytes {
            for action in adapter.receive(byte) {
                switch action {
                case .reply(let reply): answer += reply
                case .frame(let frame): if isOnBus { receive(frame) }
                }
            }
        }
        port?.send(answer[...])
    }

    func send(_ frame: CANFrame) {
        guard !isSilent, isOnBus, let bytes = adapter.deliver(frame) else { return }
        port?.send(bytes[...])
    }

    func setPlugged(_ plugged: Bool) throws(SimulationError) {
        if plugged { return try port?.plugIn() ?? () }
        port?.unplug()
        adapter = LawicelChannel()
    }

    func setBusOff(_ isOff: Bool) { adapter.isBusOff = isOff }
    func setSilent(_ silent: Bool) { isSilent = silent }
}

/// A CAN interface of the kernel.
final class KernelBus: InverterBus {
    private let bus: SocketCANBus
    private let reactor: Reactor
    private var watched: Int32 = -1
    private var isSilent = false

    init(
        interface: String, reactor: Reactor, receive: @escaping (CANFrame) -> Void
    ) throws(SimulationError) {
        do { bus = try SocketCANBus(interface: interface) } catch {
            throw .option(
                name: "--socketcan", found: interface, expected: "an interface such as can0")
        }
        self.reactor = reactor
        reactor.every(100_000_000) { [unowned self] in attend(receive) }
    }

    deinit { if watched >= 0 { reactor.unwatch(watched) } }

    let refusals: UInt64 = 0

    /// The descriptor changes when the interface goes and comes.
    private func attend(_ receive: @escaping (CANFrame) -> Void) {
        bus.attend(at: Clock.now())
        guard bus.descriptor != watched else { return }
        if watched >= 0 { reactor.unwatch(watched) }
        watched = bus.descriptor
        guard watched >= 0 else { return }
        reactor.watch(watched, for: POLLIN) { [unowned self] _ in
            _ = bus.receive(at: Clock.now()) { if !isSilent { receive($0) } }
            if bus.descriptor != watched { attend(receive) }
        }
    }

    func send(_ frame: CANFrame) {
        if !isSilent { _ = bus.send(frame, at: Clock.now()) }
    }

    func setPlugged(_ plugged: Bool) throws(SimulationError) {
        throw .command(found: "disconnect", expected: "a command for --socketcan; use 'ip link'")
    }

    func setBusOff(_ isOff: Bool) throws(SimulationError) {
        guard isOff else { return }
        throw .command(found: "busoff", expected: "a command for --socketcan; the kernel decides")
    }

    func setSilent(_ silent: Bool) { isSilent = silent }
}
