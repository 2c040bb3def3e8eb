import ProfileSet
import TestKit
import Testing

@Suite struct SetDifferenceTests {
    private let fixture: SetFixture
    private let map = "packs/pace-v1.3.json"
    private let profile = "inverters/pylontech-lv-1.2/profile.json"
    private let layout = "inverters/pylontech-lv-1.2/frames.dbc"

    init() throws { fixture = try SetFixture() }

    private func lines(_ after: SetFixture) throws -> [String] {
        try SetDifference.compare(fixture.files, after.files, name: "diff").flatMap { difference in
            ["\(difference.kind) \(difference.title)"]
                + difference.changes.map { "  \($0.kind) \($0.subject): \($0.words)" }
        }
    }

    @Test func `spaces, order, notation of numbers, sources and hashes are no difference`() throws {
        var after = fixture
        let old = after.text(map)
        after.files[map] = Array(
            old.replacing("\n", with: " \n  ").replacing("\"at\": 10,", with: "\"at\": \"0xA\",")
                .replacing(
                    "\"sources\": [", with: "\"sources\": [\"another\", "
                ).utf8)
        #expect(after.files[map] != fixture.files[map])
        try after.seal()
        #expect(try lines(after) == [])
    }

    @Test func `changes of a map are told by signal and limit`() throws {
        var after = fixture
        try after.replace(map, "\"voltage\": { \"at\": 1,", with: "\"voltage\": { \"at\": 241,")
        try after.replace(map, "\"charge_voltage_v\": 56.0", with: "\"charge_voltage_v\": 56.5")
        try after.replace(map, "\"14\": \"warning.mosfet_overtemperature\", ", with: "")
        #expect(
            try lines(after) == [
                "changed pack map 'pace-v1.3'",
                "  changed flag word warnings: bits.14 warning.mosfet_overtemperature → not set",
                "  changed limits: charge_voltage_v 56 → 56.5",
                "  changed signal voltage: at 0x0001 → 0x00F1",
            ])
    }

    @Test func `changes of a profile are told by frame and signal, layout included`() throws {
        var after = fixture
        try after.replace(
            profile, "\"message\": \"Limits\", \"cycle_ms\": 1000",
            with: "\"message\": \"Limits\", \"cycle_ms\": 500")
        try after.replace(
            profile, "\"min\": 0, \"max\": 100 },", with: "\"min\": 0, \"max\": 99.5 },")
        try after.replace(profile, ",\n        \"TagN\": { \"constant\": 78 }", with: "")
        try after.replace(
            layout, "SG_ Voltage : 0|16@1- (0.01,0)", with: "SG_ Voltage : 0|16@1- (0.010,0)")
        try after.replace(
            layout, "SG_ ChargeCurrent : 16|16@1- (0.1,0)",
            with: "SG_ ChargeCurrent : 16|16@1+ (0.2,0)")
        #expect(
            try lines(after) == [
                "changed inverter profile 'pylontech-lv-1.2'",
                "  removed frame Alarms, signal TagN: constant 78",
                "  changed frame Limits: cycle_ms 1000 → 500",
                "  changed frame State, signal StateOfCharge: max 100 → 99.5",
                "  changed layout Limits, signal ChargeCurrent: factor 0.1 → 0.2; type signed integer → unsigned integer",
            ])
    }

    @Test func `new and missing documents are told whole`() throws {
        var after = fixture
        after.files[map] = nil
        after.files["packs/acme.json"] = fixture.files["packs/seplos-v3.json"]
        #expect(
            try lines(after) == ["added pack map 'acme'", "removed pack map 'pace-v1.3'"])
    }

    @Test func `a document that cannot be read is named`() throws {
        var after = fixture
        after.files[map] = [0x7B]
        let error = #expect(throws: ProfileSetError.self) { try lines(after) }
        #expect(error?.faults.first?.file == map)
    }
}
