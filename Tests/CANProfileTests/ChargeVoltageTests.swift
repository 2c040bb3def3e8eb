import Bank
import CANProfile
import Quantities
import Testing

/// The charge voltage that a running bank's inverter is told.
@Suite struct ChargeVoltageTests {
    /// A bank with a limit of 56 V that may be charged.
    private func values(_ highest: Int32?, limit: Int32? = 56_000) -> BankValues {
        var values = BankValues()
        values[.chargeVoltageLimit] = limit
        values[.chargeCurrentLimit] = 100_000
        values[.dischargeCurrentLimit] = 90_000
        values[.chargeEnabled] = 1
        values[.dischargeEnabled] = 1
        values[.packVoltageMaximum] = highest
        for position in 0..<2 { values[.packChargeCurrentLimit, pack: position] = 50_000 }
        return values
    }

    private func rule(_ whileForbidden: ChargeVoltage, neverBelow: Bool) -> ChargeVoltageRule {
        var rule = ChargeVoltageRule()
        rule.whileForbidden = whileForbidden
        rule.neverBelowActual = neverBelow
        return rule
    }

    @Test(arguments: [
        // The bank is at its limit, as at the end of every charge, then clearly above it.
        (Int32(53_210), Int32(56_000), false), (56_100, 56_000, false), (56_101, 56_200, true),
        (57_340, 57_400, true),
    ])
    func `rule 2: a limit below the battery's voltage is lifted to it, and charging is forbidden`(
        measured: Int32, expected: Int32, isForbidden: Bool
    ) {
        var sent = values(measured)
        rule(.keep, neverBelow: true).apply(to: &sent)
        #expect(sent[.chargeVoltageLimit] == expected)
        #expect(sent[.chargeCurrentLimit] == (isForbidden ? 0 : 100_000))
        #expect(sent[.chargeEnabled] == (isForbidden ? 0 : 1))
        #expect(sent[.packChargeCurrentLimit, pack: 1] == (isForbidden ? 0 : 50_000))
        #expect(sent[.dischargeCurrentLimit] == 90_000 && sent[.dischargeEnabled] == 1)
    }

    @Test(arguments: [
        (Int32(53_210), Int32(53_300)), (53_200, 53_200), (55_950, 56_000), (56_000, 56_000),
        (56_010, 56_100), (57_340, 57_400),
    ])
    func `rule 2: while charging is forbidden the limit is the battery's own voltage`(
        measured: Int32, expected: Int32
    ) {
        for forbid in [BankValue.chargeCurrentLimit, .chargeEnabled] {
            var sent = values(measured)
            sent[forbid] = 0
            rule(.actual, neverBelow: false).apply(to: &sent)
            #expect(sent[.chargeVoltageLimit] == expected)
            #expect(sent[.chargeCurrentLimit] == 0 && sent[.chargeEnabled] == 0)
            #expect(sent[.dischargeCurrentLimit] == 90_000)
        }
    }

    /// A limit of 55.95 V must not come out as 56.0 V because the battery's voltage is rounded up.
    @Test func `rule 2: rounding up does not take the limit above that of the packs`() {
        var sent = values(55_940, limit: 55_950)
        sent[.chargeEnabled] = 0
        rule(.actual, neverBelow: true).apply(to: &sent)
        #expect(sent[.chargeVoltageLimit] == 55_950)
    }

    @Test func `a bank that may be charged is told its real limit`() {
        var sent = values(53_210)
        rule(.actual, neverBelow: true).apply(to: &sent)
        #expect(sent[.chargeVoltageLimit] == 56_000 && sent[.chargeCurrentLimit] == 100_000)
        var above = values(57_340)
        rule(.actual, neverBelow: false).apply(to: &above)
        #expect(above[.chargeVoltageLimit] == 56_000 && above[.chargeCurrentLimit] == 100_000)
        ChargeVoltageRule().apply(to: &above)
        #expect(above[.chargeVoltageLimit] == 56_000 && above[.chargeCurrentLimit] == 100_000)
    }

    @Test func `what nobody knows changes nothing`() {
        var silent = values(nil)
        silent[.chargeEnabled] = 0
        rule(.actual, neverBelow: true).apply(to: &silent)
        #expect(silent[.chargeVoltageLimit] == 56_000)
        silent[.voltage] = 54_010
        rule(.actual, neverBelow: true).apply(to: &silent)
        #expect(silent[.chargeVoltageLimit] == 54_100, "the bank's mean stands in")
        var unlimited = values(57_000, limit: nil)
        rule(.actual, neverBelow: true).apply(to: &unlimited)
        #expect(unlimited[.chargeVoltageLimit] == nil)
        var extreme = values(.max, limit: -.max)
        rule(.actual, neverBelow: true).apply(to: &extreme)
        #expect(extreme[.chargeCurrentLimit] == 0)
    }

    private static func profile(_ stop: String, _ word: String) -> VocabularyFixture {
        var fixture = VocabularyFixture(
            ["V : 0|16@1+ (0.1,0)", "C : 16|16@1+ (0.1,0)"],
            "\"V\": {\"value\": \"charge_voltage_limit\"}, \"C\": {\"value\": \"charge_current_limit\"}",
            more: "\"charge_voltage\": { \(word) }")
        fixture.stop = "\"stop\": { \(stop), \"silence_after_s\": 60 }"
        return fixture
    }

    @Test func `a profile prepares running and stopped banks by its own rules`() throws {
        let profile = try Self.profile(
            "\"limits\": \"zero_currents\", \"charge_voltage\": \"actual\"",
            "\"while_forbidden\": \"actual\", \"never_below_actual\": true"
        ).load()
        var running = values(57_340)
        profile.prepare(&running, isStopped: false)
        #expect(profile.cycle(running) == ["001#3E02000000000000"])
        #expect(running[.stopped] == nil)
        var stopped = values(53_210)
        profile.prepare(&stopped, isStopped: true)
        #expect(profile.cycle(stopped) == ["001#1502000000000000"])
        #expect(stopped[.stopped] == 1)
    }

    @Test(arguments: [
        "\"limits\": \"zero_currents\"",
        "\"limits\": \"zero_currents\", \"charge_voltage\": \"keep\"",
        "\"limits\": \"tenths\"",
    ]) func `rule 8: an inverter that empties batteries needs a stop that does not`(stop: String) {
        let fixture = Self.profile(stop, "\"never_below_actual\": true")
        #expect(
            fixture.faults == [
                "'charge_voltage.never_below_actual' is true, but the stop's voltage may be below the battery's own, expected 'zero_currents' with 'charge_voltage' 'actual', or 'silence'"
            ])
        #expect(Self.profile(stop, "\"while_forbidden\": \"actual\"").faults == [])
        #expect(
            Self.profile("\"limits\": \"silence\"", "\"never_below_actual\": true").faults == [])
    }

    @Test(arguments: [
        (
            "\"while_forbidden\": \"lower\"",
            "'charge_voltage.while_forbidden' is 'lower', allowed 'keep', 'actual'"
        ),
        (
            "\"never_below_actual\": 1",
            "'charge_voltage.never_below_actual' is a number, expected true or false"
        ),
        (
            "\"never_below\": true",
            "'charge_voltage.never_below' is not known here, allowed never_below_actual, while_forbidden"
        ),
    ]) func `a charge voltage rule with a mistake is refused`(word: String, expected: String) {
        let fixture = Self.profile("\"limits\": \"zero_currents\"", word)
        #expect(fixture.faults == [expected])
    }
}
