import Foundation
import TestKit
import Testing

/// Assigned sets through the real program: proved in a process of their own, swapped, watched.
@Suite struct UpdateTests {
    @Test(.timeLimit(.minutes(8)))
    func `a set that passes its vectors and silences the inverter is reverted by itself`() throws {
        let rig = try UpdatedHouse.running(probationSeconds: 30)
        let good = try rig.assign(.title, release: 2)
        try rig.waitForLog("base 1.2.0, release 2 is good", seconds: 90)
        try rig.assign(.silentInverter, release: 3)
        try rig.waitForLog("base 1.3.0, release 3 is reverted, the one before runs again")
        #expect(rig.current == good)
        try rig.house.waitForStatus("the inverter answers again", seconds: 120) {
            $0.text("inverter.keep_alive") == "present"
        }
        try rig.waitForEvents([
            "update_delivered", "update_applied", "update_good", "update_delivered",
            "update_applied", "update_reverted",
        ])
    }

    @Test(
        .timeLimit(.minutes(4)),
        arguments: [20, 160, 337, 357, 361])
    func `after kill -9 at a call that changes the disk a whole set runs and the update ends`(
        call: Int
    ) throws {
        let rig = try UpdatedHouse(packs: 2, probationSeconds: 5)
        let process = try rig.house.startGateway(
            environment: ["AMPHORA_CUT": "update-step:\(call)"])
        try rig.house.waitForStatus("two packs") { $0.number("bank.packs_online") == 2 }
        let set = try rig.assign(.title, release: 2)
        #expect(try process.waitForExit(within: 60_000) == .signalled(SIGKILL))
        try rig.house.startGateway()
        try rig.house.waitForStatus("two packs after the cut", seconds: 60) {
            $0.number("bank.packs_online") == 2
        }
        try rig.waitForLog("base 1.2.0, release 2 is good", seconds: 90)
        #expect(rig.current == set)
        #expect(rig.house.stopGateway() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `foreign frames of a new set are known with the swap`() throws {
        let rig = try UpdatedHouse.running(packs: 1)
        let house = rig.house
        try house.tell("inverter.sock", "send 7A1#01")
        try house.waitForStatus("four send cycles") { $0.number("bridge.send_cycles") >= 4 }
        #expect(try house.status().text("bridge.foreign_traffic") == "")
        let cycles = try house.status().number("bridge.send_cycles")
        try rig.assign(.foreignFrame, release: 2)
        try rig.waitForLog("profile set in use")
        try house.tell("inverter.sock", "send 7A1#01")
        try house.waitForStatus("the frame is known") {
            $0.text("bridge.foreign_traffic") == "frame 7A1 belongs to nobody's: look"
        }
        #expect(try house.status().number("bridge.send_cycles") > cycles)
        #expect(rig.house.gateway?.errors.contains("parts='foreign frames'") == true)
    }

    @Test(.timeLimit(.minutes(3)))
    func `before the bus goes to another bit rate the inverter is told to stop, then nothing`()
        throws
    {
        let rig = try UpdatedHouse.running(packs: 2)
        try rig.house.waitForStatus("limits") { $0.number("bridge.send_cycles") >= 4 }
        try rig.assign(.bitRate, release: 2)
        try rig.waitForLog("profile set in use")
        let limits = { try rig.sent().filter { $0.frame.hasPrefix("351#") } }
        // charge and discharge current are the second and third pair of bytes, little end first
        func isStop(_ frame: String) -> Bool { frame.dropFirst(8).prefix(8) == "00000000" }
        let found = Patience.wait(30_000) { () -> Bool? in
            guard let sent = try? limits(), let stop = sent.lastIndex(where: { isStop($0.frame) })
            else { return nil }
            return sent.count > stop + 2 ? true : nil
        }
        let sent = try limits()
        try #require(found != nil, "\(sent.map(\.frame))")
        let first = try #require(sent.firstIndex { isStop($0.frame) })
        let last = try #require(sent.lastIndex { isStop($0.frame) })
        #expect(last - first + 1 == 2, "\(sent)")
        #expect(!isStop(sent[first - 1].frame))
        let silence = sent[last + 1].at - sent[last].at
        // a cycle of silence after two cycles in which the last stop left anywhere in the second
        #expect(silence > 1.02, "\(silence) s after the last stop")
    }

