import Bank
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

/// Encoding is the inverse of reading, for every word.
@Suite struct InverseTests {
    /// Every word that a block of registers can have.
    static let registers = SmallMap.text(
        head: #""addressing": { "step": 2 },"#,
        blocks: """
            { "name": "live", "function": 3, "address": 100, "count": 40, "required": true },
            { "name": "more", "function": 4, "address": 100, "count": 40, "byte_order": "little" },
            { "name": "bits", "function": 1, "address": 0, "count": 16 }
            """,
        voltage: #"{ "at": 100, "exponent": { "at": 102 } }"#,
        current: #"{ "at": 104, "scale": 0.1, "negative_when": { "at": 106, "equals": [2] } }"#,
        charge: #"{ "at": 108, "bits": [1, 7] }"#,
        signals: """
            "state_of_health": { "at": 108, "bits": [8, 14], "not_available": [127] },
            "charge_voltage_limit": { "at": 110, "scale": 0.001, "times": { "at": 112 } },
            "remaining_capacity": { "at": { "block": "more", "byte": 0 }, "type": "u32", "scale": 0.001 },
            "full_capacity": { "at": { "block": "more", "byte": 4 }, "scale": 0.1 },
            "design_capacity": { "at": { "block": "more", "byte": 12 }, "type": "u32", "divide": 3600000 },
            "charge_current_limit": { "at": { "block": "more", "byte": 6 }, "scale": 0.1,
              "minus": { "at": { "block": "more", "byte": 8 } } },
            "mosfet_temperature": { "at": { "block": "more", "byte": 10 }, "type": "i8" },
            "ambient_temperature": { "at": 114, "offset": -40, "type": "u8_low" }
            """,
        more: """
            "cells": { "at": 120, "count": 4, "scale": 0.001, "present_mask": { "at": 130 } },
            "probes": { "at": 116, "count": 3, "type": "i8", "counted_by": { "at": 118 } },
            "flags": [
              { "name": "mode", "at": 106, "bits": { "0-7": { "1": "state.charging", "2": "state.discharging" } } },
              { "name": "levels", "at": 134, "bits": {
                  "0-2": { "1-2": "warning.cell_overvoltage", "3-7": "protection.cell_overvoltage" },
                  "3": { "0": "state.charge_mosfet_on" }, "8,9": "warning.memory", "12-15": "fault.cell" } },
              { "name": "pairs", "at": 136, "fields": { "width": 2, "values": { "1": "warning.cell_undervoltage" } } },
              { "name": "coils", "at": 8, "coils": true, "any": "fault.front_end" },
              { "name": "balancing", "at": { "block": "more", "byte": 20 }, "balancing_first_cell": 1 }
            ],
            "texts": {
              "serial": { "at": 140, "registers": 3, "encoding": "ascii_swapped" },
              "model": { "at": 148, "registers": 3, "encoding": "decimal" },
              "firmware": { "at": 156, "registers": 2, "encoding": "bcd" } }
            """)

    /// Runs in a list, in two blocks.
    static let parts = SmallMap.text(
        blocks: """
            { "name": "live", "function": 3, "address": 100, "count": 12, "required": true },
            { "name": "more", "function": 3, "address": 200, "count": 4 }
            """, charge: #"{ "at": 102, "scale": 0.01 }"#,
        more: """
            "cells": [ { "at": 103, "count": 3, "scale": 0.001 },
              { "at": 200, "count": 1, "scale": 0.001 } ],
            "probes": [ { "at": 110, "count": 1, "type": "i16", "scale": 0.1 },
              { "at": 201, "count": 2, "type": "i16", "scale": 0.1, "not_available": [32767] } ],
            "texts": { "firmware": { "at": 111, "bytes": 2, "encoding": "version" } }
            """)

    static let maps = [registers, FormTests.ranged, FormTests.triggered, parts]

    /// What a reading says, to compare two.
    private func contents(_ plan: ReadPlan, _ reading: PackReading) -> [Int64] {
        var list: [Int64] = []
        for signal in PackSignal.allCases { list.append(Int64(reading[signal] ?? .min)) }
        for cell in 0..<32 { list.append(Int64(reading.cell(cell)?.millivolts ?? -1)) }
        for probe in 0..<16 { list.append(Int64(reading.probe(probe)?.decidegrees ?? .min)) }
        for set in [reading.warnings, reading.protections, reading.faults] {
            list.append(Int64(bitPattern: set.rawValue))
        }
        return list + [Int64(reading.states.rawValue), Int64(reading.balancing)]
    }

    /// What a pack with these values says through a map.
    private func played(
        _ plan: ReadPlan, _ reading: PackReading, _ identity: PackIdentity
    ) throws -> (PackReading, PackIdentity) {
        let image = plan.encode(reading, identity: identity)
        var found = PackReading()
        var name = PackIdentity()
        for (index, block) in plan.blocks.enumerated() {
            let request = try #require(block.request(to: UnitID(1)))
            let verdict = plan.decode(
                block: index, try image.reply(to: request).get(), at: Instant(nanoseconds: 0),
                into: &found, identity: &name)
            #expect(verdict == .accepted)
        }
        return (found, name)
    }

