import Bank
import CANBus
import CANProfile
import Testing

@testable import Simulation

/// The simulated counterpart behaves as the profile's `inverter` section says.
@Suite struct InverterBehaviourTests {
    private static let second: Int64 = 1_000_000_000

    private static let layout = """
        BO_ 849 L: 8 X
         SG_ U : 0|16@1+ (0.1,0) [0|0] "V" X
         SG_ C : 16|16@1- (0.1,0) [0|0] "A" X
         SG_ D : 32|16@1- (0.1,0) [0|0] "A" X
         SG_ V : 48|16@1+ (0.1,0) [0|0] "V" X
        BO_ 853 S: 4 X
         SG_ Q : 0|16@1+ (1,0) [0|0] "%" X
         SG_ R : 16|16@1+ (1,0) [0|0] "" X
        BO_ 773 Poll: 8 I
         SG_ B : 0|64@1+ (1,0) [0|0] "" X

        """

    private func profile(_ inverter: String) throws -> CANProfile {
        let text = """
            { "schema": "amphora/inverter-profile/v1", "id": "x", "title": "X",
              "confidence": "single", "sources": ["none"], "bus": { "bit_rate": 500000 },
              "frames": [
                { "message": "L", "signals": { "U": {"value": "charge_voltage_limit"},
                  "C": {"value": "charge_current_limit"}, "D": {"value": "discharge_current_limit"},
                  "V": {"value": "voltage"} } },
                { "message": "S", "signals": { "Q": {"value": "state_of_charge"},
                  "R": {"constant": 0} } } ],
              "keep_alive": { "message": "Poll", "timeout_s": 10, "action": "report" },
              "stop": { "limits": "zero_currents", "silence_after_s": 60 },
              "inverter": { \(inverter) } }
            """
        return try CANProfile.load(
            profile: Array(text.utf8), layout: Array(Self.layout.utf8), name: "x")
    }

    private func model(_ inverter: String, want: Double = -50) throws -> InverterModel {
        let profile = try profile(inverter)
        var rules = InverterRules(profile.inverter)
        rules.want = .constant(want)
        return InverterModel(profile: profile, rules: rules, at: 0)
    }

    /// Limits in V and A, and the battery's own voltage in V.
    private func limits(_ charge: Double, _ current: Int, actual: Double = 52) throws -> CANFrame {
        func word(_ tenths: Int) -> String {
            let hex = String(UInt16(tenths).byteSwapped, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - hex.count) + hex
        }
        let text =
            word(Int((charge * 10).rounded())) + word(current * 10) + word(current * 10)
            + word(Int((actual * 10).rounded()))
        return try Candump.parse("can0 351#\(text)").frame
    }

    @Test func `a value outside the accepted range is dropped and the last good one holds`() throws
    {
        var model = try model("\"accepts\": {\"charge_voltage_limit\": [41, 63]}")
        model.handle(try limits(56, 100), at: 0)
        model.handle(try limits(70, 90), at: 1)
        #expect(model.natural(.chargeVoltageLimit) == 56)
        #expect(model.natural(.chargeCurrentLimit) == 90)
        #expect(model.rejected == ["351 charge_voltage_limit 70.000": 1])
        #expect(model.reasons == [])
    }

    @Test func `zero currents stop one inverter and mean nothing to another`() throws {
        var obedient = try model("\"zero_currents\": \"stops\"")
        var deaf = try model("\"zero_currents\": \"ignored\"")
        for current in [100, 0] {
            obedient.handle(try limits(56, current), at: 0)
            deaf.handle(try limits(56, current), at: 0)
        }
        #expect(obedient.current(at: 0) == 0)
        #expect(deaf.current(at: 0) == -50)
    }

    @Test func `a charge voltage of zero, or below the battery's own, empties it where it says so`()
        throws
    {
        var dumping = try model("\"zero_charge_voltage\": \"dumps\"")
        dumping.handle(try limits(56, 100), at: 0)
        dumping.handle(try limits(0, 0), at: 1)
        #expect(dumping.current(at: 1) < -1000)
        #expect(
            dumping.reasons == [
                "emptied the battery 1 times because of the charge voltage it was told"
            ])
        var calm = try model("\"zero_charge_voltage\": \"ignored\"")
        calm.handle(try limits(56, 100), at: 0)
        calm.handle(try limits(0, 100), at: 1)
        #expect(calm.current(at: 1) == -50 && calm.natural(.chargeVoltageLimit) == 56)
        var sinking = try model("\"charge_voltage_below_actual\": \"discharges\"")
        sinking.handle(try limits(52, 0, actual: 52), at: 0)
        #expect(sinking.current(at: 0) == 0)
        sinking.handle(try limits(50, 0, actual: 52), at: 1)
        #expect(sinking.current(at: 1) < -1000)
    }

    @Test func `each required frame must keep coming, and its absence trips or falls back`() throws
    {
        let required = "\"requires\": [\"L\", \"S\"], \"timeout_s\": 60"
        let state = try Candump.parse("can0 355#32000000").frame
        var tripping = try model(required)
        tripping.handle(try limits(56, 100), at: 0)
        #expect(tripping.state == .waiting)
        tripping.handle(state, at: 0)
        #expect(tripping.state == .running)
        tripping.handle(try limits(56, 100), at: 60 * Self.second)
        #expect(tripping.state == .running)
        tripping.handle(try limits(56, 100), at: 61 * Self.second)
        #expect(tripping.state == .tripped)
        var careful = try model(required + ", \"timeout_reaction\": \"defaults\"")
        careful.handle(try limits(56, 100), at: 0)
        careful.handle(state, at: 0)
        careful.advance(to: 61 * Self.second)
        #expect(careful.state == .running && careful.current(at: 61 * Self.second) == 0)
        #expect(
            careful.reasons == [
                "fell back to its own limits 1 times because frames were missing"
            ])
        var patient = try model(required + ", \"timeout_reaction\": \"none\"")
        patient.handle(try limits(56, 100), at: 0)
        patient.handle(state, at: 0)
        patient.advance(to: 600 * Self.second)
        #expect(patient.current(at: 600 * Self.second) == -50)
    }

    @Test func `an inverter that wants eight bytes takes no others`() throws {
        var model = try model("\"wants_all_lengths_8\": true")
        model.handle(try Candump.parse("can0 355#32000000").frame, at: 0)
        #expect(model.malformed == ["355 has 4 bytes, expected 8": 1])
        #expect(model.accepted == 0)
    }

    @Test func `an inverter that polls hears nothing before its first poll`() throws {
        var model = try model("\"starts_after_poll\": true")
        model.handle(try limits(56, 100), at: 0)
        #expect(model.accepted == 0)
        model.isListening = true
        model.handle(try limits(56, 100), at: 0)
        #expect(model.state == .running)
    }
}
