import CANBus
import CANTransport
import TestKit
import Testing

@Suite(.serialized) struct CANBusContractTests {
    @Test func `a bus in memory keeps the contract`() {
        let wire = MemoryWire()
        let contract = CANBusContract(
            MemoryBus(on: wire), peer: BusEndPeer(MemoryBus(on: wire, name: "peer")))
        #expect(contract.violations() == [])
        let afterwards = contract.violations(
            breaking: { wire.set(.down) }, shows: .down, mending: { wire.set(.active) })
        #expect(afterwards == [])
    }

    @Test func `an SLCAN adapter keeps the contract, also after it was unplugged`() throws {
        let hub = try LawicelHub()
        let contract = CANBusContract(
            try SLCANBus(device: hub.path(0)), peer: HubPeer(hub))
        #expect(contract.violations() == [])
        let afterwards = try contract.violations(
            breaking: { hub.unplug() }, shows: .removed, mending: { try hub.replug() })
        #expect(afterwards == [])
    }

    @Test func `python-can hears our SLCAN frames and we hear its`() throws {
        let hub = try LawicelHub(adapters: 2)
        let peer = try PythonCANPeer(device: hub.path(1))
        let contract = CANBusContract(try SLCANBus(device: hub.path(0)), peer: peer)
        #expect(contract.violations() == [])
    }
}

/// A node that runs python-can's own SLCAN driver.
private final class PythonCANPeer: BusPeer {
    private let process: ChildProcess
    private var seen = 0

    init(device: String) throws {
        let python = try Peers.python(importing: "can", "serial")
        process = try ChildProcess(python, ["-u", "-c", Self.script, device])
        _ = try process.waitForLine(containing: "ready")
    }

    func send(_ frame: CANFrame) { process.send(line: frame.compactHex) }

    func take() -> [CANFrame] {
        let lines = process.output.split(separator: "\n", omittingEmptySubsequences: false)
        let complete = lines.dropLast().filter { $0.hasPrefix("can0 ") }
        defer { seen = complete.count }
        return complete.dropFirst(seen).compactMap { try? Candump.parse($0).frame }
    }

    private static let script = """
        import sys, threading, can
        bus = can.Bus(interface="slcan", channel=sys.argv[1], bitrate=500000, sleep_after_open=0)
        def listen():
            while True:
                m = bus.recv(1)
                if m:
                    print(f"can0 {m.arbitration_id:0{8 if m.is_extended_id else 3}X}#{m.data.hex()}")
        threading.Thread(target=listen, daemon=True).start()
        print("ready")
        for line in sys.stdin:
            identifier, data = line.strip().split("#")
            bus.send(can.Message(arbitration_id=int(identifier, 16), data=bytes.fromhex(data),
                                 is_extended_id=len(identifier) > 3))
        """
}
