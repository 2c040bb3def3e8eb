import Bank
import Modbus
import PackMap
import Quantities
import Testing

/// The forms of a request, each with a small map and a recorded exchange.
@Suite struct FormTests {
    /// A counted layout behind a maker's function.
    static let ranged = SmallMap.text(
        id: "ranged",
        blocks: """
            { "name": "status", "form": "ranged", "function": "0x78", "address": "0x1000",
              "end": "0x10A0", "bytes": 156, "required": true }
            """,
        voltage: #"{ "at": { "block": "status", "byte": 0 }, "scale": 0.01 }"#,
        current:
            #"{ "at": { "block": "status", "byte": 4 }, "type": "u32", "offset": -300000, "scale": 0.01 }"#,
        charge: #"{ "at": { "block": "status", "byte": 8 }, "scale": 0.01 }"#,
        more: """
            "cells": { "at": { "block": "status", "byte": 68 }, "count": 16, "scale": 0.001,
              "counted_by": { "at": { "block": "status", "byte": 66 } } },
            "probes": { "at": { "follows": "cells", "byte": 2 }, "count": 4, "offset": -500,
              "scale": 0.1, "counted_by": { "at": { "follows": "cells", "byte": 0 } } },
            "flags": [
              { "name": "switches", "at": { "block": "status", "byte": 32 },
                "bits": { "0": "state.discharge_mosfet_on", "1": "state.charge_mosfet_on" } },
              { "name": "balancing", "at": { "follows": "probes", "byte": 2 },
                "balancing_first_cell": 1 }
            ],
            "texts": { "serial": { "at": { "follows": "probes", "byte": 6 }, "bytes": 30 } }
            """)

    static let rangedRequest = SmallMap.bytes("01 78 10 00 10 A0 00 00 7F B2")
    static let rangedReply = SmallMap.bytes(
        """
        01 78 10 00 10 A0 00 9C 14 C2 00 00 00 04 95 18 18 38 4D 18 7D 00 7A A8 02 7A 02 83
        00 01 00 64 00 00 00 01 00 00 00 04 00 01 00 04 00 03 00 0A 0C FB 00 01 0C F6 0C F9
        00 01 02 71 00 04 02 6D 02 6F 02 40 09 60 01 B0 15 7C 00 10 0C F6 0C F9 0C FA 0C FA
        0C F9 0C F8 0C FA 0C FA 0C F9 0C FB 0C FA 0C FB 0C F9 0C FB 0C FA 0C F9 00 04 02 71
        02 6F 02 6F 02 6D 00 00 00 04 0C 01 4A 42 44 38 37 36 35 34 33 32 31 00 00 00 00 00
        00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03 00 07 00 00 00 04 00 00 52 E7
        """)

    private func values(
        _ map: PackMap, _ request: [UInt8], _ reply: [UInt8], base: UInt16 = 0
    ) throws -> [String: String] {
        let exchange = try map.explain(request: request, reply: reply, base: base)
        #expect(exchange.verdict == .accepted)
        return Dictionary(
            exchange.fields.map { ($0.name, "\($0.value) \($0.unit)") }, uniquingKeysWith: { $1 })
    }

    @Test func `a ranged answer is read, tail behind counted runs and all`() throws {
        let map = try SmallMap.load(Self.ranged)
        let values = try values(map, Self.rangedRequest, [0xFF] + Self.rangedReply)
        #expect(values["voltage"] == "53.140 V" && values["current"] == "3.120 A")
        #expect(values["cell 1"] == "3.318 V" && values["cell 16"] == "3.321 V")
        #expect(values["cell 17"] == nil)
        #expect(values["probe 4"] == "12.1 °C" && values["probe 5"] == nil)
        #expect(values["switches"] == "state.discharge_mosfet_on ")
        #expect(values["balancing"] == "balancing.cell_3 " && values["serial"] == "JBD87654321 ")
    }

