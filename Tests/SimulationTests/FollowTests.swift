import CANBus
import Glibc
import TestKit
import Testing

@testable import Simulation

/// A bank and an inverter together, as on a bench without a gateway.
@Suite struct FollowTests {
    @Test func `a bank carries the current of the inverter it follows and rests without it`() throws
    {
        let folder = try TemporaryDirectory("follow")
        var inverter = InverterSettings(
            link: .slcan(folder.file("can")), profile: try BankFixture.profile())
        inverter.control = folder.file("inverter")
        inverter.rules.want = .constant(-12)
        let inverterSettings = inverter
        var running: RunningSimulation? = try RunningSimulation {
            (reactor) throws(SimulationError) in
            try InverterSimulation(inverterSettings, reactor: reactor)
        }
        var bank = BankSettings(link: .pty(folder.file("line")), map: try BankFixture.map())
        bank.packs = 2
        bank.control = folder.file("bank")
        bank.follow = folder.file("inverter")
        let bankSettings = bank
        let bankSimulation = try RunningSimulation { (reactor) throws(SimulationError) in
            try BankSimulation(bankSettings, reactor: reactor)
        }
        let end = try FarEnd(folder.file("can"))
        end.write(Array("S6\rO\rt3512\r".utf8))
        func carries(_ text: String) -> Bool {
            Patience.wait(5000) { () -> Bool? in
                end.write(Array("t351830022C01E803C001\rt356650140000FA00\rt35C2C000\r".utf8))
                usleep(20_000)
                let status = try? ControlClient.tell("status", path: folder.file("bank"))
                return status?.contains(text) == true ? true : nil
            } ?? false
        }
        #expect(carries("\"current_a\": -12.000, \"line\""))
        running = nil
        #expect(running == nil && carries("\"current_a\": 0.000, \"line\""))
        withExtendedLifetime(bankSimulation) {}
    }
}
