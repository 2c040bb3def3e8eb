import Modbus
import PackMap
import Testing

/// Which requests read what a map uses of its regions.
@Suite struct PlannerTests {
    private func reads(
        line: String = #""baud": 9600, "gap_ms": 0, "turn_round_ms": 0"#, count: Int = 200,
        block: String = "", fields: [Int], more: String = ""
    ) throws -> [[Int]] {
        let names = MapWordsForTests.free.prefix(fields.count)
        let signals = zip(names, fields).map { #""\#($0)": { "at": \#($1) }"# }
        let map = try SmallMap.load(
            SmallMap.text(
                head: #""line": { \#(line) },"#,
                blocks: """
                    { "name": "live", "function": 3, "address": 100, "count": \(count),
                      "required": true\(block) }
                    """, signals: signals.joined(separator: ", "), more: more))
        #expect(
            map.blockNames.first == "live"
                && map.blockNames.dropFirst().first ?? "live 2" == "live 2")
        return map.plan.blocks.map { [Int($0.address), Int($0.count)] }
    }

    enum MapWordsForTests {
        static let free = ["cycles", "lifetime_discharge", "state_of_health", "design_capacity"]
    }

    @Test func `what no field uses at the ends is not read`() throws {
        #expect(try reads(fields: []) == [[100, 3]])
        #expect(try reads(fields: [103, 104]) == [[100, 5]])
    }

    /// One more request is 20 characters without pauses: ten registers are as dear, eleven dearer.
    @Test func `a gap is read through while that is no dearer than a request`() throws {
        #expect(try reads(fields: [113]) == [[100, 14]])
        #expect(try reads(fields: [114]) == [[100, 3], [114, 1]])
        #expect(
            try reads(line: #""baud": 9600, "gap_ms": 20, "turn_round_ms": 5"#, fields: [125])
                == [[100, 26]])
        #expect(
            try reads(line: #""baud": 9600, "gap_ms": 20, "turn_round_ms": 5"#, fields: [126])
                == [[100, 3], [126, 1]])
    }

    @Test func `no read is longer than the map allows`() throws {
        let line = #""baud": 9600, "turn_round_ms": 1000, "most_registers": 10"#
        #expect(try reads(line: line, fields: [105, 109]) == [[100, 10]])
        #expect(try reads(line: line, fields: [105, 110]) == [[100, 6], [110, 1]])
        #expect(
            try reads(line: line, fields: [], more: #""cells": { "at": 103, "count": 16 }"#)
                .map { $0[1] }.reduce(0, +) == 19)
    }

    @Test func `a fixed region is read as given`() throws {
        #expect(try reads(count: 40, block: #", "fixed": true"#, fields: []) == [[100, 40]])
    }

    @Test func `the shipped maps ask what they always asked`() throws {
        func reads(_ id: String) throws -> [[Int]] {
            try ShippedSet.map(id).plan.blocks.map { [Int($0.address), Int($0.count)] }
        }
        let pace = try reads("pace-v1.3")
        for read in [[0, 13], [15, 22], [150, 30]] { #expect(pace.contains(read)) }
        let seplos = try reads("seplos-v3")
        for read in [[0x1000, 17], [0x1200, 144], [0x1100, 26], [0x1700, 51]] {
            #expect(seplos.contains(read))
        }
    }

    @Test func `with a step of two the parts of a region keep their addresses`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                head:
                    #""addressing": { "step": 2 }, "line": { "baud": 115200, "turn_round_ms": 0 },"#,
                blocks:
                    #"{ "name": "b", "function": 3, "address": "0x1200", "count": 100, "required": true }"#,
                voltage: #"{ "at": "0x1290", "type": "u32", "scale": 0.001 }"#,
                current: #"{ "at": "0x1298", "type": "i32", "scale": 0.001 }"#,
                charge: #"{ "at": "0x12A6", "type": "u8_low" }"#,
                more: #""cells": { "at": "0x1200", "count": 16, "scale": 0.001 }"#))
        #expect(
            map.plan.blocks.map { [Int($0.address), Int($0.count)] } == [
                [0x1200, 16], [0x1290, 12],
            ])
    }

    @Test func `numbers that belong together and are too far apart are refused`() {
        let text = SmallMap.text(
            head: #""line": { "baud": 9600, "most_registers": 20 },"#,
            blocks:
                #"{ "name": "b", "function": 3, "address": 100, "count": 60, "required": true }"#,
            current: #"{ "at": 101, "minus": { "at": 130 } }"#)
        #expect(
            SmallMap.faults(text) == [
                "line 3: 'blocks' have in 'b' 30 registers that belong together, one read has 20"
            ])
    }
}