    @Test func `a ranged pack with fewer and with more cells keeps its tail`() throws {
        let map = try SmallMap.load(Self.ranged)
        var identity = PackIdentity()
        identity.serial = SerialNumber("S15")
        for cells in [8, 15, 16, 24] {
            var reading = PackReading()
            for (signal, value) in [(PackSignal.voltage, Int32(53_000)), (.current, -4_500)] {
                reading.set(signal, to: value, at: Instant(nanoseconds: 0))
            }
            for cell in 0..<cells { reading.setCell(cell, millivolts: UInt16(3300 + cell)) }
            reading.setProbe(0, decidegrees: 211)
            let image = map.plan.encode(reading, identity: identity)
            let request = try #require(map.plan.blocks[0].request(to: UnitID(1)))
            let data = try image.reply(to: request).get()
            #expect(data.count == 156 + (cells - 16) * 2 - 3 * 2)
            var read = PackReading()
            var name = PackIdentity()
            let verdict = map.plan.decode(
                block: 0, data, at: Instant(nanoseconds: 1), into: &read, identity: &name)
            #expect(verdict == .accepted)
            #expect(Int(read.cellCount) == cells && name.serial == identity.serial)
            #expect(read.cell(cells - 1)?.millivolts == Int32(3299 + cells))
            #expect(read.probe(0)?.decidegrees == 211 && read.probe(1) == nil)
            #expect(read.voltage == .millivolts(53_000) && read.current?.units == -4_500)
        }
    }

    @Test func `a ranged answer that ends before what its counts promise is short`() throws {
        let map = try SmallMap.load(Self.ranged)
        var reading = PackReading()
        var identity = PackIdentity()
        for length in [10, 66, 99, 140] {
            let data = FrameBytes(Self.rangedReply.dropFirst(8).prefix(length))
            let verdict = map.plan.decode(
                block: 0, data, at: Instant(nanoseconds: 0), into: &reading, identity: &identity)
            #expect(verdict == .short && reading.voltage == nil)
        }
    }

    @Test func `with a step of two an address counts bytes and a request counts registers`() throws
    {
        let map = try SmallMap.load(
            SmallMap.text(
                head: #""addressing": { "step": 2 },"#,
                blocks: """
                    { "name": "cells", "function": 3, "address": "0x1200", "count": 78,
                      "required": true }
                    """, voltage: #"{ "at": "0x1290", "type": "u32", "scale": 0.001 }"#,
                current: #"{ "at": "0x1298", "type": "i32", "scale": 0.001 }"#,
                charge: #"{ "at": "0x1296", "type": "u8_low" }"#,
                more: #""cells": { "at": "0x1200", "count": 8, "scale": 0.001 }"#))
        let request = SmallMap.bytes("01 03 12 00 00 08 41 74")
        let reply = SmallMap.bytes("01 03 10 0C D8 0C D7 0C D7 0C D7 0C D8 0C D7 0C D8 0C D8 72 06")
        let values = try values(map, request, reply)
        #expect(values["cell 1"] == "3.288 V" && values["cell 8"] == "3.288 V")
        #expect(values["cell 2"] == "3.287 V" && values["voltage"] == nil)
        let image = map.plan.encode(PackReading(), identity: PackIdentity())
        for block in map.plan.blocks {
            let request = try #require(block.request(to: UnitID(1)))
            #expect(try image.reply(to: request).get().count == block.dataLength)
        }
    }

    @Test func `relative addresses count from the base address of the line`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                head: #""addressing": { "relative": true },"#,
                blocks:
                    #"{ "name": "b", "function": 3, "address": 2, "count": 4, "required": true }"#,
                voltage: #"{ "at": 2, "scale": 0.01 }"#, current: #"{ "at": 3, "type": "i16" }"#,
                charge: #"{ "at": 4 }"#))
        let asked = try #require(
            ReadRequest(
                unit: UnitID(1), function: .readHoldingRegisters, address: 40_072, count: 3))
        let reply = RTUFrame.encodeReply(
            unit: UnitID(1), function: .readHoldingRegisters,
            data: FrameBytes([0x14, 0x50, 0xFF, 0xFE, 0, 80]))
        let request = RTUFrame.encode(asked)
        let found = try values(
            map, (0..<request.count).map { request[$0] }, (0..<reply.count).map { reply[$0] },
            base: 40_070)
        #expect(found["voltage"] == "52.000 V" && found["current"] == "-2.000 A")
        #expect(map.plan.relocated(to: 40_070).blocks[0].address == 40_072)
        #expect(map.plan.blocks[0].address == 2)
    }

