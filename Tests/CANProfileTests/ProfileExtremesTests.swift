import CANBus
import CANProfile
import Foundation
import TestKit
import Testing

/// Layouts and profiles that are well written and still cannot be sent.
@Suite struct ProfileExtremesTests {
    private static let profile = """
        {
          "schema": "amphora/inverter-profile/v1", "id": "x", "title": "X", "confidence": "single",
          "sources": ["none"], "bus": { "bit_rate": 500000 },
          "frames": [ FRAMES ],
          "stop": { "limits": "zero_currents", "silence_after_s": 60 }
        }
        """
    private static let plain =
        "{ \"message\": \"M\", \"signals\": { \"S\": { \"value\": \"voltage\" } } }"

    private func load(_ layout: String, _ frames: String = plain) throws(CANProfileError)
        -> CANProfile
    {
        try CANProfile.load(
            profile: Array(Self.profile.replacing("FRAMES", with: frames).utf8),
            layout: Array(layout.utf8), name: "x")
    }

    private func faults(_ layout: String, _ frames: String = plain) -> [String] {
        do {
            _ = try load(layout, frames)
            return []
        } catch {
            return error.faults
        }
    }

    private func signal(_ text: String) -> String {
        "BO_ 1 M: 8 A\n SG_ S : \(text) [0|0] \"\" B\n"
    }

    @Test(arguments: [
        "0|16@1+ (0.000000000000001,100000000000000000)", "0|16@1+ (1,900000000000000000e1)",
        "0|16@1+ (100000000000000000,0.000000000000001)", "0|16@1+ (1,0.5)",
    ]) func `an offset that is no usable number of steps is refused, not computed`(text: String) {
        let found = faults(signal(text))
        #expect(found.count == 1)
        #expect(found.first?.contains("'frames[0].signals.S.value' cannot be put into 'S'") == true)
    }

    @Test func `a field of 64 bits takes every value and reads back without overflow`() throws {
        let profile = try load(signal("0|64@1- (10,0)"))
        var values = BankValues()
        for number in [Int32.min + 1, -15_000, 0, .max] {
            values[.voltage] = number
            let frame = try #require(profile.plan.encode(0, values))
            let raw = (Int64(number) + (number < 0 ? -5000 : 5000)) / 10_000
            #expect(Int64(bitPattern: frame.bits) == raw)
        }
        let identifier = try #require(CANIdentifier(1))
        let largest = try #require(
            CANFrame(identifier, length: 8, bits: UInt64(Int64.max)))
        #expect(profile.bankValues(in: largest).isEmpty)
    }

    @Test(arguments: [
        ("\"max\": 0.0001", "'frames[0].signals.S.max' is finer than 10^-3 or too large"),
        ("\"min\": 7000", "clamped to the raw numbers 70000 to 65535, 'S' holds 0…65535"),
        ("\"min\": 50, \"max\": 40", "clamped to the raw numbers 500 to 400"),
        ("\"min\": -1", "clamped to the raw numbers -10 to 65535"),
    ]) func `a clamp that the field cannot keep is a fault`(clamp: String, expected: String) {
        let frame = Self.plain.replacing("\"voltage\"", with: "\"voltage\", \(clamp)")
        let found = faults(signal("0|16@1+ (0.1,0)"), frame)
        #expect(found.contains { $0.contains(expected) }, "\(found)")
    }

    @Test func `a multiplexed frame needs its page`() {
        let layout = "BO_ 1 M: 8 A\n SG_ X M : 0|8@1+ (1,0) [0|0] \"\" B\n"
        #expect(
            faults(layout) == [
                "profile.json, line 4: 'frames[0].message' is 'M', which is multiplexed; 'page' must say which page"
            ])
    }

    @Test func `a frame is listed once, and no more than the plan holds`() {
        let layout = signal("0|16@1+ (0.1,0)")
        #expect(
            faults(layout, Self.plain + "," + Self.plain) == [
                "profile.json, line 4: 'frames[1].message' is 'M' a second time"
            ])
        let many = Array(repeating: Self.plain, count: 70).joined(separator: ",")
        #expect(faults(layout, many).contains { $0.contains("has 70 frames, allowed 64") })
    }

    @Test func `a cycle that floods the bus is refused wherever it stands`() {
        let layout = signal("0|16@1+ (0.1,0)") + "BA_ \"GenMsgCycleTime\" BO_ 1 2;\n"
        #expect(faults(layout).contains { $0.contains("is 2 in frames.dbc, allowed 20…600000") })
    }
}
