import FleetIngest
import TestKit
import Testing

/// The words a rejected record comes with; operators read them in the dead letters.
@Suite struct RejectionTests {
    private func rejection(_ text: String) -> RecordDecoder.Rejection? {
        rejection(Array(text.utf8))
    }

    private func rejection(_ bytes: [UInt8]) -> RecordDecoder.Rejection? {
        do {
            _ = try RecordDecoder.decode(bytes, from: "gw-1", receivedMilliseconds: 0)
            return nil
        } catch {
            return error
        }
    }

    private static let event = #"""
        {"schema":"amphora/event/v1","gateway":"gw-1","epoch":7,"seq":4,"time":{"wall":"2023-11-14T22:13:20.123Z","trusted":true,"boot":"71734537-d6d9-472d-8519-7ef8cf99f170","monotonic_ms":5000},"change":"raised","level":"protection","code":"cell_overvoltage","pack":3,"text":"hot"}
        """#

    private static let telemetry: String = {
        var generator = SeededGenerator(seed: 1)
        var text = String(
            decoding: RecordFixture(packs: 2, using: &generator).telemetry(4), as: UTF8.self)
        text.replace(#/"voltage_v":[^,]*/#, with: "\"voltage_v\":52.1")
        text.replace(#/"soc_pct":[^,]*/#, with: "\"soc_pct\":52.1")
        text.replace(#/"cells_mv":\[[^\]]*\]/#, with: "\"cells_mv\":[3312,null,3313]")
        text.replace(#/"probes_c":\[[^\]]*\]/#, with: "\"probes_c\":[21.5,null]")
        text.replace(#/"warnings":\[[^\]]*\]/#, with: "\"warnings\":[]")
        return text
    }()

    @Test(arguments: [
        (
            #""seq":4"#, #""seq":0"#,
            "seq: expected a whole number from 1 to 9007199254740991, found 0"
        ),
        (#""seq":4"#, #""seq":"4""#, "seq: expected a whole number, found '4'"),
        (#""seq":4"#, #""seq":4.0"#, "seq: expected a whole number, found 4.0"),
        (#""seq":4"#, #""seq":04"#, "seq: expected a whole number, found 04"),
        (#""seq":4"#, #""seq":4e2"#, "seq: expected a whole number, found 4e2"),
        (#""seq":4,"#, "", "seq: expected a value, found no such member"),
        (#""seq":4"#, #""seq":4,"seq":5"#, "seq: expected once, found again"),
        (
            #""epoch":7"#, #""epoch":9007199254740992"#,
            "epoch: expected a whole number from 1 to 9007199254740991, found 9007199254740992"
        ),
        (
            #""epoch":7"#, #""epoch":99999999999999999999999"#,
            "epoch: expected a whole number from 1 to 9007199254740991, found 99999999999999999999999"
        ),
        (#""gw-1""#, #""gw-2""#, "gateway: expected 'gw-1' as in the topic, found 'gw-2'"),
        (#""gw-1""#, "null", "gateway: expected the id of the gateway, found null"),
        (
            "event/v1", "event/v2",
            "schema: expected 'amphora/telemetry/v1' or 'amphora/event/v1', found 'amphora/event/v2'"
        ),
        (#""schema":"amphora/event/v1","#, "", "schema: expected a value, found no such member"),
        (
            "2023-11-14T", "2023-02-29T",
            "time.wall: expected a date such as '2026-11-24T13:05:00.123Z', found '2023-02-29T22:13:20.123Z'"
        ),
        (
            "71734537-", "71734537_",
            "time.boot: expected 32 hexadecimal digits in the form 8-4-4-4-12, found '71734537_d6d9-472d-8519-7ef8cf99f170'"
        ),
        ("true", "1", "time.trusted: expected true or false, found 1"),
        (#","monotonic_ms":5000"#, "", "time.monotonic_ms: expected a value, found no such member"),
        (
            "5000", "-1",
            "time.monotonic_ms: expected a whole number from 0 to 9007199254740991, found -1"
        ),
        ("raised", "lowered", "change: expected 'raised', 'cleared' or 'noticed', found 'lowered'"),
        (
            #""protection""#, "[]",
            "level: expected 'information', 'warning', 'protection' or 'fault', found a list"
        ),
        (
            "cell_over", "9ell_over",
            "code: expected a name of 1 to 64 characters a…z, 0…9 or '_' that begins with a letter, found '9ell_overvoltage'"
        ),
        (#""pack":3"#, #""pack":17"#, "pack: expected a whole number from 0 to 16, found 17"),
        (#""hot""#, "{}", "text: expected a text, found an object"),
        (#"hot""#, "hot", "text: expected '\"' at the end of a text, found the end"),
        ("hot", "h\u{1}t", "text: expected a text without control characters, found byte 0x01"),
        ("hot", #"h\qt"#, #"text: expected an escape, found '\'"#),
        ("hot", #"h\u0000t"#, #"text: expected an escape of a character, found '\'"#),
        ("hot", #"h\udc00t"#, #"text: expected an escape of a character, found '\'"#),
        ("hot", #"h\ud800t"#, "text: expected the second half of an escaped character, found t"),
        (#""hot"}"#, #""hot"} x"#, "record: expected the end, found x"),
        (#""hot"}"#, #""hot"]"#, "text: expected ',' or '}', found ']'"),
        (#""hot"}"#, #""hot","#, "record: expected the name of a member, found the end"),
        (#","text":"hot"}"#, #","new":+1,"text":"hot"}"#, "new: expected a value, found +1"),
        (
            #","text":"hot"}"#, #","new":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]],"text":"hot"}"#,
            "new[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: expected at most 16 levels, found a list"
        ),
        (
            #""hot"}"#,
            #""hot","outbox":{"depth":1,"oldest":null,"bytes":1,"budget_bytes":1,"losses":{"A":1}}}"#,
            "outbox.losses: expected a name of 1 to 64 characters a…z, 0…9 or '_' that begins with a letter, found 'A'"
        ),
    ]) func `an event that is wrong is refused in words`(
        part: String, other: String, words: String
    ) throws {
        let found = try #require(rejection(try Self.event.changing(part, to: other)))
        #expect(found.reason == words)
    }

    @Test(arguments: [
        (#""bank":{"#, #""bank":[{"#, "bank: expected an object, found a list"),
        (#""mode":"starting","#, "", "bank.mode: expected a value, found no such member"),
        (
            #""packs_configured":2"#, #""packs_configured":0"#,
            "bank.packs_configured: expected a whole number from 1 to 16, found 0"
        ),
        (
            #""voltage_v":52.1"#, #""voltage_v":52.1234"#,
            "bank.voltage_v: expected a number with at most 3 decimals, found 52.1234"
        ),
        (
            #""voltage_v":52.1"#, #""voltage_v":2147483.648"#,
            "bank.voltage_v: expected a number with at most 3 decimals from -2147483.648 to 2147483.647, found 2147483.648"
        ),
        (
            #""voltage_v":52.1"#, #""voltage_v":"52.1""#,
            "bank.voltage_v: expected a number with at most 3 decimals, found '52.1'"
        ),
        (
            #""soc_pct":52.1"#, #""soc_pct":.5"#,
            "bank.soc_pct: expected a number with at most 2 decimals, found .5"
        ),
        (
            #""soc_pct":52.1"#, #""soc_pct":5."#,
            "bank.soc_pct: expected a number with at most 2 decimals, found 5."
        ),
        (#""soc_pct":52.1"#, #""soc_pct":nil"#, "bank.soc_pct: expected null, found nil"),
        (
            #""rule":"starting""#, #""rule":"""#,
            "limits.charge_current_a.rule: expected a name of 1 to 64 characters a…z, 0…9 or '_' that begins with a letter, found ''"
        ),
        (
            #""warnings":[]"#, #""warnings":["cell","cell"]"#,
            "alarms.warnings[1]: expected a code that has not come before, found 'cell'"
        ),
        (
            #""pack":2,"serial""#, #""pack":1,"serial""#,
            "packs[1]: expected a pack other than number 1, found an object"
        ),
        (
            #""cells_mv":[3312,null,3313]"#, #""cells_mv":[3312,null,32768]"#,
            "packs[0].cells_mv[2]: expected a whole number from 0 to 32767, found 32768"
        ),
        (
            #""cells_mv":[3312,null,3313]"#,
            #""cells_mv":[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9,0,1,2]"#,
            "packs[0].cells_mv[32]: expected at most 32 elements, found 2"
        ),
        (
            #""probes_c":[21.5,null]"#, #""probes_c":[21.55,null]"#,
            "packs[0].probes_c[0]: expected a number with at most 1 decimal, found 21.55"
        ),
        (
            #""probes_c":[21.5,null]"#, #""probes_c":[21.5 null]"#,
            "packs[0].probes_c[0]: expected ',' or ']', found null"
        ),
        (
            #""keep_alive":"present""#, #""keep_alive":"lost""#,
            "inverter.keep_alive: expected 'unseen', 'present' or 'silent', found 'lost'"
        ),
    ]) func `telemetry that is wrong is refused in words`(
        part: String, other: String, words: String
    ) throws {
        #expect(rejection(Self.telemetry) == nil)
        let found = try #require(rejection(try Self.telemetry.changing(part, to: other)))
        #expect(found.reason == words)
        #expect(found.epoch == 7 && found.sequence == 4)
    }

    @Test func `packs must be there and come in the order of their numbers`() throws {
        let head = try #require(Self.telemetry.split(separator: #""packs":["#).first)
        let none = head + #""packs":[]}"#
        #expect(
            rejection(String(none))?.reason == "packs: expected at least one pack, found a list")
        let swapped = try Self.telemetry.changing(#""pack":1,"serial""#, to: #""pack":3,"serial""#)
        let record = try RecordDecoder.decode(
            Array(swapped.utf8), from: "gw-1", receivedMilliseconds: 0)
        guard case .telemetry(_, let packs) = record.body else {
            Issue.record("no telemetry")
            return
        }
        #expect(packs.map(\.pack) == [2, 3])
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFF],
            [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x94],
        ] as [[UInt8]]) func `text that is no UTF-8 is refused`(sequence: [UInt8]) throws
    {
        let parts = Self.event.split(separator: "hot", maxSplits: 1)
        let bytes = Array(parts[0].utf8) + sequence + Array(parts[1].utf8)
        let digits = String(sequence[0], radix: 16, uppercase: true)
        #expect(rejection(bytes)?.reason == "text: expected UTF-8, found byte 0x\(digits)")
    }

    @Test func `a record that is too large is refused before it is read`() {
        let bytes = [UInt8](repeating: 0x20, count: RecordDecoder.mostBytes + 1)
        #expect(
            rejection(bytes)?.reason == "record: expected at most 262144 bytes, found 262145")
    }

    @Test(
        arguments: [
            ("", nil, nil), ("[1]", nil, nil), (#"{"epoch":7}"#, nil, nil),
            (#"{"epoch":7,"seq":4"#, 7, 4),
            (#"{"seq":4,"x":{"epoch":1},"epoch":7,"schema":"#, 7, 4),
            (#"{"epoch":"7","seq":4}"#, nil, nil), (#"{"epoch":7,"x":nul,"seq":4}"#, nil, nil),
        ] as [(String, Int64?, Int64?)])
    func `the number of a broken record is told when it can be read`(
        text: String, epoch: Int64?, sequence: Int64?
    ) throws {
        let found = try #require(rejection(text))
        #expect(found.epoch == epoch && found.sequence == sequence)
    }
}
