import Foundation
import TestKit
import Testing

/// The programs together, as they run in a home.
///
/// One house at a time: they share two cores.
@Suite(.serialized) struct HouseTests {
    @Test func `sixteen packs reach the inverter and the broker`() throws {
        let house = try House(packs: 16)
        try house.startGateway()
        try house.waitForStatus("all packs online", seconds: 40) {
            $0.number("bank.packs_online") == 16
        }
        try house.waitForStatus("records acknowledged") { $0.number("outbox.acknowledged") >= 3 }
        let told =
            try JSONSerialization.jsonObject(
                with: Data(try house.tell("inverter.sock", "status").utf8)) as? [String: Any]
        #expect((told?["frames_accepted"] as? Int ?? 0) >= 6)
        #expect(house.stopGateway() == .exited(0))
        let outbox = try house.outbox()
        #expect(outbox.lost == 0)
        let seen = Set(house.received().map(\.seq))
        #expect(Set(1..<(outbox.next - outbox.depth)).isSubset(of: seen))
    }

    @Test func `what watch prints follows its schema`() throws {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("all packs online") { $0.number("bank.packs_online") == 2 }
        #expect(try house.schemaFaults() == "")
    }

    @Test func `two lines, two protocols, one bank`() throws {
        let house = try House(packs: 2, tcpPacks: 3)
        try house.startGateway()
        try house.waitForStatus("five packs online") { $0.number("bank.packs_online") == 5 }
        let status = try house.status()
        let lines = status["lines"] as? [[String: Any]] ?? []
        #expect(lines.map { $0.text("map") } == ["pace-v1.3", "seplos-v3"])
        try house.tell("bank.sock", "line unplugged 4s")
        try house.waitForStatus("the other line goes on") {
            $0.number("bank.packs_online") == 3 && $0.text("bank.mode") == "running"
        }
        try house.waitForStatus("the line is back", seconds: 60) {
            $0.number("bank.packs_online") == 5
        }
    }

    @Test func `rule 7: a pack that falls silent lowers the limits, and comes back`() throws {
        let house = try House(packs: 4)
        try house.startGateway()
        try house.waitForStatus("all packs online") { $0.number("bank.packs_online") == 4 }
        try house.waitForStatus("full limit") { $0.number("limits.charge_current_a.value") == 200 }
        try house.tell("bank.sock", "3 silent")
        try house.waitForStatus("one pack fewer") {
            $0.number("bank.packs_online") == 3 && $0.number("limits.charge_current_a.value") == 150
                && $0.text("limits.charge_current_a.rule") == "pack_silent"
                && $0.number("limits.charge_current_a.pack") == 3
                && $0.text("bank.mode") == "running"
        }
        try house.tell("bank.sock", "clear")
        try house.waitForStatus("the pack is back", seconds: 60) {
            $0.number("bank.packs_online") == 4
        }
    }

    @Test func `rule 4: a protection reaches the inverter's frame`() throws {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("all packs online") { $0.number("bank.packs_online") == 2 }
        try house.tell("bank.sock", "2 protection cell_overvoltage")
        try house.waitForStatus("the protection") {
            $0.list("alarms.protections").contains("cell_overvoltage")
                && $0.number("limits.charge_current_a.value") == 50
                && $0.text("limits.charge_current_a.rule") == "pack_protection"
        }
        let told = try house.tell("inverter.sock", "status")
        #expect(told.contains("ProtectionOvervoltage") || told.contains("359"), "\(told)")
    }

    @Test func `rule 8: with all packs silent the inverter is told to stop, then comes back`()
        throws
    {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("all packs online") { $0.number("bank.packs_online") == 2 }
        try house.tell("bank.sock", "all silent")
        try house.waitForStatus("the bank has stopped") {
            $0.text("bank.mode") == "stopped" && $0.number("limits.charge_current_a.value") == 0
                && $0.at("bank.soc_pct") is NSNull
        }
        try house.tell("bank.sock", "clear")
        try house.waitForStatus("the bank runs again", seconds: 60) {
            $0.text("bank.mode") == "running"
        }
    }

    @Test func `a block of zeros with a right CRC never reaches the inverter`() throws {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("all packs online") { $0.number("bank.packs_online") == 2 }
        try house.tell("bank.sock", "1 zero")
        try house.waitForStatus("the pack is left out") {
            $0.number("bank.packs_online") == 1
                && $0.list("alarms.warnings").contains("pack_implausible")
                && $0.number("bank.voltage_v") > 40
        }
    }

    @Test func `an adapter that is unplugged and plugged in again is used again`() throws {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("the bus is up") {
            $0.text("inverter.bus") == "active" && $0.number("bank.packs_online") == 2
        }
        try house.tell("inverter.sock", "disconnect 3s")
        try house.waitForStatus("the bus is gone") { $0.text("inverter.bus") != "active" }
        try house.waitForStatus("the bus is back", seconds: 40) {
            $0.text("inverter.bus") == "active"
        }
        let before = try house.status().number("inverter.frames_sent")
        try house.waitForStatus("frames flow") { $0.number("inverter.frames_sent") > before + 6 }
    }

    @Test func `outbox rule 4: a broker that restarts loses nothing`() throws {
        let house = try House(packs: 2)
        try house.startGateway()
        try house.waitForStatus("records acknowledged") { $0.number("outbox.acknowledged") >= 3 }
        house.broker.stop()
        try house.waitForStatus("records wait", seconds: 40) { $0.number("outbox.depth") >= 4 }
        try house.broker.start()
        try house.waitForStatus("the backlog is gone", seconds: 40) {
            $0.text("link.state") == "connected" && $0.number("outbox.depth") <= 1
        }
        #expect(house.stopGateway() == .exited(0))
        let outbox = try house.outbox()
        #expect(outbox.lost == 0)
    }
}
