import TestKit
import Testing

/// Assigned sets through the real program beside the bus, which keeps its time whatever comes in.
///
/// One house at a time, and nothing else on the machine: they hold the time between two frames to account.
@Suite(.serialized) struct UpdatePaceTests {
    @Test(.timeLimit(.minutes(4)))
    func `a set is swapped under load without a missed send cycle, and good after probation`()
        throws
    {
        let rig = try UpdatedHouse.running()
        try rig.house.waitForStatus("four send cycles") { $0.number("bridge.send_cycles") >= 4 }
        let before = try rig.house.status().number("bridge.send_cycles")
        let first = try rig.assign(.title, release: 2)
        try rig.waitForLog("base 1.2.0, release 2 is good", seconds: 90)
        #expect(rig.current == first)
        #expect(try rig.house.schemaFaults() == "")
        #expect(try rig.house.status().text("update.set") == "base 1.2.0, release 2")
        // the packs' line begins anew, the bridge sends on
        let second = try rig.assign(.map, release: 3)
        try rig.waitForLog("base 1.3.0, release 3 is good", seconds: 90)
        #expect(rig.current == second)
        #expect(try rig.longestGap() < 1900)
        // the bridge was not begun anew, or it would count from nothing
        #expect(try rig.house.status().number("bridge.send_cycles") > before + 12)
        try rig.waitForEvents([
            "update_delivered", "update_applied", "update_good", "update_delivered",
            "update_applied", "update_good",
        ])
        #expect(rig.house.stopGateway() == .exited(0))
        // the next start runs it
        try rig.house.startGateway()
        try rig.waitForLog("base 1.3.0, release 3")
    }

    @Test(.timeLimit(.minutes(8)))
    func
        `with sixteen packs no send cycle is missed on the bus while sets come in and are swapped`()
        throws
    {
        let rig = try UpdatedHouse.running(packs: 16, probationSeconds: 8)
        try rig.house.waitForStatus("four send cycles") { $0.number("bridge.send_cycles") >= 4 }
        try rig.assign(.title, release: 2)
        try rig.waitForLog("base 1.2.0, release 2 is good", seconds: 90)
        try rig.assign(.map, release: 3)
        try rig.waitForLog("base 1.3.0, release 3 is good", seconds: 90)
        // what the inverter received: a cycle is a second, so one that is missed makes two
        let gap = try rig.longestGap()
        #expect(gap < 1500, "\(gap) ms")
        let late = try rig.house.status().number("bridge.cycle_lateness_ms.longest")
        #expect(late < 500, "\(late) ms")
    }

    @Test(.timeLimit(.minutes(3)))
    func `a set that needs a newer gateway is refused, by its assignment and by itself`() throws {
        let rig = try UpdatedHouse.running()
        try rig.assign(.title, release: 2, leastRuntime: "9.0.0")
        try rig.waitForLog("it needs gateway version 9.0.0, this is 0.1.0")
        try rig.assign(.newerRuntime, release: 3)
        try rig.waitForLog("'least_runtime' is 9.0.0, this gateway is 0.1.0")
        #expect(rig.current == nil)
        try rig.waitForEvents(["update_failed", "update_failed"])
        let gap = try rig.longestGap()
        #expect(gap < 1900, "\(gap) ms")
    }

    @Test(.timeLimit(.minutes(3)))
    func `a set that ends the process that reads it does not end the gateway`() throws {
        let rig = try UpdatedHouse.running(environment: ["AMPHORA_CUT": "profile-proof:1"])
        try rig.assign(.title, release: 2)
        try rig.waitForLog("reading the set ended the proof with signal 9")
        try rig.waitForEvents(["update_failed"])
        #expect(rig.current == nil)
        #expect(try rig.longestGap() < 1900)
        #expect(rig.house.stopGateway() == .exited(0))
    }

    @Test(.timeLimit(.minutes(4)))
    func `a set comes in while the outbox drains: nothing is lost, no frame is late`() throws {
        let rig = try UpdatedHouse.running()
        let house = rig.house
        house.broker.stop()
        try house.waitForStatus("records wait", seconds: 60) { $0.number("outbox.depth") >= 15 }
        try rig.assign(.map, release: 2)
        try house.broker.start()
        try rig.waitForLog("base 1.2.0, release 2 is good", seconds: 90)
        try house.waitForStatus("the backlog is gone", seconds: 60) {
            $0.text("link.state") == "connected" && $0.number("outbox.depth") <= 1
        }
        #expect(try rig.longestGap() < 1900)
        #expect(house.stopGateway() == .exited(0))
        let outbox = try house.outbox()
        #expect(outbox.lost == 0)
    }
}
