import Bank
import CANBus
import CANProfile
import Quantities
import Testing

@testable import GatewayRuntime

/// What the bridge sends, and when; rules are those of the bank's safety rules.
@Suite struct BridgeCoreTests {
    private static let limits = "003#F401E803"  // 50 A and 100 A

    @Test func `rule 1: nothing leaves before the packs have answered`() throws {
        let bridge = BridgeFixture(try BridgeProfiles.load())
        bridge.pass(3000, answering: nil)
        #expect(bridge.take() == [])
        bridge.answer()
        bridge.tell()
        #expect(bridge.take() == ["001#20CB", "002#20CB", Self.limits])
    }

    @Test func `rule 5: frames with pauses between them tell the snapshot of the cycle's begin`()
        throws
    {
        let bridge = BridgeFixture(try BridgeProfiles.load("\"send\": { \"spacing_ms\": 100 }"))
        bridge.answer(52_000)
        bridge.tell()
        for _ in 0..<30 {
            bridge.now = bridge.now + .milliseconds(10)
            bridge.answer(53_000)
            bridge.tell()
        }
        #expect(bridge.heard.map(\.at) == [0, 100, 200])
        #expect(bridge.take() == ["001#20CB", "002#20CB", Self.limits])
        bridge.pass(1000, answering: 53_000)
        #expect(bridge.heard.map(\.at) == [1000, 1100, 1200])
        #expect(bridge.take() == ["001#08CF", "002#08CF", Self.limits])
    }

    @Test func `rule 5: changed values leave at once as a cycle of their own`() throws {
        let bridge = BridgeFixture(try BridgeProfiles.load(), sendOnChange: true)
        bridge.answer(52_000)
        bridge.tell()
        _ = bridge.take()
        bridge.now = bridge.now + .milliseconds(300)
        bridge.answer(53_000)
        bridge.tell()
        #expect(bridge.take() == ["001#08CF", "002#08CF"])
    }

    @Test(arguments: [false, true])
    func `while it sends in cycles only urgent changes are worth waking for`(
        sendOnChange: Bool
    ) throws {
        let profile = try BridgeProfiles.load(
            "\"stop\": { \"limits\": \"zero_currents\", \"silence_after_s\": 2 }")
        let bridge = BridgeFixture(profile, sendOnChange: sendOnChange)
        #expect(bridge.core.followsEveryChange)
        bridge.pass(2000)
        #expect(bridge.core.followsEveryChange == sendOnChange)
        bridge.pass(300_000, answering: nil)
        #expect(bridge.core.followsEveryChange)
    }

    @Test func `an inverter that must speak first hears nothing, or stop, before it does`() throws {
        func keepAlive(_ before: String) -> String {
            """
            "keep_alive": { "message": "Alive", "data": "0B 16 21 2C 37 42 4D 58", "timeout_s": 5,
              "action": "report", "before": "\(before)" }
            """
        }
        let silent = BridgeFixture(try BridgeProfiles.load(keepAlive("silence")))
        silent.pass(3000)
        #expect(silent.take() == [])
        try silent.send("305#1122334455667788")
        silent.pass(1000)
        #expect(silent.take() == [])
        #expect(silent.snapshot.wrongKeepAlives == 1)
        try silent.send("305#0B16212C37424D58")
        silent.pass(500)
        #expect(silent.take() == ["001#20CB", "002#20CB", Self.limits])

        let stopped = BridgeFixture(try BridgeProfiles.load(keepAlive("stop")))
        stopped.pass(500)
        #expect(stopped.take() == ["001#20CB", "002#20CB", "003#00000000"])
        try stopped.send("305#0B16212C37424D58")
        stopped.pass(1000)
        #expect(stopped.take().last == Self.limits)

        let unwatched = BridgeFixture(
            try BridgeProfiles.load(keepAlive("silence")), keepAlive: .off)
        unwatched.pass(500)
        #expect(unwatched.take().count == 3)
    }

    @Test func `each poll is answered with the whole set, and nothing leaves unasked`() throws {
        let bridge = BridgeFixture(
            try BridgeProfiles.load("\"send\": { \"on\": \"poll\", \"polls\": [\"Alive\"] }"))
        try bridge.send("305#0000000000000000")
        bridge.pass(100, answering: nil)
        #expect(bridge.take() == [])  // rule 1
        bridge.pass(3000)
        #expect(bridge.take() == [])
        for _ in 0..<3 {
            try bridge.send("305#0000000000000000")
            bridge.pass(10)
            #expect(bridge.take() == ["001#20CB", "002#20CB", Self.limits])
            bridge.pass(990)
        }
        for _ in 0..<50 { try bridge.send("305#0000000000000000") }
        bridge.pass(10)
        #expect(bridge.take().count == 3)
    }

