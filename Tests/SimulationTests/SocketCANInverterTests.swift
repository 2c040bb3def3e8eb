import Glibc
import TestKit
import Testing

@testable import Simulation

// Runs as root where the kernel has CAN; `Tests/socketcan` provides such a place and fails when
// this was passed over.
@Suite(
    .serialized,
    .enabled(if: CANInterface.isPossible, "this kernel has no SocketCAN; see Tests/socketcan"))
struct SocketCANInverterTests {
    @Test func `an inverter works on a kernel interface, also after it was switched off`() throws {
        let folder = try TemporaryDirectory("inverter")
        let interface = try CANInterface("vcan30")
        var settings = InverterSettings(
            link: .socketCAN(interface.name), profile: try BankFixture.profile())
        settings.control = folder.file("control")
        settings.keepAliveMilliseconds = 50
        settings.rules.timeout = 1_000_000_000
        settings.rules.recovery = 100_000_000
        let started = settings
        let simulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try InverterSimulation(started, reactor: reactor)
        }
        func reaches(_ state: String, isFed: Bool) -> Bool {
            Patience.wait(10_000) { () -> Bool? in
                let limits = Hex.bytes("30 02 2C 01 E8 03 C0 01")
                if isFed { try? interface.inject(id: 0x351, limits) }
                usleep(20_000)
                let status = try? ControlClient.tell("status", path: folder.file("control"))
                return status?.contains("\"state\": \"\(state)\"") == true ? true : nil
            } ?? false
        }
        #expect(reaches("running", isFed: true))
        try interface.set(up: false)
        #expect(reaches("tripped", isFed: false))
        try interface.set(up: true)
        #expect(reaches("running", isFed: true))
        #expect(
            try ControlClient.tell("disconnect", path: folder.file("control"))
                == "error: expected a command for --socketcan; use 'ip link', found 'disconnect'")
        withExtendedLifetime(simulation) {}
    }
}
