import CANBus
import CANProfile
import Testing

@Suite struct StopAndForeignTests {
    @Test(arguments: [
        (Int32?(52_340), Int32(52_400)), (52_400, 52_400), (56_450, 56_500), (nil, 56_000),
    ])
    func `rule 8: an inverter that empties down to its limit is told the battery's own voltage`(
        measured: Int32?, expected: Int32
    ) {
        var values = BankValues()
        values[.chargeVoltageLimit] = 56_000
        values[.packVoltageMaximum] = measured
        StopRule(limits: .zeroCurrents, chargeVoltage: .actual, silenceAfter: .zero)
            .apply(to: &values)
        #expect(values[.chargeVoltageLimit] == expected)
        #expect(values[.chargeCurrentLimit] == 0 && values[.dischargeCurrentLimit] == 0)
    }

    @Test(arguments: [
        ("\"id\": \"0x800\"", "line 1: 'entries[0].id' is 2048, allowed 0…2047"),
        (
            "\"id\": 1, \"data\": \"0\"",
            "line 1: 'entries[0].data' is '0', expected up to 8 bytes such as \"01 ?? 03\""
        ),
    ]) func `a foreign list with a mistake is refused`(part: String, expected: String) {
        let text =
            "{ \"schema\": \"amphora/foreign-traffic/v1\", \"entries\": [ { \(part), \"name\": \"n\", \"advice\": \"a\" } ] }"
        do {
            _ = try ForeignFrames.load(Array(text.utf8), name: "foreign.json")
            Issue.record("was taken")
        } catch {
            #expect(error.faults == [expected])
        }
    }
}
