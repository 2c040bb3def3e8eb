import CANProfile
import Testing

/// What the loader refuses, with its exact words.
@Suite struct VocabularyRefusalTests {
    private static let byte = ["S : 0|8@1+ (1,0)"]

    @Test(arguments: [
        (
            "\"S\": {\"constant\": 1, \"counter\": true}",
            "'frames[0].signals.S' needs exactly one of 'value', 'constant', 'text', 'text_of', 'alarms', 'counter', 'checksum'"
        ),
        (
            "\"S\": {\"value\": \"pack_voltage\"}",
            "'frames[0].signals.S.value' is 'pack_voltage', which stands only in 'per_pack' frames"
        ),
        (
            "\"S\": {\"text_of\": \"pack_serial\"}",
            "'frames[0].signals.S.text_of' is 'pack_serial', which stands only in 'per_pack' frames"
        ),
        (
            "\"S\": {\"constant\": 256}",
            "'frames[0].signals.S.constant' is 256, allowed 0…255"
        ),
        (
            "\"S\": {\"value\": \"direction\", \"unknown\": 300}",
            "'frames[0].signals.S.unknown' is 300, allowed 0…255"
        ),
        (
            "\"S\": {\"value\": \"direction\", \"when_stopped\": 256}",
            "'frames[0].signals.S.when_stopped' is 256, allowed 0…255"
        ),
        (
            "\"S\": {\"constant\": 1, \"when_stopped\": 2}",
            "'frames[0].signals.S.when_stopped' is not known here, allowed constant"
        ),
        (
            "\"S\": {\"value\": \"direction\", \"table\": {\"idle\": 1}}",
            "'frames[0].signals.S.table.idle' is no value of 'direction', expected a number"
        ),
        (
            "\"S\": {\"value\": \"direction\", \"table\": {}}",
            "'frames[0].signals.S.table' has 0 entries, allowed 1…64"
        ),
        (
            "\"S\": {\"alarms\": [\"fault.cell\"], \"raised\": 2, \"clear\": 2}",
            "'frames[0].signals.S.raised' is 2, the same as 'clear'; nobody could tell them apart"
        ),
        (
            "\"S\": {\"alarms\": [\"alert.cell\"]}",
            "'frames[0].signals.S.alarms' contains 'alert.cell', expected warning, protection or fault, a dot and an alarm"
        ),
        (
            "\"S\": {\"counter\": false}",
            "'frames[0].signals.S.counter' is false; leave it out or write true"
        ),
        (
            "\"S\": {\"text\": \"ab\"}",
            "'frames[0].signals.S.text' has 2 bytes, expected 1 ASCII characters, padded with spaces or \\u0000"
        ),
    ]) func `an entry with a mistake is refused`(entry: String, expected: String) {
        #expect(VocabularyFixture(Self.byte, entry).faults == [expected])
    }

    @Test(arguments: [
        (
            "S : 4|8@1+ (1,0)", "\"S\": {\"checksum\": \"sum8\"}",
            "checksum' feeds 'S', expected one whole byte"
        ),
        (
            "S : 4|8@1+ (1,0)", "\"S\": {\"text_of\": \"serial\"}",
            "text_of' feeds 'S', expected whole bytes"
        ),
        (
            "S : 0|9@1+ (1,0)", "\"S\": {\"alarms\": [\"fault.cell\"]}",
            "alarms' feeds 'S' of 9 bits, allowed 1…8"
        ),
    ]) func `a field that cannot carry its entry is refused`(
        signal: String, entry: String, expected: String
    ) {
        let found = VocabularyFixture([signal], entry).faults
        #expect(found == ["'frames[0].signals.S." + expected])
    }

