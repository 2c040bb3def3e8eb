import CANBus
import CANProfile
import Testing

/// Profiles made of other profiles, and quirks.
@Suite struct ExtendingTests {
    private static let base = VocabularyFixture(
        layout: """
            BO_ 1 M: 2 A
             SG_ S : 0|8@1+ (1,0) [0|0] "" B
             SG_ T : 8|8@1+ (1,0) [0|0] "" B
            BO_ 2 N: 1 A
             SG_ S : 0|8@1+ (1,0) [0|0] "" B

            """,
        frames: """
            { "message": "M", "signals": { "S": {"constant": 1}, "T": {"value": "packs_online"} } }
            """,
        more: """
            "quirks": [ { "id": "two", "title": "Two", "when": "Always.",
              "changes": { "frames_changed": { "M": { "signals": { "S": {"constant": 2} } } },
                "stop": { "silence_after_s": 5 } } } ]
            """)

    private func load(
        _ patch: String, layout: String = "", quirks: [String] = []
    ) throws(CANProfileError) -> CANProfile {
        let text = """
            { "schema": "amphora/inverter-profile/v1", "id": "y", "title": "Y", \(patch) }
            """
        let base = Self.base
        return try CANProfile.load(
            profile: Array(text.utf8), layout: Array(layout.utf8), name: "y", quirks: quirks,
            resolve: { $0 == "x" ? (Array(base.text.utf8), Array(base.layout.utf8)) : nil })
    }

    private func faults(_ patch: String, quirks: [String] = []) -> [String] {
        do {
            _ = try load(patch, quirks: quirks)
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `a profile is its base with what it changes, adds and takes away`() throws {
        let profile = try load(
            """
            "extends": "x", "bus": { "bit_rate": 250000 },
            "frames_changed": { "M": { "cycle_ms": 200, "signals": { "T": {"constant": 9} } },
              "N": { "signals": { "S": {"constant": 7} } } }
            """)
        #expect(profile.id == "y" && profile.title == "Y" && profile.bitRate == 250_000)
        #expect(profile.cycle(.init()) == ["001#0109", "002#07"])
        #expect(profile.plan.frames.map(\.cycle) == [.milliseconds(200), .seconds(1)])
        let less = try load(
            "\"extends\": \"x\", \"quirks\": [], \"frames_changed\": { \"M\": null, "
                + "\"N\": { \"signals\": { \"S\": {\"constant\": 7} } } }")
        #expect(less.cycle(.init()) == ["002#07"])
    }

    @Test func `a quirk changes the frames while it is switched on`() throws {
        let plain = try load("\"extends\": \"x\"")
        var values = BankValuesFixture.packsOnline(3)
        #expect(plain.cycle(values) == ["001#0103"])
        #expect(plain.quirks.map(\.id) == ["two"] && plain.activeQuirks.isEmpty)
        let changed = try load("\"extends\": \"x\"", quirks: ["two"])
        values = BankValuesFixture.packsOnline(4)
        #expect(changed.cycle(values) == ["001#0204"])
        #expect(changed.stop.silenceAfter == .seconds(5))
        #expect(changed.activeQuirks == ["two"])
    }

    @Test func `what cannot be joined is said`() {
        #expect(
            faults("\"extends\": \"z\"").contains(
                "profile.json, line 1: 'extends' is 'z', which the set does not have"))
        #expect(
            faults("\"extends\": \"x\"", quirks: ["three"]) == [
                "profile.json, there is no quirk 'three', allowed two"
            ])
        #expect(
            faults("\"extends\": \"x\", \"frames_changed\": {\"N\": null}") == [
                "profile.json, line 1: 'frames_changed.N' removes a frame that is not there"
            ])
    }

    @Test func `a broken quirk is found before anybody needs it`() {
        var fixture = Self.base
        fixture.more = fixture.more.replacing("{\"constant\": 2}", with: "{\"constant\": 999}")
        do {
            _ = try fixture.load()
            Issue.record("was taken")
        } catch {
            #expect(error.faults.count == 1)
            #expect(
                error.faults.first?.hasPrefix("profile.json, with quirk 'two': line ") == true
                    && error.faults.first?.hasSuffix("is 999, allowed 0…255") == true)
        }
    }
}

enum BankValuesFixture {
    static func packsOnline(_ count: Int32) -> BankValues {
        var values = BankValues()
        values[.packsOnline] = count
        return values
    }
}