    @Test func `rule 9: an inverter's request takes the limits to zero and is named`() throws {
        let command = """
            "commands": [ { "message": "Command", "signal": "Stop", "equals": 1, "action": "stop",
              "title": "rapid shutdown" } ]
            """
        let bridge = BridgeFixture(try BridgeProfiles.load(command))
        bridge.pass(500)
        #expect(bridge.take().last == Self.limits)
        try bridge.send("300#01")
        bridge.pass(1000)
        #expect(bridge.take().last == "003#00000000")
        #expect(bridge.snapshot.state.chargeCurrent.reason == LimitReason(.inverterRequest))
        #expect(bridge.snapshot.state.warnings.contains(.inverterRequest))
        #expect(bridge.snapshot.requests == "rapid shutdown")
        try bridge.send("300#00")
        bridge.pass(1000)
        #expect(bridge.take().last == Self.limits)
        #expect(bridge.snapshot.requests == "")
        #expect(!bridge.snapshot.state.warnings.contains(.inverterRequest))
    }

    @Test func `rule 2: a bank above its limit is told as it is, with no charge current`() throws {
        let frames = """
            { "message": "A", "signals": { "V": {"value": "charge_voltage_limit"} } },
            { "message": "L", "signals": {
              "C": {"value": "charge_current_limit"}, "D": {"value": "discharge_current_limit"} } }
            """
        let rule = """
            "stop": { "limits": "zero_currents", "charge_voltage": "actual", "silence_after_s": 60 },
            "charge_voltage": { "never_below_actual": true }
            """
        for (more, expected) in [
            (rule, ["001#38E0", "003#0000E803"]), ("", ["001#C0DA", Self.limits]),
        ] {
            let bridge = BridgeFixture(try BridgeProfiles.load(more, frames: frames))
            bridge.pass(500, answering: 57_340)
            #expect(bridge.take() == expected)
            #expect(bridge.snapshot.state.chargeVoltage.value == .millivolts(56_000))
            bridge.pass(1000, answering: 55_000)
            #expect(bridge.take() == ["001#C0DA", Self.limits])
        }
    }