    @Test func `a floating point field is only read`() {
        var fixture = VocabularyFixture(
            ["S : 0|32@1- (1,0)"], "\"S\": {\"value\": \"voltage\"}")
        fixture.layout += "SIG_VALTYPE_ 1 S : 1;\n"
        #expect(
            fixture.faults == [
                "'frames[0].signals.S.value' feeds 'S', a floating point number, which is only read"
            ])
    }

    private static let multiplexed = """
        BO_ 2 M: 3 A
         SG_ S M : 0|8@1+ (1,0) [0|0] "" B
         SG_ A m0 : 8|8@1+ (1,0) [0|0] "" B
         SG_ B m1 : 8|8@1+ (1,0) [0|0] "" B

        """

    @Test(arguments: [
        (
            "\"page\": {\"A\": 1}",
            [
                "'frames[0].page.A' is no multiplexer of 'M', which has S",
                "'frames[0].page' says nothing of 'S'",
            ]
        ),
        (
            "\"page\": {\"S\": 256}",
            ["'frames[0].page.S' is 256, allowed 0…255", "'frames[0].page' says nothing of 'S'"]
        ),
        (
            "\"page\": {\"S\": 1}",
            [
                "'frames[0].signals.A' is no signal of this page of 'M', which has B",
                "'frames[0].signals' says nothing of 'B'; a bit that stays zero is written {\"constant\": 0}",
            ]
        ),
    ]) func `a page that does not fit the layout is refused`(page: String, expected: [String]) {
        let frame = "{ \"message\": \"M\", \(page), \"signals\": { \"A\": {\"constant\": 1} } }"
        let fixture = VocabularyFixture(layout: Self.multiplexed, frames: frame)
        #expect(fixture.faults == expected)
    }

    @Test func `a page twice, or with another cycle, is refused`() {
        func frame(_ number: Int, _ cycle: Int, _ signal: String) -> String {
            """
            { "message": "M", "cycle_ms": \(cycle), "page": {"S": \(number)},
              "signals": { "\(signal)": {"constant": 1} } }
            """
        }
        let twice = VocabularyFixture(
            layout: Self.multiplexed, frames: frame(0, 500, "A") + "," + frame(0, 500, "A"))
        #expect(twice.faults == ["'frames[1].message' is 'M' a second time"])
        let uneven = VocabularyFixture(
            layout: Self.multiplexed, frames: frame(0, 500, "A") + "," + frame(1, 700, "B"))
        #expect(uneven.faults == ["'frames[1].cycle_ms' is 700, the first page of 'M' has 500"])
    }

    @Test func `identifiers of packs must be free`() {
        let signals = "\"signals\": { \"S\": {\"constant\": 1} }"
        let fixture = VocabularyFixture(
            layout: """
                BO_ 272 P: 1 A
                 SG_ S : 0|8@1+ (1,0) [0|0] "" B
                BO_ 275 Q: 1 A
                 SG_ S : 0|8@1+ (1,0) [0|0] "" B
                BO_ 2040 R: 1 A
                 SG_ S : 0|8@1+ (1,0) [0|0] "" B

                """,
            frames: "{ \"message\": \"P\", \"per_pack\": true, \(signals) },"
                + "{ \"message\": \"R\", \"per_pack\": true, \(signals) }")
        #expect(
            fixture.faults == [
                "'frames[0].per_pack' needs 113 for pack 4, which is 'Q'",
                "'frames[1].per_pack' leaves no identifier for pack 9",
            ])
    }

    @Test(arguments: [
        (
            "\"send\": {\"on\": \"poll\"}",
            "'send.polls' is missing, expected the frames that ask for a set"
        ),
        ("\"send\": {\"polls\": [\"M\"]}", "'send.polls' is given, but 'on' is not 'poll'"),
        (
            "\"send\": {\"on\": \"poll\", \"polls\": [\"X\"]}",
            "'send.polls' is 'X', which frames.dbc does not have"
        ),
        (
            "\"send\": {\"spacing_ms\": 1000}",
            "'send' spaces up to 1 frames over 1000 ms, but the shortest cycle has 1000 ms"
        ),
        (
            "\"keep_alive\": {\"timeout_s\": 1, \"action\": \"off\"}",
            "'keep_alive' needs either 'message' or 'messages'"
        ),
        (
            "\"keep_alive\": {\"message\": \"M\", \"timeout_s\": 1, \"action\": \"off\", \"data\": \"0G\"}",
            "'keep_alive.data' is '0G', expected up to 8 bytes such as \"0B 16\""
        ),
        (
            "\"commands\": [{\"message\": \"M\", \"signal\": \"T\", \"equals\": 1, \"action\": \"stop\", \"title\": \"t\"}]",
            "'commands[0].signal' is 'T', 'M' has S"
        ),
        (
            "\"commands\": [{\"message\": \"M\", \"signal\": \"S\", \"action\": \"stop\", \"title\": \"t\"}]",
            "'commands[0].equals' is missing, expected a raw number"
        ),
        (
            "\"inverter\": {\"accepts\": {\"voltage\": [2, 1]}}",
            "'inverter.accepts.voltage' is no range, expected two numbers, the lower first"
        ),
        (
            "\"inverter\": {\"sends\": [{\"message\": \"M\"}]}",
            "'inverter.sends[0]' needs either 'cycle_ms' or 'answers'"
        ),
        (
            "\"quirks\": [{\"id\": \"q\", \"title\": \"t\", \"when\": \"w\"}]",
            "'quirks[0].changes' is missing, expected what the quirk changes"
        ),
    ]) func `a part with a mistake is refused`(part: String, expected: String) {
        let fixture = VocabularyFixture(
            Self.byte, "\"S\": {\"constant\": 1}", more: part)
        #expect(fixture.faults == [expected])
    }
}
