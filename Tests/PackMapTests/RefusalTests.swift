import PackMap
import Quantities
import Testing

/// The sentences of the loader about the words of forms, places, operands and extensions.
@Suite struct RefusalTests {
    private static let status = """
        { "name": "status", "form": "ranged", "function": "0x78", "address": 0, "end": 9,
          "bytes": 20, "required": true }
        """
    private static func trigger(_ change: (String, String) = ("", "")) -> String {
        let text = """
            { "name": "t", "form": "trigger", "address": "0x1620", "head": "55 AA", "bytes": 300,
              "tail": 10, "required": true }
            """
        return change.0.isEmpty ? text : text.replacing(change.0, with: change.1)
    }
    private static func byBytes(_ blocks: String, more: String = "", charge: String? = nil)
        -> String
    {
        let name = blocks.contains("\"t\"") ? "t" : "status"
        return SmallMap.text(
            blocks: blocks,
            voltage: #"{ "at": { "block": "\#(name)", "byte": 2 }, "scale": 0.01 }"#,
            current: #"{ "at": { "block": "\#(name)", "byte": 4 } }"#,
            charge: charge ?? #"{ "at": { "block": "\#(name)", "byte": 6 } }"#, more: more)
    }

    static let cases: [(text: String, fault: String)] = [
        (
            byBytes(status.replacing("0x78", with: "0x10")),
            "'blocks[0].function' is 16, allowed 65…127"
        ),
        (
            byBytes(status.replacing("\"end\": 9", with: "\"end\": 9, \"count\": 4")),
            "'blocks[0].count' is not known here, allowed"
        ),
        (byBytes(status.replacing("20", with: "245")), "'blocks[0].bytes' is 245, allowed 1…244"),
        (
            byBytes(trigger(("55 AA", "5"))),
            "'blocks[0].head' is no row of 1…8 hex pairs such as '55 AA EB 90 02'"
        ),
        (byBytes(trigger(("\"tail\": 10", "\"tail\": 7"))), "'blocks[0].tail' is 7, allowed 8…64"),
        (
            byBytes(trigger(), more: #""forbidden_writes": [ "0x1600-0x1620: control" ]"#),
            "'forbidden_writes' has 5632-5664, block 't' triggers at 0x1620"
        ),
        (
            SmallMap.text(more: #""forbidden_writes": [ "everything" ]"#),
            "'forbidden_writes' contains 'everything', expected a range and a reason such as '0x10-0x1F: clock'"
        ),
        (
            byBytes(status, charge: #"{ "at": { "block": "state", "byte": 6 } }"#),
            "'signals.state_of_charge.at.block' is 'state', there is no such block"
        ),
        (
            byBytes(trigger(), charge: #"{ "at": { "block": "t", "byte": 299 } }"#),
            "'signals.state_of_charge.at.byte' is 299, needs 2 bytes, block 't' has 300"
        ),
        (
            byBytes(status, charge: #"{ "at": { "follows": "cells", "byte": 0 } }"#),
            "'signals.state_of_charge.at.follows' names cells, which have no 'counted_by'"
        ),
        (
            SmallMap.text(
                charge: #"{ "at": { "follows": "cells", "byte": 0 } }"#,
                more: #""cells": { "at": 103, "count": 2, "counted_by": { "at": 105 } }"#),
            "'signals.state_of_charge.at.follows' needs a block that is read as a whole, 'live' is not 'fixed'"
        ),
        (
            SmallMap.text(
                blocks: """
                    { "name": "a", "function": 3, "address": 100, "count": 3, "required": true },
                    { "name": "b", "function": 3, "address": 200, "count": 3 }
                    """, current: #"{ "at": 101, "minus": { "at": 200 } }"#),
            "'signals.current.minus.at' lies in block 'b', expected block 'a' of the value it belongs to"
        ),
        (
            SmallMap.text(current: #"{ "at": 101, "negative_when": { "at": 103 } }"#),
            "'signals.current.negative_when.equals' is missing, expected raw numbers"
        ),
        (
            SmallMap.text(
                current:
                    #"{ "at": 101, "negate": true, "negative_when": { "at": 103, "equals": [1] } }"#
            ),
            "'signals.current.negate' stands beside 'negative_when', expected one"
        ),
        (
            SmallMap.text(charge: #"{ "at": 102, "divide": 0 }"#),
            "'signals.state_of_charge.divide' is 0, allowed 1…1000000000"
        ),
        (SmallMap.text(more: #""cells": []"#), "'cells' is empty, expected runs"),
        (
            SmallMap.text(
                more: #""probes": [ { "at": 103, "count": 1, "counted_by": { "at": 104 } } ]"#),
            "'probes[0].counted_by' is not for one of several runs"
        ),
        (
            SmallMap.text(
                more:
                    #""probes": [ { "at": 103, "count": 4 }, { "at": 103, "count": 13, "stride": 1 } ]"#
            ),
            "'probes[1].count' is 13, allowed 1…12"
        ),
        (
            SmallMap.text(charge: #"{ "at": 102, "bits": [9, 8] }"#),
            "'signals.state_of_charge.bits' is no pair of a lowest and a highest bit such as [0, 7]"
        ),
        (
            SmallMap.text(charge: #"{ "at": 102, "bits": [0, 16] }"#),
            "'signals.state_of_charge.bits' end at 16, 'u16' has bits 0…15"
        ),
        (
            SmallMap.text(voltage: #"{ "computed": "cell_sum" }"#),
            "'signals.voltage.computed' needs 'cells'"
        ),
        (
            SmallMap.text(charge: #"{ "computed": "remaining_over_full" }"#),
            "'signals.state_of_charge.computed' needs 'remaining_capacity' and 'full_capacity'"
        ),
        (
            SmallMap.text(current: #"{ "computed": "cell_sum" }"#),
            "'signals.current.computed' is only for voltage and state_of_charge"
        ),
        (
            SmallMap.text(
                more: #""flags": [ { "name": "f", "at": 103, "bits": { "3-1": "state.full" } } ]"#),
            "'flags[0].bits.3-1' is no bit, allowed \"0\"…\"15\""
        ),
        (
            SmallMap.text(
                more:
                    #""flags": [ { "name": "f", "at": 103, "bits": { "0-1": { "4": "state.full" } } } ]"#
            ),
            "'flags[0].bits.0-1.4' is no number of these bits, allowed 0…3 or a range of them"
        ),
        (
            SmallMap.text(
                more:
                    #""flags": [ { "name": "f", "at": 103, "bits": { "0,2": { "1": "state.full" } } } ]"#
            ),
            "'flags[0].bits.0,2.1' is no number of these bits, allowed 0 and any"
        ),
        (
            SmallMap.text(
                more:
                    #""flags": [ { "name": "f", "at": 103, "fields": { "width": 2, "values": { "4": "state.full" } } } ]"#
            ),
            "'flags[0].fields.values.4' is no number of 2 bits"
        ),
        (
            SmallMap.text(more: #""texts": { "serial": { "at": 103 } }"#),
            "'texts.serial.registers' or 'bytes' is expected, exactly one of them"
        ),
        (
            SmallMap.text(more: #""plausibility": { "voltage": { "jump_s": 4 } }"#),
            "'plausibility.voltage.jump_s' stands without 'jump'"
        ),
        (SmallMap.text(head: #""wake_ms": [0],"#), "'wake_ms' contains 0, allowed 1…60000"),
        (
            SmallMap.text(head: #""units": { "first": 9, "last": 3 },"#),
            "'units.last' is 3, below 'first', which is 9"
        ),
        (
            SmallMap.text(head: #""extends": "base","#),
            "'extends' names 'base', there is no such map"
        ),
    ]

    @Test(arguments: cases.indices)
    func `a wrong word is told with its place`(index: Int) {
        let wrong = Self.cases[index]
        let faults = SmallMap.faults(wrong.text)
        #expect(faults.contains { $0.contains(wrong.fault) }, "\(wrong.fault): \(faults)")
    }

    static let change = """
        { "schema": "amphora/pack-map/v1", "id": "child", "title": "Child", "extends": "base",
          "confidence": "single", "sources": ["b"],
          "signals": { "current": { "scale": 0.1 }, "state_of_health": null },
          "limits": { "charge_current_a": 50 } }
        """

    @Test func `a map says only what differs from the one it extends`() throws {
        let base = SmallMap.text(id: "base", signals: #""state_of_health": { "at": 103 }"#)
        let map = try PackMap.load(Array(Self.change.utf8), name: "child") { name in
            name == "base" ? Array(base.utf8) : nil
        }
        #expect(map.id == "child" && map.isExperimental && map.plan.values.count == 3)
        let current = map.plan.values.first { $0.target == .signal(.current) }
        #expect(current?.place.type == .i16 && current?.numerator == 100)
        #expect(map.limits.chargeCurrent == Current(units: 50_000))
    }

    @Test func `an extension names itself, and only one level deep`() {
        let base = Array(SmallMap.text(id: "base").utf8)
        let nested = Array(Self.change.utf8)
        let nameless = Self.change.replacing("\"title\": \"Child\", ", with: "")
        #expect(
            SmallMap.faults(nameless, resolve: { _ in base }) == [
                "line 1: 'title' is missing, a map that extends another gives its own"
            ])
        #expect(
            SmallMap.faults(Self.change, resolve: { _ in nested }) == [
                "line 1: 'extends' names 'base', which extends a map itself; one level is allowed"
            ])
        #expect(
            SmallMap.faults(Self.change, resolve: { _ in [0x7B] }).first?.hasPrefix(
                "line 1: 'extends' names 'base', which does not load: line 1, column 2:") == true)
    }

    @Test func `units that are no pack's are refused with the reason`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                head: #""units": { "first": 1, "last": 15, "reserved": [3], "bank": [1] },"#))
        #expect(map.unitRules.refusal(of: 2) == nil)
        #expect(map.unitRules.refusal(of: 16) == "unit 16 is none of a pack, allowed 1…15")
        #expect(map.unitRules.refusal(of: 3) == "unit 3 must never be asked")
        #expect(
            map.unitRules.refusal(of: 1)
                == "unit 1 answers for the whole bank and would be counted twice")
    }
}
