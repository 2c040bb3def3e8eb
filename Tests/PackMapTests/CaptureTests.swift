import Bank
import Foundation
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@Suite struct CaptureTests {
    private func map(_ name: String) throws -> PackMap {
        let file = Repository.profileSet + "/packs/\(name).json"
        return try PackMap.load(Array(try Data(contentsOf: URL(filePath: file))), name: file)
    }

    private func fields(_ map: String, _ request: String, _ reply: String) throws -> [String:
        String]
    {
        let explained = try self.map(map).explain(
            request: Hex.bytes(request), reply: Hex.bytes(reply))
        return Dictionary(
            uniqueKeysWithValues: explained.fields.map { ($0.name, $0.value + $0.unit) })
    }

    /// A PACE P16S100A at 9600 baud, with the FF and 00 its driver leaves around the frame.
    @Test func `a recorded PACE block decodes through its line noise`() throws {
        let found = try fields(
            "pace-v1.3", "01 03 00 00 00 08 44 0C",
            "FF 01 03 10 FA 8D 14 8C 00 48 00 64 0E A6 14 4D 13 88 00 2C 99 4A 00")
        #expect(found["current"] == "-13.950A")
        #expect(found["voltage"] == "52.600V")
        #expect(found["state_of_charge"] == "72.00%")
        #expect(found["state_of_health"] == "100.00%")
        #expect(found["remaining_capacity"] == "37.500Ah")
        #expect(found["full_capacity"] == "51.970Ah")
        #expect(found["design_capacity"] == "50.000Ah")
        #expect(found["cycles"] == "44")
    }

    /// A Revov R100 that was set to another protocol.
    @Test func `a refusal is told in the words of the standard`() throws {
        let explained = try map("pace-v1.3").explain(
            request: Hex.bytes("01 03 00 00 00 08 44 0C"), reply: Hex.bytes("01 83 02 C0 F1"))
        #expect(explained.exception == .illegalDataAddress)
        #expect(explained.exception.map { "\($0.words)" } == "illegal data address")
    }

    /// A Seplos SG16S200A, pack 1.
    @Test func `a recorded Seplos pack block decodes`() throws {
        let found = try fields(
            "seplos-v3", "01 04 10 00 00 11 34 C6",
            "01 04 22 14 CD FF 77 6B 40 80 E8 01 22 03 40 03 E7 00 0A 0C FF 0B 7F 0D 00 0C FF 0B 81 0B 7E 00 00 00 B4 00 B4 D3 2E"
        )
        #expect(found["voltage"] == "53.250V")
        #expect(found["current"] == "-1.370A")
        #expect(found["remaining_capacity"] == "274.560Ah")
        #expect(found["full_capacity"] == "330.000Ah")
        #expect(found["lifetime_discharge"] == "2900Ah")
        #expect(found["state_of_charge"] == "83.20%")
        #expect(found["state_of_health"] == "99.90%")
        #expect(found["cycles"] == "10")
        #expect(found["cell_temperature_mean"] == "21.2°C")
        #expect(found["cell_temperature_maximum"] == "21.4°C")
        #expect(found["cell_temperature_minimum"] == "21.1°C")
        #expect(found["charge_current_limit"] == "180.000A")
        #expect(found["discharge_current_limit"] == "180.000A")
    }

    @Test func `recorded Seplos cells decode and absent probes stay unknown`() throws {
        let found = try fields(
            "seplos-v3", "01 04 11 00 00 1A 74 FD",
            "01 04 34 0C FF 0C FF 0D 00 0D 00 0D 00 0C FF 0D 00 0C FF 0D 00 0D 00 0D 00 0D 00 0D 00 0C FF 0C FF 0D 00 0B 82 0B 7F 0B 81 0B 7E 0A AB 0A AB 0A AB 0A AB 0B 8C 0B 7F 01 13"
        )
        #expect(found["cell 1"] == "3.327V")
        #expect(found["cell 16"] == "3.328V")
        #expect(found["probe 1"] == "21.5°C")
        #expect(found["probe 4"] == "21.1°C")
        #expect(found["probe 5"] == "–°C")
        #expect(found["ambient_temperature"] == "22.5°C")
        #expect(found["mosfet_temperature"] == "21.2°C")
    }

    @Test func `a recorded Seplos identity names model, firmware and serial number`() throws {
        let text =
            "58 5A 48 2D 45 6C 65 63 54 65 63 68 20 43 6F 2E 2C 4C 74 64 53 47 31 36 53 32 30 30 41"
            + " 2D 53 50 35 37 42 2D 41 00 00 00 31 35 53 50 35 37 42 2D 41 32 35 30 36 31 32 30 30 32 32"
        var reply = Hex.bytes("00 04 66 " + text)
        reply += [UInt8](repeating: 0, count: 105 - reply.count) + [0x63, 0x4B]
        let explained = try map("seplos-v3").explain(
            request: Hex.bytes("00 04 17 00 00 33 B4 7A"), reply: reply)
        let found = Dictionary(uniqueKeysWithValues: explained.fields.map { ($0.name, $0.value) })
        #expect(found["model"] == "SG16S200A-SP57B-A")
        #expect(found["firmware"] == "15")
        #expect(found["serial"] == "SP57B-A2506120022")
    }

    /// Warning bit 12 is ambient in word 9 and MOSFET in word 10; bit 6 of word 9 means nothing.
    @Test func `flag words are told by their name, bit by bit`() throws {
        let explained = try map("pace-v1.3").explain(
            request: Hex.bytes("01 03 00 09 00 04 94 0B"),
            reply: Hex.bytes("01 03 08 10 40 10 00 0C 00 80 01 74 DF"))
        let found = Dictionary(uniqueKeysWithValues: explained.fields.map { ($0.name, $0) })
        #expect(found["warnings"]?.flags == ["warning.ambient_overtemperature"])
        #expect(found["warnings"]?.note == "unknown bits 0x0040")
        #expect(found["protections"]?.flags == ["protection.mosfet_overtemperature"])
        #expect(
            found["status"]?.value == "state.charge_mosfet_on, state.discharge_mosfet_on")
        #expect(found["balancing"]?.flags == ["balancing.cell_1", "balancing.cell_16"])
    }

    @Test(arguments: ["pace-v1.3", "seplos-v3"])
    func `a block of zeros with a right CRC is dropped whole`(name: String) throws {
        let map = try map(name)
        var reading = PackReading()
        var identity = PackIdentity()
        reading.set(.voltage, to: 52_000, at: Instant(nanoseconds: 1))
        let zeros = FrameBytes([UInt8](repeating: 0, count: 250))
        let verdict = map.plan.decode(
            block: 0, zeros, at: Instant(nanoseconds: 2), into: &reading, identity: &identity)
        #expect(verdict == .allZero)
        #expect(reading.voltage == .millivolts(52_000))
        #expect(reading.stamp(of: .voltage) == Instant(nanoseconds: 1))
    }

    @Test(arguments: ["pace-v1.3", "seplos-v3"])
    func `decoding what was encoded gives the same pack`(name: String) throws {
        let map = try map(name)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            let original = RandomPack.reading(for: map, using: &generator)
            var identity = PackIdentity()
            identity.serial = SerialNumber("SN\(generator.next() % 100_000)")
            let image = map.plan.encode(original, identity: identity)
            var decoded = PackReading()
            var decodedIdentity = PackIdentity()
            for (index, block) in map.plan.blocks.enumerated() {
                let request = try #require(block.request(to: UnitID(1)))
                let data = try image.reply(to: request).get()
                let verdict = map.plan.decode(
                    block: index, data, at: Instant(nanoseconds: 5), into: &decoded,
                    identity: &decodedIdentity)
                #expect(verdict == .accepted)
            }
            for row in map.plan.values {
                guard case .signal(let signal) = row.target else { continue }
                let step = abs(Int32(row.numerator / row.denominator)) / 2 + 1
                let difference = (original[signal] ?? 0) - (decoded[signal] ?? 0)
                #expect(abs(difference) <= step, "\(signal), seed 11")
            }
            #expect(original.protections == decoded.protections)
            #expect(original.warnings == decoded.warnings)
            #expect(original.balancing == decoded.balancing)
            #expect(decodedIdentity.serial == identity.serial)
            for cell in 0..<16 { #expect(original.cell(cell) == decoded.cell(cell)) }
        }
    }
}