    private func random(
        _ generator: inout SeededGenerator, without gap: Int? = nil
    ) -> (PackReading, PackIdentity) {
        func number(_ range: ClosedRange<Int32>) -> Int32 {
            Int32.random(in: range, using: &generator)
        }
        var reading = PackReading()
        let now = Instant(nanoseconds: 0)
        for (signal, range) in [
            (PackSignal.voltage, Int32(40_000)...60_000), (.current, -300_000...300_000),
            (.stateOfCharge, 0...10_000), (.stateOfHealth, 5_000...10_000),
            (.chargeVoltageLimit, 50_000...58_000), (.remainingCapacity, 0...300_000),
            (.fullCapacity, 1...300_000),
            (.designCapacity, 0...1_193_046), (.chargeCurrentLimit, -90_000...90_000),
            (.mosfetTemperature, -300...900), (.ambientTemperature, -300...900),
        ] {
            reading.set(signal, to: number(range), at: now)
        }
        for cell in 0..<4 where cell != gap {
            reading.setCell(cell, millivolts: UInt16(number(2_500...3_650)))
        }
        for probe in 0..<2 { reading.setProbe(probe, decidegrees: Int16(number(-20...60)) * 10) }
        let isCharging = (reading[.current] ?? 0) > 0
        reading.states = isCharging ? [.charging] : [.discharging]
        if number(0...1) == 1 { reading.states.insert(.chargeMOSFETOn) }
        for kind in [AlarmKind.cellUndervoltage, .memoryFault] where number(0...1) == 1 {
            reading.warnings.insert(kind)
        }
        if number(0...1) == 1 { reading.protections.insert(.cellOvervoltage) }
        for kind in [AlarmKind.cellFault, .frontEndFault] where number(0...1) == 1 {
            reading.faults.insert(kind)
        }
        reading.balancing = UInt32(number(0...15))
        var identity = PackIdentity()
        identity.serial = SerialNumber("S\(number(100...999))")
        identity.model = SerialNumber("\(number(100_000...999_999))".replacing("0", with: "5"))
        identity.firmware = SerialNumber("\(number(10...99_999))")
        return (reading, identity)
    }

    @Test func `what a pack shows is what is read, to the last step of its registers`() throws {
        let plan = try SmallMap.load(Self.registers).plan
        var generator = SeededGenerator(seed: 31)
        for round in 0..<300 {
            let (reading, identity) = random(&generator, without: 2)
            let (found, name) = try played(plan, reading, identity)
            for (signal, step) in [
                (PackSignal.voltage, Int32(10)), (.current, 100), (.stateOfCharge, 100),
                (.stateOfHealth, 100), (.chargeVoltageLimit, 4), (.remainingCapacity, 1),
                (.fullCapacity, 100), (.designCapacity, 0), (.chargeCurrentLimit, 100),
                (.mosfetTemperature, 10),
                (.ambientTemperature, 10),
            ] {
                let wanted = try #require(reading[signal])
                let got = try #require(found[signal], "\(signal), round \(round), seed 31")
                let slack: UInt32 = step == 0 ? 0 : 1  // a step of zero says it is exact
                #expect(
                    (got - wanted).magnitude <= step.magnitude / 2 + slack, "\(signal), \(round)")
            }
            #expect((0..<4).map { found.cell($0) } == (0..<4).map { reading.cell($0) })
            #expect((0..<3).map { found.probe($0) } == (0..<3).map { reading.probe($0) })
            #expect(found.warnings == reading.warnings && found.faults == reading.faults)
            #expect(found.protections == reading.protections && found.states == reading.states)
            #expect(found.balancing == reading.balancing && name == identity)
        }
    }

    @Test(arguments: maps.indices)
    func `what was read once is shown again without a change`(index: Int) throws {
        let plan = try SmallMap.load(Self.maps[index]).plan
        var generator = SeededGenerator(seed: 32)
        for round in 0..<200 {
            let (reading, identity) = random(&generator)
            let (once, name) = try played(plan, reading, identity)
            let (twice, again) = try played(plan, once, name)
            let (first, second) = (contents(plan, once), contents(plan, twice))
            let changed = first.indices.filter { first[$0] != second[$0] }
            #expect(changed == [], "round \(round), seed 32")
            #expect(name == again)
        }
    }

    @Test(arguments: [("12.1", "12.1"), ("SIM 1.0", "1.0"), ("7", "7.0"), ("300.2.9", "255.2")])
    func `a version that two bytes can say comes back`(text: String, back: String) throws {
        let plan = try SmallMap.load(Self.parts).plan
        var reading = PackReading()
        for (signal, value) in [(PackSignal.voltage, Int32(52_000)), (.current, 0)] {
            reading.set(signal, to: value, at: Instant(nanoseconds: 0))
        }
        for cell in 0..<4 { reading.setCell(cell, millivolts: 3_300) }
        var identity = PackIdentity()
        identity.firmware = SerialNumber(text: text)
        let (_, name) = try played(plan, reading, identity)
        #expect(name.firmware == SerialNumber(text: back))
    }

    @Test(arguments: maps.indices)
    func `extremes of every value fit`(index: Int) throws {
        try expectExtremesFit(try SmallMap.load(Self.maps[index]).plan)
    }

    @Test(arguments: maps.indices)
    func `random data never does worse than be refused`(index: Int) throws {
        let plan = try SmallMap.load(Self.maps[index]).plan
        var generator = SeededGenerator(seed: 33)
        var reading = PackReading()
        var identity = PackIdentity()
        for round in 0..<2_000 {
            let block = Int(generator.next() % UInt64(plan.blocks.count))
            let length = Int(generator.next() % 352)
            let before = contents(plan, reading)
            let verdict = plan.decode(
                block: block,
                FrameBytes((0..<length).map { _ in UInt8(truncatingIfNeeded: generator.next()) }),
                at: Instant(nanoseconds: Int64(round)), into: &reading, identity: &identity)
            if verdict != .accepted { #expect(contents(plan, reading) == before) }
        }
    }
}
