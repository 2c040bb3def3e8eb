import CANProfile
import Glibc
import CANBus
import StrictJSON
import TestKit
import Testing

@testable import Simulation

@Suite struct InverterSimulationTests {
    private let folder: TemporaryDirectory
    private let simulation: RunningSimulation

    init() throws {
        folder = try TemporaryDirectory("inverter")
        var settings = InverterSettings(
            link: .slcan(folder.file("can")), profile: try BankFixture.profile())
        settings.control = folder.file("control")
        settings.log = folder.file("candump.log")
        settings.keepAliveMilliseconds = 50
        settings.rules.timeout = 800_000_000
        settings.rules.recovery = 100_000_000
        let started = settings
        simulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try InverterSimulation(started, reactor: reactor)
        }
    }

    private func tell(_ command: String) throws -> String {
        try ControlClient.tell(command, path: folder.file("control"))
    }

    private func open() throws -> FarEnd {
        let end = try FarEnd(folder.file("can"))
        end.write(Array("C\rS6\rO\r".utf8))
        return end
    }

    private func waits(for text: String, limits end: FarEnd? = nil) -> Bool {
        Patience.wait(5000) { () -> Bool? in
            end?.write(Array("t351830022C01E803C001\r".utf8))
            usleep(20_000)
            return (try? tell("status"))?.contains(text) == true ? true : nil
        } ?? false
    }

    @Test func `it sends keep-alives to an open channel only, and pauses them`() throws {
        let end = try FarEnd(folder.file("can"))
        #expect(end.read(quiet: 50, first: 200) == [])
        end.write(Array("S6\rO\r".utf8))
        let heard = String(decoding: end.read(quiet: 500, most: 30), as: UTF8.self)
        #expect(heard.contains("t30580000000000000000\r"))
        #expect(try tell("keepalive off") == "ok")
        _ = end.read(quiet: 100, first: 100)
        #expect(end.read(quiet: 100, first: 200) == [])
    }

    @Test func `it trips when limits stop and recovers when they come back`() throws {
        let end = try open()
        #expect(waits(for: "\"state\": \"running\"", limits: end))
        #expect(waits(for: "\"state\": \"tripped\""))
        #expect(waits(for: "\"state\": \"running\"", limits: end))
        #expect(try !tell("status").contains("\"trips\": 0"))
    }

    @Test func `an unplugged adapter comes back under its name`() throws {
        let end = try open()
        #expect(waits(for: "\"frames_accepted\": 1", limits: end))
        #expect(try tell("disconnect 200ms") == "ok")
        #expect(throws: SimulationError.self) { try FarEnd(folder.file("can")) }
        let again = Patience.wait(3000) { try? open() }
        #expect(again != nil)
        guard let again else { return }
        #expect(waits(for: "\"state\": \"running\"", limits: again))
    }

    @Test func `bus-off refuses frames until it ends`() throws {
        let end = try open()
        _ = try tell("keepalive off")
        _ = end.read(quiet: 100, first: 100)
        _ = try tell("busoff")
        end.write(Array("t3510\r".utf8))
        #expect(end.read(quiet: 50) == [0x07])
        _ = try tell("resume")
        end.write(Array("t3510\r".utf8))
        #expect(end.read(quiet: 50) == Array("z\r".utf8))
    }

    @Test func `the status is JSON and the log is a candump log`() throws {
        let end = try open()
        #expect(waits(for: "\"name\": \"Limits\"", limits: end))
        _ = try JSONParser.parse(Array(try tell("status").utf8))
        let log = String(
            decoding: try FileBytes.read(folder.file("candump.log")), as: UTF8.self)
        let frames = try log.split(separator: "\n").map { try Candump.parse($0).frame.compactHex }
        #expect(frames.contains("351#30022C01E803C001"))
        #expect(frames.contains("305#0000000000000000"))
    }

    @Test func `python-can talks to it as to any adapter`() throws {
        let python = try Peers.python(importing: "can", "serial")
        let script = """
            import can, sys, time
            bus = can.Bus(interface="slcan", channel=sys.argv[1], bitrate=500000)
            end = time.time() + 20
            heard = None
            while heard is None and time.time() < end:
                for number, data in ((0x351, "30022C01E803C001"), (0x355, "50006400")):
                    bus.send(can.Message(arbitration_id=number, data=bytes.fromhex(data),
                                         is_extended_id=False))
                heard = bus.recv(0.2)
            print(hex(heard.arbitration_id), heard.data.hex(), heard.is_extended_id)
            bus.shutdown()
            """
        let child = try ChildProcess(python, ["-c", script, folder.file("can")])
        #expect(try child.waitForExit(within: 60_000) == .exited(0), "\(child.errors)")
        #expect(child.output == "0x305 0000000000000000 False\n")
        let status = try tell("status")
        #expect(status.contains("\"charge_voltage_limit\": 56.000"))
        #expect(status.contains("\"frames_malformed\": 0"))
    }
}