    @Test(.timeLimit(.minutes(2)))
    func `a second gateway does not start on the same folder of sets`() throws {
        let rig = try UpdatedHouse(packs: 1, probationSeconds: 5)
        let first = try rig.house.startGateway()
        try rig.waitForLog("gateway started")
        let second = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["run", "--config", rig.house.folder.file("gateway.toml")])
        #expect(try second.waitForExit(within: 20_000) == .exited(3))
        #expect(
            second.errors.contains(
                "'\(rig.sets)' is in use by amphora-gateway run, process \(first.pid)"),
            "\(second.errors)")
        // killed, it leaves nothing behind that would keep the next one out
        rig.house.killGateway()
        try rig.house.startGateway()
        try rig.waitForLog("gateway started")
        #expect(rig.house.stopGateway() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `with consent asked for, a set waits for the owner's word`() throws {
        let rig = try UpdatedHouse.running(packs: 2, extra: "consent = \"ask\"")
        let set = try rig.assign(.title, release: 2)
        try rig.waitForLog("is ready, and waits: the owner has not agreed")
        let config = rig.house.folder.file("gateway.toml")
        func command(_ word: String) throws -> String {
            let process = try ChildProcess(
                House.programs + "/amphora-gateway", ["update", word, "--config", config])
            #expect(try process.waitForExit(within: 20_000) == .exited(0), "\(process.errors)")
            return process.output
        }
        #expect(try command("status").contains("base 1.2.0, release 2"))
        #expect(try command("consent").contains("base 1.2.0, release 2"))
        try rig.waitForLog("base 1.2.0, release 2 is good")
        #expect(rig.current == set)
        #expect(try command("status").contains("runs      base 1.2.0"))
    }

    @Test(.timeLimit(.minutes(3)))
    func `a source that is frozen for long is an alarm, and its first good word ends it`() throws {
        let rig = try UpdatedHouse(packs: 1, probationSeconds: 5, extra: "stale_h = 1")
        // what an earlier program has counted, and a source that cannot be read
        try FileManager.default.createDirectory(
            atPath: rig.sets, withIntermediateDirectories: true)
        let state = #"{"phase":"idle","starts":1,"release":1,"reported":0,"stale_s":3600}"#
        try state.write(toFile: "\(rig.sets)/state", atomically: true, encoding: .utf8)
        let assignment = "\(rig.source)/assignment.json"
        try FileManager.default.createDirectory(
            atPath: assignment, withIntermediateDirectories: true)
        try rig.house.startGateway()
        func codes(_ status: [String: Any]) -> [String] {
            (status.at("update.alarms") as? [[String: Any]] ?? []).map { $0.text("code") }
        }
        try rig.house.waitForStatus("the alarm, and why") { status in
            let alarms = status.at("update.alarms") as? [[String: Any]] ?? []
            return codes(status) == ["update_stale"]
                && alarms[0].text("text").contains("for 1 h: cannot read")
        }
        #expect(try rig.house.schemaFaults() == "")
        try FileManager.default.removeItem(atPath: assignment)
        try rig.house.waitForStatus("no alarm") { codes($0).isEmpty }
        #expect(try rig.house.schemaFaults() == "")
        try rig.waitForLog("alarm cleared")
        let found = Patience.wait(20_000) { () -> Bool? in
            rig.house.received().count { $0.code == "update_stale" } == 2 ? true : nil
        }
        #expect(found != nil, "\(rig.house.received().map(\.code))")
    }
}