    @Test func `foreign traffic is named as long as it lasts`() throws {
        let list = """
            { "schema": "amphora/foreign-traffic/v1", "entries": [
              { "id": "0x151", "data": "01 ?? 03", "name": "BYD", "advice": "choose 48 V" } ] }
            """
        let foreign = try ForeignFrames.load(Array(list.utf8), name: "foreign.json")
        let bridge = BridgeFixture(try BridgeProfiles.load(), foreign: foreign)
        try bridge.send("151#0102")
        try bridge.send("151#020203")
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "")
        try bridge.send("151#01FF03")
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "frame 151 belongs to BYD: choose 48 V")
        bridge.pass(61_000)
        #expect(bridge.snapshot.foreign == "")
    }

    @Test func `another list of foreign frames counts at once, and the old sightings do not`()
        throws
    {
        func list(_ id: String) throws -> ForeignFrames {
            let text = """
                { "schema": "amphora/foreign-traffic/v1", "entries": [
                  { "id": "\(id)", "name": "of \(id)", "advice": "choose 48 V" } ] }
                """
            return try ForeignFrames.load(Array(text.utf8), name: "foreign.json")
        }
        let bridge = BridgeFixture(try BridgeProfiles.load(), foreign: try list("0x151"))
        try bridge.send("151#00")
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "frame 151 belongs to of 0x151: choose 48 V")
        bridge.core.replace(foreign: try list("0x152"))
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "")
        try bridge.send("151#00")
        try bridge.send("152#00")
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "frame 152 belongs to of 0x152: choose 48 V")
        bridge.core.replace(foreign: ForeignFrames())
        bridge.pass(500)
        #expect(bridge.snapshot.foreign == "")
    }

    @Test func `a bank of sixteen packs is told whole, one frame for each`() throws {
        let frames = BridgeProfiles.frames + "," + BridgeProfiles.perPack
        let bridge = BridgeFixture(try BridgeProfiles.load(frames: frames), count: 16)
        bridge.pass(500)
        let found = bridge.take()
        #expect(found.count == 19)
        #expect(
            found.suffix(16).map { String($0.prefix(3)) }
                == (0x64...0x73).map { "0" + String($0, radix: 16).uppercased() })
        let small = BridgeFixture(try BridgeProfiles.load(frames: frames), count: 2)
        small.pass(500)
        #expect(small.take().count == 5)
        #expect(small.snapshot.withheld == 0)
    }

    /// The swap may cost no cycle and mix none.
    @Test func `rule 5: a new profile begins where the next cycle of the old one would have`()
        throws
    {
        let frames = """
            { "message": "B", "cycle_ms": 1000, "signals": { "V": {"constant": 1} } },
            { "message": "A", "cycle_ms": 1000, "signals": { "V": {"constant": 2} } }
            """
        for spacing in [0, 100] {
            let send = "\"send\": { \"spacing_ms\": \(spacing) }"
            for moment in stride(from: Int64(0), to: 1000, by: 50) {
                let bridge = BridgeFixture(try BridgeProfiles.load(send, id: "old"))
                bridge.answer()
                bridge.tell()
                bridge.pass(1000 + moment)
                let fresh = try BridgeProfiles.load(send, frames: frames, id: "new")
                #expect(bridge.core.replace(profile: fresh))
                bridge.pass(2500 - moment)
                let starts = bridge.heard.filter { $0.at % 1000 == 0 }
                #expect(Set(starts.map(\.at)) == [0, 1000, 2000, 3000])
                let all = bridge.take()
                #expect(
                    all.prefix(6) == [
                        "001#20CB", "002#20CB", Self.limits, "001#20CB", "002#20CB", Self.limits,
                    ])
                #expect(
                    all.dropFirst(6).prefix(2) == ["002#0100", "001#0200"], "\(spacing) \(moment)")
                #expect(bridge.snapshot.profile == "new")
            }
        }
    }

    @Test func `rule 8: before another family is spoken the old stop is told, then nothing`() throws
    {
        let frames = """
            { "message": "P", "cycle_ms": 500, "signals": { "V": {"constant": 1} } }
            """
        let bridge = BridgeFixture(try BridgeProfiles.load(id: "old"))
        bridge.answer()
        bridge.tell()
        bridge.pass(1500)
        #expect(bridge.take().contains("003#F401E803"))
        #expect(
            bridge.core.replace(profile: try BridgeProfiles.load(frames: frames, id: "new")))
        bridge.pass(6000)
        let limits = bridge.heard.filter { $0.frame.hasPrefix("003#") }
        #expect(!limits.isEmpty && limits.allSatisfy { $0.frame == "003#00000000" })
        let new = bridge.heard.filter { $0.frame.hasPrefix("064#") }
        let (last, first) = (limits.last?.at ?? 0, new.first?.at ?? 0)
        #expect(limits.count == 2 && (1000...2600).contains(first - last), "\(bridge.heard)")
        #expect(new.count >= 4)
        #expect(bridge.snapshot.profile == "new")
        // the bank itself was never stopped
        #expect(bridge.snapshot.state.mode == .running)
    }

    @Test
    func `rule 8: before the bus is opened at another bit rate the old stop is told, then nothing`()
        throws
    {
        let bridge = BridgeFixture(try BridgeProfiles.load(id: "old"))
        bridge.answer()
        bridge.tell()
        bridge.pass(1500)
        #expect(bridge.take().contains("003#F401E803"))
        let begin = (bridge.now.nanoseconds / 1_000_000) - 1000
        bridge.core.leave(bridge.now)
        #expect(!bridge.core.hasLeft)
        var leftAt: Int64?
        for _ in 0..<100 {
            bridge.pass(50)
            if bridge.core.hasLeft, leftAt == nil {
                leftAt = bridge.now.nanoseconds / 1_000_000 - 1000
            }
        }
        let limits = bridge.heard.filter { $0.frame.hasPrefix("003#") }
        #expect(limits.count == 2 && limits.allSatisfy { $0.frame == "003#00000000" })
        let (last, end) = (try #require(bridge.heard.last?.at), try #require(leftAt))
        #expect((1000...2600).contains(end - last), "\(bridge.heard)")
        let longest = ProfileFarewell.longest(try BridgeProfiles.load())
        #expect(end - begin <= longest.milliseconds + 600)
    }

    @Test func `a bridge that sends nothing has nothing to say before it ends`() throws {
        let bridge = BridgeFixture(try BridgeProfiles.load(id: "old"))
        bridge.core.leave(bridge.now)
        #expect(bridge.core.hasLeft)
        bridge.pass(3000)
        #expect(bridge.heard.isEmpty)
    }

    @Test func `a profile for another bit rate is not taken`() throws {
        let bridge = BridgeFixture(try BridgeProfiles.load(id: "old"))
        #expect(!bridge.core.replace(profile: try BridgeProfiles.load(id: "new", rate: 250_000)))
        bridge.pass(1000)
        #expect(bridge.snapshot.profile == "old")
    }

    @Test func `rule 8: where stop is silence nothing is sent once the packs are gone`() throws {
        let stop = "\"stop\": { \"limits\": \"silence\", \"silence_after_s\": 60 }"
        let bridge = BridgeFixture(try BridgeProfiles.load(stop))
        bridge.pass(1000)
        bridge.pass(10_600, answering: nil)
        _ = bridge.take()
        bridge.pass(5000, answering: nil)
        #expect(bridge.take() == [])
        bridge.pass(500)
        #expect(!bridge.take().isEmpty)
    }
}