/// Plausible packs with every alarm the map knows at random.
enum RandomPack {
    static func reading(
        for map: PackMap, using generator: inout SeededGenerator
    ) -> PackReading {
        let now = Instant(nanoseconds: 1)
        var reading = PackReading()
        for row in map.plan.values {
            guard case .signal(let signal) = row.target else { continue }
            let low = max(row.gate.minimum, 0)
            let high = min(row.gate.maximum, 60_000)
            reading.set(signal, to: Int32.random(in: low...high, using: &generator), at: now)
        }
        for cell in 0..<map.cellCount {
            reading.setCell(cell, millivolts: .random(in: 2500...3650, using: &generator))
        }
        for probe in 0..<map.probeCount {
            reading.setProbe(probe, decidegrees: .random(in: -200...600, using: &generator))
        }
        for rule in map.plan.rules where Bool.random(using: &generator) {
            switch rule.meaning {
            case .warning(let kind): reading.warnings.insert(kind)
            case .protection(let kind): reading.protections.insert(kind)
            case .fault(let kind): reading.faults.insert(kind)
            case .state(let state): reading.states.formUnion(PackStates(rawValue: state))
            }
        }
        reading.balancing = UInt32.random(in: 0...0xFFFF, using: &generator)
        if !map.plan.flags.contains(where: { $0.balancingFirstCell >= 0 }) { reading.balancing = 0 }
        return reading
    }
}
