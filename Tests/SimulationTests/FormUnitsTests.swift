import Bank
import Foundation
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@testable import Simulation

/// Simulated packs of maps with other forms, offsets and bases, as a master sees them.
@Suite struct FormUnitsTests {
    private static func map(
        id: String, head: String = "", blocks: String, at: (Int) -> String, more: String
    ) throws -> PackMap {
        let text = """
            { "schema": "amphora/pack-map/v1", "id": "\(id)", "title": "T", "confidence": "vendor",
              "sources": ["a test"], \(head) "blocks": [ \(blocks) ],
              "signals": {
                "voltage": { "at": \(at(0)), "scale": 0.01 },
                "current": { "at": \(at(2)), "type": "i16", "scale": 0.01 },
                "state_of_charge": { "at": \(at(4)) } },
              "limits": { "charge_current_a": 50, "discharge_current_a": 50 }, \(more) }
            """
        return try PackMap.load(Array(text.utf8), name: id)
    }

    static func ranged() throws -> PackMap {
        try map(
            id: "ranged",
            blocks: """
                { "name": "b", "form": "ranged", "function": "0x78", "address": "0x1000",
                  "end": "0x10A0", "bytes": 44, "required": true }
                """, at: { #"{ "block": "b", "byte": \#($0) }"# },
            more: """
                "cells": { "at": { "block": "b", "byte": 8 }, "count": 16, "scale": 0.001,
                  "counted_by": { "at": { "block": "b", "byte": 6 } } },
                "texts": { "serial": { "at": { "follows": "cells", "byte": 0 }, "bytes": 4 } }
                """)
    }

    static func triggered() throws -> PackMap {
        try map(
            id: "triggered",
            blocks: """
                { "name": "b", "form": "trigger", "address": "0x1620", "head": "55 AA EB 90 02",
                  "bytes": 300, "byte_order": "little", "required": true }
                """, at: { #"{ "block": "b", "byte": \#($0 + 6) }"# },
            more: #""cells": { "at": { "block": "b", "byte": 20 }, "count": 16, "scale": 0.001 }"#)
    }

    static func offset() throws -> PackMap {
        try map(
            id: "offset",
            head:
                #""addressing": { "relative": true }, "units": { "first": 129, "reply_offset": -48 },"#,
            blocks: #"{ "name": "b", "function": 3, "address": 2, "count": 20, "required": true }"#,
            at: { "\($0 / 2 + 2)" }, more: #""cells": { "at": 5, "count": 16, "scale": 0.001 }"#)
    }

    private func exchange(
        _ map: PackMap, unit: UInt8, base: UInt16 = 0
    ) throws -> ExplainedExchange {
        let bank = try BankFixture(packs: 2, map: map, firstUnit: Int(unit), baseAddress: base)
        let line = try FarEnd(bank.link)
        let plan = map.plan.relocated(to: base)
        let request = try #require(plan.blocks[0].request(to: UnitID(unit)))
        let bytes = BankFixture.bytes(RTUFrame.encode(request))
        line.write(bytes)
        let reply = line.read(quiet: 100, first: 2000)
        #expect(try bank.tell("status").contains("\"requests\": 1, \"answers\": 1, \"writes\": 0"))
        return try map.explain(request: bytes, reply: reply, base: base)
    }

    @Test(arguments: ["ranged", "triggered", "offset"])
    func `a pack of any form is played as its map reads it`(form: String) throws {
        let found =
            switch form {
            case "ranged": try exchange(try Self.ranged(), unit: 1)
            case "triggered": try exchange(try Self.triggered(), unit: 3)
            default: try exchange(try Self.offset(), unit: 129, base: 40_000)
            }
        #expect(found.verdict == .accepted && found.strayBytes == 0)
        let cells = found.fields.filter { $0.name.hasPrefix("cell ") }
        #expect(cells.count == 16 && cells.allSatisfy { $0.value.hasPrefix("3.") })
        let voltage = found.fields.first { $0.name == "voltage" }
        #expect(voltage?.value.hasPrefix("5") == true)
    }

    /// Every map of the set, with what it extends.
    static let shipped: [String] = {
        let files = try? FileManager.default.contentsOfDirectory(
            atPath: Repository.profileSet + "/packs")
        return (files ?? []).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }
            .sorted()
    }()

    @Test(arguments: shipped)
    func `a simulated pack of every map is a healthy one when read`(id: String) throws {
        let map = try BankFixture.map(id)
        var settings = PackSettings()
        settings.cells = map.seriesCells
        settings.probes = map.probeCount
        settings.limits = map.limits
        let model = BankModel(count: 1, settings: settings, load: .constant(10), seed: 4)
        let plan = map.plan.relocated(to: 40_000)
        let shown = model.packs[0].reading
        let image = plan.encode(shown, identity: model.packs[0].identity)
        var reading = PackReading()
        var identity = PackIdentity()
        for (index, block) in plan.blocks.enumerated() {
            let request = try #require(block.request(to: UnitID(1)))
            let verdict = plan.decode(
                block: index, try image.reply(to: request).get(), at: Instant(nanoseconds: 1),
                into: &reading, identity: &identity)
            #expect(verdict == .accepted, "block '\(map.blockNames[index])'")
        }
        let voltage = try #require(reading[.voltage])
        #expect((voltage - (shown[.voltage] ?? 0)).magnitude <= 500)
        #expect(reading[.stateOfCharge] != nil && reading[.current] != nil)
    }

    @Test func `a word for another address, or one that is not zero, is refused and counted`()
        throws
    {
        let bank = try BankFixture(packs: 1, map: try Self.triggered())
        let line = try FarEnd(bank.link)
        for (address, word) in [(UInt16(0x1600), UInt16(0)), (0x1620, 1)] {
            var frame = FrameBytes([1, 0x10])
            frame.append(bigEndian: address)
            for byte in [0, 1, 2] as [UInt8] { frame.append(byte) }
            frame.append(bigEndian: word)
            let check = CRC16.compute(frame, 0..<frame.count)
            frame.append(UInt8(truncatingIfNeeded: check))
            frame.append(UInt8(truncatingIfNeeded: check >> 8))
            line.write(BankFixture.bytes(frame))
            let reply = line.read(quiet: 60, first: 1000)
            #expect(reply.starts(with: [1, 0x90, 1]) && reply.count == 5)
        }
        #expect(try bank.tell("status").contains("\"writes\": 2"))
    }

    @Test func `faults spoil the other forms too`() throws {
        let map = try Self.triggered()
        let image = map.plan.encode(PackReading(), identity: PackIdentity())
        func bytes(_ faults: [Fault], _ request: MasterRequest) -> [UInt8] {
            var maker = AnswerMaker(seed: 5)
            return maker.answer(
                request, from: UnitID(1), image: image, faults: faults, framing: .rtu
            ).flatMap(\.bytes)
        }
        let trigger = MasterRequest.trigger(unit: UnitID(1), address: 0x1620)
        #expect(bytes([], trigger).count == 310)
        #expect(bytes([.exception(4)], trigger).prefix(3) == [1, 0x90, 4])
        let zeros = bytes([.zero], trigger)
        #expect(zeros.prefix(5) == [0x55, 0xAA, 0xEB, 0x90, 2] && zeros[6] == 0)
        let ranged = MasterRequest.ranged(
            unit: UnitID(1), function: 0x78, address: 0x1000, end: 0x10A0)
        #expect(bytes([], ranged).prefix(3) == [1, 0xF8, 2])
    }
}