    /// A frame that a word of zero brings about, little endian as those frames are.
    static let triggered = SmallMap.text(
        id: "triggered",
        blocks: """
            { "name": "status", "form": "trigger", "address": "0x1620", "head": "55 AA EB 90 02",
              "bytes": 300, "tail": 10, "byte_order": "little", "required": true }
            """,
        voltage: #"{ "at": { "block": "status", "byte": 150 }, "type": "u32", "scale": 0.001 }"#,
        current: #"{ "at": { "block": "status", "byte": 158 }, "type": "i32", "scale": 0.001 }"#,
        charge: #"{ "at": { "block": "status", "byte": 173 }, "type": "u8" }"#,
        more: """
            "cells": { "at": { "block": "status", "byte": 6 }, "count": 16, "scale": 0.001,
              "present_mask": { "at": { "block": "status", "byte": 70 } } },
            "forbidden_writes": [ "0x1600-0x1612: control" ]
            """)

    static func triggeredExchange(
        _ map: PackMap, unit: UnitID = UnitID(2)
    ) throws -> (request: [UInt8], reply: [UInt8]) {
        var reading = PackReading()
        for (signal, value) in [
            (PackSignal.voltage, Int32(52_345)), (.current, -12_345), (.stateOfCharge, 7_700),
        ] {
            reading.set(signal, to: value, at: Instant(nanoseconds: 0))
        }
        for cell in 0..<15 { reading.setCell(cell, millivolts: UInt16(3250 + cell)) }
        let image = map.plan.encode(reading, identity: PackIdentity())
        let request = try #require(map.plan.blocks[0].request(to: unit))
        let payload = try image.reply(to: request).get()
        let frame = RTUFrame.encode(request)
        let reply = RTUFrame.encodeTriggerReply(
            unit: unit, address: 0x1620, payload: payload, tail: 10)
        return ((0..<frame.count).map { frame[$0] }, (0..<reply.count).map { reply[$0] })
    }

    @Test func `a trigger is the recorded one and its answer is read`() throws {
        let map = try SmallMap.load(Self.triggered)
        let (request, reply) = try Self.triggeredExchange(map)
        #expect(request == SmallMap.bytes("02 10 16 20 00 01 02 00 00 C2 01"))
        #expect(reply.count == 310 && reply[6...7] == [0xB2, 0x0C])
        let values = try values(map, request, [0, 0xFF] + reply)
        #expect(values["voltage"] == "52.345 V" && values["current"] == "-12.345 A")
        #expect(values["state_of_charge"] == "77.00 %" && values["cell 15"] == "3.264 V")
        #expect(values["cell 16"] == "– V")
    }

    @Test func `a reply offset is applied to recorded answers`() throws {
        let map = try SmallMap.load(
            SmallMap.text(
                head: #""units": { "first": 129, "last": 144, "reply_offset": -48 },"#,
                blocks:
                    #"{ "name": "b", "function": 3, "address": 0, "count": 64, "required": true }"#,
                voltage: #"{ "at": 56, "scale": 0.1 }"#,
                current: #"{ "at": 57, "offset": -30000, "scale": 0.1 }"#,
                charge: #"{ "at": 58, "scale": 0.1 }"#,
                more: #""cells": { "at": 0, "count": 16, "scale": 0.001 }"#))
        let reply = SmallMap.bytes(
            """
            51 03 80 0C F4 0C F0 0C F3 0C F2 0C F3 0C F1 0C F3 0C F3 0C F0 0C F3 0C F3 0C F4 0C
            F3 0C F3 0C F3 0C F5 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
            00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 3E 00 3E 00 3E 00 3E 00 00 00 00 00
            00 00 00 02 12 74 D7 03 60 00 B6 00 10 00 04 0C F5 00 10 99 EF
            """)
        let values = try values(map, SmallMap.bytes("81 03 00 00 00 40 5B FA"), reply)
        #expect(values["voltage"] == "53.000 V" && values["current"] == "-8.900 A")
        #expect(values["state_of_charge"] == "86.40 %" && values["cell 16"] == "3.317 V")
    }
}
