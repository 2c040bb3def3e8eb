import Foundation
import TestKit
import Testing

/// The fleet's documents through the real program, on real TLS.
@Suite(.serialized) struct ConfigurationTests {
    @Test(.timeLimit(.minutes(3)))
    func `a document is fetched, applied without a gap on the bus, confirmed and reported`() throws
    {
        let rig = try ConfiguredHouse(confirmSeconds: 30)
        let house = rig.house
        try rig.start()
        try house.waitForStatus("two packs") { $0.number("bank.packs_online") == 2 }
        try rig.waitForLog("the file on site is in force")
        try house.waitForStatus("four send cycles") { $0.number("bridge.send_cycles") >= 4 }
        let before = try house.status().number("bridge.send_cycles")
        try rig.publish(
            7,
            #"{"telemetry":{"interval_s":2},"bank":{"charge_current_limit_a":30,"value_limit_s":60},"log_level":"debug"}"#
        )
        try rig.announce()
        let said = Date()
        try rig.waitForLog("version 7 is applied")
        #expect(Date().timeIntervalSince(said) < 5)
        try house.waitForStatus("the fleet's ceiling") {
            "\($0)".contains("remote_ceiling")
        }
        // the bridge was not begun anew, or it would count from nothing
        #expect(try house.status().number("bridge.send_cycles") >= before)
        let events = Patience.wait(20_000) {
            house.received().contains { $0.code == "configuration" } ? true : nil
        }
        #expect(events == true)
        let (shown, _, status) = try rig.run("config", "show", "--effective", "--origin")
        #expect(status == .exited(0))
        #expect(shown.contains("telemetry.interval_s = 2  # remote"))
        #expect(
            shown.contains("bank.value_limit_s = 3  # file, holds back the fleet's 60"))
        let pulled = try rig.run("config", "pull", "--once")
        #expect(pulled.2 == .exited(1) && pulled.errors.contains("asks the fleet by itself"))
        // a bad document and an old one change nothing
        try rig.publish(8, #"{"telemetry":{"interval_s":0}}"#)
        try rig.announce()
        try rig.waitForLog("version 8 is refused, version 7 stays")
        try rig.publish(6, "{}")
        try rig.announce()
        try rig.waitForLog("version 6 is refused, version 7 stays")
        #expect(rig.stop() == .exited(0))
        #expect(
            try rig.run("config", "pull", "--once").output
                == "nothing new; version 7 is in force\n")
        try rig.publish(9, #"{"telemetry":{"interval_s":4}}"#)
        #expect(
            try rig.run("config", "pull", "--once").output
                == "version 9 is good; the next start tries it\n")
        try rig.start()
        try rig.waitForLog("version 9 is applied")
    }

    @Test(.timeLimit(.minutes(3)))
    func `no more parts begin anew than a document touches`() throws {
        let rig = try ConfiguredHouse(confirmSeconds: 20)
        let house = rig.house
        let device = URL(fileURLWithPath: house.folder.file("packs"))
            .resolvingSymlinksInPath().path
        func line(_ units: String, cycle: Int) -> String {
            #"{"name":"rack","device":"\#(device)","baud":115200,"map":"pace-v1.3","units":\#(units),"listen_ms":100,"cycle_ms":\#(cycle)}"#
        }
        try rig.start()
        try house.waitForStatus("two packs") { $0.number("bank.packs_online") == 2 }
        try house.waitForStatus("four send cycles") { $0.number("bridge.send_cycles") >= 4 }
        let before = try house.status().number("bridge.send_cycles")
        try rig.publish(1, #"{"line":[\#(line("[1,2]", cycle: 400))]}"#)
        try rig.announce()
        try rig.waitForLog("parts='1 line'")
        try rig.waitForLog("version 1 is applied")
        #expect(try house.status().number("bridge.send_cycles") >= before)
        try rig.publish(
            2,
            #"{"line":[\#(line("[1,2]", cycle: 400))],"inverter":{"send_on_change":true}}"#)
        try rig.announce()
        try rig.waitForLog("parts=bridge")
        try rig.waitForLog("version 2 is applied")
        try rig.publish(3, #"{"line":[\#(line("[1]", cycle: 400))],"mqtt":{"window":50}}"#)
        try rig.announce()
        try rig.waitForLog("parts='bridge, 1 line, link'")
        try rig.waitForLog("version 3 is applied")
        try house.waitForStatus("one pack, and one only") {
            $0.number("bank.packs_online") == 1 && $0.number("bank.packs_configured") == 1
        }
        #expect(rig.stop() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `a document that comes while a set is on trial waits for its end, and is applied then`()
        throws
    {
        let place = try TemporaryDirectory("sets")
        let source = place.file("assigned")
        try FileManager.default.createDirectory(
            atPath: source, withIntermediateDirectories: true)
        let rig = try ConfiguredHouse(
            confirmSeconds: 20, inverterQuirks: ["deye"],
            settings: """
                [update]
                folder = "\(place.file("sets"))"
                from = "\(source)"
                poll_s = 1
                probation_s = 15
                """)
        try rig.start()
        try rig.house.waitForStatus("two packs and the broker") {
            $0.number("bank.packs_online") == 2 && "\($0)".contains("connected")
        }
        try UpdatedHouse.assign(.title, release: 2, source: source, making: place.file("made"))
        try rig.waitForLog("phase=probation")
        try rig.publish(1, #"{"telemetry":{"interval_s":2}}"#)
        try rig.announce()
        try rig.waitForLog("document of the fleet waits: a profile set is on trial")
        try rig.waitForLog("version 1 is applied", seconds: 90)
        let log = rig.log
        let good = try #require(log.range(of: "base 1.2.0, release 2 is good"))
        let applied = try #require(log.range(of: "parts=settings"))
        #expect(good.lowerBound < applied.lowerBound, "\(log.suffix(2000))")
        #expect(rig.stop() == .exited(0))
    }

    @Test(.timeLimit(.minutes(3)))
    func `a document that cuts the link is reverted by itself`() throws {
        let rig = try ConfiguredHouse(confirmSeconds: 6)
        try rig.start()
        try rig.house.waitForStatus("two packs and the broker") {
            $0.number("bank.packs_online") == 2 && "\($0)".contains("connected")
        }
        try rig.publish(2, #"{"mqtt":{"port":\#(rig.deadPort)}}"#)
        try rig.announce()
        try rig.waitForLog("configuration applied")
        try rig.waitForLog("version 2 is reverted, the file on site is back: the broker is not")
        let count = rig.house.received().count
        let isBack = Patience.wait(20_000) { rig.house.received().count > count + 3 ? true : nil }
        #expect(isBack == true)
    }

    @Test(
        .timeLimit(.minutes(4)),
        arguments: [
            "configuration-validated", "configuration-trial", "configuration-previous",
            "configuration-confirmed", "configuration-reverted", "configuration-removed",
        ])
    func `after kill -9 at each step the gateway starts with a working configuration`(
        step: String
    ) throws {
        let rig = try ConfiguredHouse(confirmSeconds: 6)
        let isRevert = step.hasSuffix("reverted") || step.hasSuffix("removed")
        try rig.start()
        try rig.house.waitForStatus("two packs and the broker") {
            $0.number("bank.packs_online") == 2 && "\($0)".contains("connected")
        }
        try rig.publish(1, #"{"telemetry":{"interval_s":2}}"#)
        try rig.announce()
        try rig.waitForLog("version 1 is applied")
        #expect(rig.stop() == .exited(0))
        let process = try rig.start(cut: step)
        try rig.house.waitForStatus("two packs and the broker") {
            $0.number("bank.packs_online") == 2 && "\($0)".contains("connected")
        }
        try rig.publish(
            2,
            isRevert ? #"{"mqtt":{"port":\#(rig.deadPort)}}"# : #"{"telemetry":{"interval_s":3}}"#)
        try rig.announce()
        #expect(try process.waitForExit(within: 60_000) == .signalled(SIGKILL))
        try rig.start()
        try rig.house.waitForStatus("two packs and the broker after the cut") {
            $0.number("bank.packs_online") == 2 && "\($0)".contains("connected")
        }
        let expected = isRevert ? 2 : 3
        let isShown = Patience.wait(30_000) { () -> Bool? in
            let shown = try? rig.run("config", "show", "--effective").output
            return shown?.contains("telemetry.interval_s = \(expected)\n") == true ? true : nil
        }
        #expect(isShown == true)
        #expect(rig.stop() == .exited(0))
    }
}
