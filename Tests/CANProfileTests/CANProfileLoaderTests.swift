import CANProfile
import Foundation
import TestKit
import Testing

@Suite struct CANProfileLoaderTests {
    private let profile: String
    private let layout: String

    init() throws {
        let folder = Repository.profileSet + "/inverters/pylontech-lv-1.2"
        profile = try String(contentsOfFile: folder + "/profile.json", encoding: .utf8)
        layout = try String(contentsOfFile: folder + "/frames.dbc", encoding: .utf8)
    }

    private func faults(profile: String? = nil, layout: String? = nil) -> [String] {
        do {
            _ = try CANProfile.load(
                profile: Array((profile ?? self.profile).utf8),
                layout: Array((layout ?? self.layout).utf8), name: "p")
            return []
        } catch {
            return error.faults
        }
    }

    @Test func `the shipped profile has no fault`() { #expect(faults() == []) }

    @Test func `an unknown bank value is named with all that exist`() {
        let text = profile.replacing("\"value\": \"voltage\"", with: "\"value\": \"volts\"")
        #expect(
            faults(profile: text).first?.contains("value' is 'volts', allowed voltage, current")
                == true)
    }

    @Test func `a signal that the profile forgets is a fault`() {
        let text = profile.replacing(
            "\"Temperature\": { \"value\": \"temperature_mean\" }",
            with: "\"Temp\": { \"constant\": 0 }")
        let found = faults(profile: text)
        #expect(
            found.contains {
                $0.contains("'frames[3].signals.Temp' is no signal of 'Measurements'")
            })
        #expect(found.contains { $0.contains("says nothing of 'Temperature'") })
    }

    @Test func `a missing stop rule is a fault because inverters differ`() {
        let text = profile.replacing(
            ",\n  \"stop\": { \"limits\": \"zero_currents\", \"silence_after_s\": 60 }", with: "")
        #expect(
            faults(profile: text).contains { $0.contains("'stop' is missing; inverters differ") })
    }

    @Test func `overlapping signals are refused with both lines`() {
        let text = layout.replacing(
            "SG_ ChargeCurrent : 16|16@1-", with: "SG_ ChargeCurrent : 8|16@1-")
        #expect(
            faults(layout: text) == [
                "frames.dbc, line 35: signal 'Limits.ChargeCurrent' overlaps 'ChargeVoltage' (line 34)"
            ])
    }

    @Test func `a signal beyond its frame is refused`() {
        let text = layout.replacing(
            "SG_ StateOfHealth : 16|16@1+", with: "SG_ StateOfHealth : 24|16@1+")
        #expect(
            faults(layout: text) == [
                "frames.dbc, line 41: signal 'State.StateOfHealth' does not fit the frame's 4 bytes"
            ])
    }

    @Test func `random damage to either file is refused or read, never worse`() {
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<300 {
            var bytes = Array(profile.utf8)
            var other = Array(layout.utf8)
            for _ in 0...Int(generator.next() % 4) {
                bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
                other[Int(generator.next() % UInt64(other.count))] = UInt8(
                    truncatingIfNeeded: generator.next())
            }
            _ = try? CANProfile.load(profile: bytes, layout: Array(layout.utf8), name: "p")
            _ = try? CANProfile.load(profile: Array(profile.utf8), layout: other, name: "p")
        }
    }
}
