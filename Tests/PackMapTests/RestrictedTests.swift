import Modbus
import PackMap
import Testing

/// What `explain` makes of requests that cut a block.
@Suite struct RestrictedTests {
    private func fields(_ map: PackMap, _ request: ReadRequest, _ data: [UInt8]) throws -> [String]
    {
        let asked = RTUFrame.encode(request)
        let reply = RTUFrame.encodeReply(
            unit: request.unit, function: request.function, data: FrameBytes(data))
        return try map.explain(
            request: (0..<asked.count).map { asked[$0] },
            reply: (0..<reply.count).map { reply[$0] }
        ).fields.filter { $0.value != "–" }.map(\.name)
    }

    @Test func `a sum of some of the cells is no voltage`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                blocks:
                    #"{ "name": "live", "function": 3, "address": 100, "count": 20, "required": true }"#,
                voltage: #"{ "computed": "cell_sum" }"#,
                more: #""cells": { "at": 104, "count": 16, "scale": 0.001 }"#))
        func names(_ count: UInt16) throws -> [String] {
            let asked = try #require(
                ReadRequest(
                    unit: UnitID(1), function: .readHoldingRegisters, address: 104, count: count))
            let cells = [[UInt8]](repeating: [0x0C, 0xE4], count: Int(count)).flatMap(\.self)
            return try fields(map, asked, cells)
        }
        #expect(try names(2) == ["cell 1", "cell 2"])
        #expect(try !names(15).contains("voltage"))
        #expect(try names(16).contains("voltage"))
    }

    @Test func `a byte of which only some bits were asked is not told`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                blocks: """
                    { "name": "live", "function": 3, "address": 100, "count": 8, "required": true },
                    { "name": "bits", "function": 1, "address": 0, "count": 16 }
                    """,
                more: """
                    "flags": [
                      { "name": "low", "coils": true, "at": 0, "bits": { "0": "state.charging" } },
                      { "name": "high", "coils": true, "at": 8, "bits": { "3": "warning.cell_overvoltage" } }
                    ]
                    """))
        func asked(_ count: UInt16) throws -> ReadRequest {
            try #require(
                ReadRequest(unit: UnitID(1), function: .readCoils, address: 0, count: count))
        }
        #expect(try fields(map, asked(12), [1, 0]) == ["low"])
        #expect(try fields(map, asked(16), [1, 8]) == ["low", "high"])
    }
}
