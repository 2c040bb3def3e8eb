import TestKit
import Testing

@testable import Simulation

/// Our packs, read by a master that is not ours.
@Suite struct IndependentMasterTests {
    /// Prints registers of units 1…3, then what an unknown register and a silent unit give.
    private static let script = """
        import sys
        from pymodbus.client import ModbusSerialClient, ModbusTcpClient
        from pymodbus import FramerType
        kind, place = sys.argv[1:3]
        if kind == "rtu":
            client = ModbusSerialClient(port=place, baudrate=9600, timeout=2, retries=0)
        else:
            host, port = place.rsplit(":", 1)
            framer = FramerType.RTU if kind == "rtu-tcp" else FramerType.SOCKET
            client = ModbusTcpClient(host, port=int(port), framer=framer, timeout=2, retries=0)
        assert client.connect()
        for unit in (1, 2, 3):
            live = client.read_holding_registers(0, count=13, device_id=unit)
            cells = client.read_holding_registers(15, count=22, device_id=unit)
            name = client.read_holding_registers(170, count=10, device_id=unit)
            serial = b"".join(w.to_bytes(2, "big") for w in name.registers).rstrip(b"\\0").decode()
            print(unit, live.registers[1], len(cells.registers), serial)
        refusal = client.read_holding_registers(5000, count=1, device_id=1)
        print("exception", refusal.exception_code)
        client.close()
        print("done")
        """

    private func check(_ kind: String, _ place: String) throws {
        let python = try Peers.python(importing: "pymodbus", "serial")
        let child = try ChildProcess(python, ["-c", Self.script, kind, place])
        let status = try child.waitForExit(within: 60_000)
        #expect(status == .exited(0), "\(child.errors)")
        let lines = child.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 5)
        for (unit, line) in lines.prefix(3).enumerated() {
            let words = line.split(separator: " ")
            #expect(words.count == 4 && (5000...5600).contains(Int(words[1]) ?? 0))
            #expect(words.last?.hasPrefix("SIM") == true && line.hasSuffix("P0\(unit + 1)"))
        }
        #expect(lines.contains("exception 2"))
    }

    private func serve(_ link: (String) -> BankLink) throws -> (RunningSimulation, String) {
        let endpoint = "127.0.0.1:\(try Peers.freePort())"
        var settings = BankSettings(link: link(endpoint), map: try BankFixture.map())
        settings.packs = 3
        let started = settings
        let simulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try BankSimulation(started, reactor: reactor)
        }
        return (simulation, endpoint)
    }

    @Test func `pymodbus reads packs on a paced serial line`() throws {
        let bank = try BankFixture(baud: 115_200)
        try check("rtu", bank.link)
    }

    @Test func `pymodbus reads packs over Modbus TCP`() throws {
        let (simulation, endpoint) = try serve { .modbusTCP($0) }
        try check("tcp", endpoint)
        withExtendedLifetime(simulation) {}
    }

    @Test func `pymodbus reads packs behind a serial server`() throws {
        let (simulation, endpoint) = try serve { .rtuOverTCP($0) }
        try check("rtu-tcp", endpoint)
        withExtendedLifetime(simulation) {}
    }
}
