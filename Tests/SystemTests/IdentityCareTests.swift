import Foundation
import TestKit
import Testing

/// A running gateway that looks after its identity, with the fleet's own programs around it.
@Suite(.serialized) struct IdentityCareTests {
    @Test(.timeLimit(.minutes(4)))
    func `a gateway without an identity works, takes one up, renews it and loses nothing`() throws {
        let rig = try CaredHouse()
        let house = rig.house
        try rig.startGateway()
        try rig.waitForLog("amphora-gateway enroll --fleet https://127.0.0.1")
        try house.waitForStatus("packs and records without an identity") {
            $0.number("bank.packs_online") == 2 && $0.number("outbox.depth") >= 3
                && $0.text("link.state") == "unusable"
        }
        try rig.enroll()
        try house.waitForStatus("the fleet stores") {
            $0.text("link.state") == "connected" && $0.number("outbox.stored") >= 5
        }
        let cycles = try house.status().number("bridge.send_cycles")
        let first = try rig.run("identity", "show").output
        // three quarters of the certificate's life are over by this clock
        try rig.setClock(5400)
        try rig.waitForLog("certificate renewed")
        try house.waitForStatus("a second connection") {
            $0.text("link.state") == "connected" && $0.number("link.reconnects") == 1
        }
        #expect(try rig.run("identity", "show").output != first)
        let entries = rig.rig.log.split(separator: "\n").filter {
            $0.contains("New client connected") && $0.contains("as house ")
        }
        #expect(entries.count == 2 && entries.allSatisfy { $0.contains("u'house'") }, "\(entries)")
        let stored = try house.status().number("outbox.stored")
        try house.waitForStatus("records go on") { $0.number("outbox.stored") >= stored + 5 }
        #expect(try house.status().number("link.reconnects") == 1)
        #expect(try house.status().number("bridge.send_cycles") > cycles)
        let epoch = Int64(try house.status().number("outbox.epoch"))
        #expect(rig.stopGateway() == .exited(0))
        let outbox = try house.outbox()
        #expect(outbox.lost == 0)
        let sent = Set(1..<(outbox.next - outbox.depth))
        #expect(sent.isSubset(of: try rig.stored(epoch: epoch)))
        #expect(sent.count > 10)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a fleet that hangs in the middle of a renewal delays neither frames nor the end`() throws
    {
        let rig = try CaredHouse()
        let house = rig.house
        try rig.enroll()
        try rig.startGateway()
        try house.waitForStatus("all is up") {
            $0.number("bank.packs_online") == 2 && $0.text("link.state") == "connected"
        }
        try rig.waitForLog("is applied")
        let isQuiet = Patience.wait(20_000) {
            ((try? rig.openConnections()) ?? 1) == 0 ? true : nil
        }
        #expect(isQuiet == true)
        rig.freezeServer()
        defer { rig.resumeServer() }
        try rig.setClock(5400)
        let isAsking = Patience.wait(20_000) {
            ((try? rig.openConnections()) ?? 0) > 0 ? true : nil
        }
        #expect(isAsking == true, "\(rig.gateway?.errors ?? "")")
        let cycles = try house.status().number("bridge.send_cycles")
        try house.waitForStatus("frames go on") { $0.number("bridge.send_cycles") >= cycles + 3 }
        #expect(try rig.openConnections() > 0, "\(rig.gateway?.errors ?? "")")
        let asked = Date()
        #expect(rig.stopGateway() == .exited(0))
        #expect(Date().timeIntervalSince(asked) < 2)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a revoked gateway says so until it is enrolled anew, and works meanwhile`() throws {
        let rig = try CaredHouse(pollSeconds: 10)
        let house = rig.house
        try rig.enroll()
        try rig.startGateway()
        try house.waitForStatus("all is up") {
            $0.number("bank.packs_online") == 2 && $0.text("link.state") == "connected"
                && $0.text("identity.door") == "current" && codes($0).isEmpty
        }
        try rig.rig.fleet("ca", "revoke", "--gateway", "house", "--ca", rig.rig.authority.path)
        try house.waitForStatus("the alarm", seconds: 60) { codes($0) == ["identity_refused"] }
        #expect(try house.schemaFaults() == "")
        try rig.waitForLog("alarm raised code=identity_refused")
        let cycles = try house.status().number("bridge.send_cycles")
        try house.waitForStatus("frames go on") { $0.number("bridge.send_cycles") > cycles }
        try rig.enroll()
        try house.waitForStatus("all is well", seconds: 60) { codes($0).isEmpty }
        try rig.waitForLog("alarm cleared code=identity_refused")
        #expect(rig.stopGateway() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `an expired pair is replaced through the door of the factory, by itself`() throws {
        let rig = try CaredHouse()
        let house = rig.house
        _ = try rig.token()
        let maker = try rig.rig.maker()
        try rig.rig.fleet(
            "makers", "add", maker.file("issuing.pem"), "--name", "acme", "--store", rig.store)
        try rig.install(rig.rig.enrol("house", daysAgo: 2), in: "pair-1", as: "current")
        try rig.install(
            rig.rig.enrol("house", daysAgo: 10, by: maker), in: "factory", trusting: maker)
        let before = try rig.run("identity", "show").output
        try rig.startGateway()
        try rig.waitForLog("alarm raised code=identity_unusable")
        try house.waitForStatus("the fleet stores", seconds: 60) {
            $0.text("identity.door") == "current" && codes($0).isEmpty
                && $0.text("link.state") == "connected" && $0.number("outbox.stored") >= 3
        }
        #expect(try rig.run("identity", "show").output != before)
        #expect(rig.stopGateway() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `a clock set back by twenty years is told, and the pair serves on`() throws {
        let rig = try CaredHouse()
        let house = rig.house
        try rig.enroll()
        try rig.startGateway()
        try house.waitForStatus("all is up") {
            $0.number("bank.packs_online") == 2 && $0.text("link.state") == "connected"
                && codes($0).isEmpty
        }
        try rig.setClock(-20 * 365 * 86_400)
        try house.waitForStatus("the alarm", seconds: 60) { codes($0) == ["clock_suspect"] }
        let status = try house.status()
        #expect(status.text("link.state") == "connected")
        #expect(status.text("identity.door") == "current")
        let (cycles, stored) = (
            status.number("bridge.send_cycles"), status.number("outbox.stored")
        )
        try house.waitForStatus("frames and records go on") {
            $0.number("bridge.send_cycles") > cycles && $0.number("outbox.stored") > stored
        }
        try rig.setClock(0)
        try house.waitForStatus("all is well", seconds: 60) { codes($0).isEmpty }
        #expect(rig.stopGateway() == .exited(0))
    }

    private func codes(_ status: [String: Any]) -> [String] {
        let alarms = status.at("identity.alarms") as? [[String: Any]] ?? []
        return alarms.map { $0.text("code") }
    }
}
