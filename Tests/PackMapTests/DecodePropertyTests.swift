import Bank
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@Suite struct DecodePropertyTests {
    /// Everything a reading says, to compare two.
    private func contents(_ reading: PackReading) -> [Int64] {
        var list: [Int64] = []
        for signal in PackSignal.allCases {
            list.append(Int64(reading[signal] ?? .min))
            list.append(reading.stamp(of: signal).nanoseconds)
        }
        for cell in 0..<PackReading.maximumCells {
            list.append(Int64(reading.cell(cell)?.millivolts ?? -1))
        }
        for probe in 0..<PackReading.maximumProbes {
            list.append(Int64(reading.probe(probe)?.decidegrees ?? .min))
        }
        for word in 0..<PackReading.maximumFlagWords { list.append(Int64(reading.flagWord(word))) }
        for set in [reading.warnings, reading.protections, reading.faults] {
            list.append(Int64(bitPattern: set.rawValue))
        }
        list += [Int64(reading.states.rawValue), Int64(reading.balancing)]
        list += [reading.cellsStamp, reading.probesStamp, reading.flagsStamp].map(\.nanoseconds)
        return list
    }

    private func randomData(_ block: PlanBlock, _ generator: inout SeededGenerator) -> FrameBytes {
        let length = block.dataLength
        // Short ones too; often small numbers, so that some blocks pass the gate.
        let count = generator.next() % 8 == 0 ? Int(generator.next() % 260) : length
        let mask = UInt8(truncatingIfNeeded: generator.next() % 3 == 0 ? 0x0F : 0xFF)
        return FrameBytes(
            (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) & mask })
    }

    @Test(arguments: ShippedSet.maps)
    func `a refused block changes nothing, whatever it holds`(id: String) throws {
        let plan = try ShippedSet.map(id).plan
        var generator = SeededGenerator(seed: 21)
        var reading = PackReading()
        var identity = PackIdentity()
        var refused = 0
        for round in 0..<600 {
            let index = Int(generator.next() % UInt64(plan.blocks.count))
            let before = contents(reading)
            let identityBefore = identity
            let verdict = plan.decode(
                block: index, randomData(plan.blocks[index], &generator),
                at: Instant(nanoseconds: Int64(round)), into: &reading, identity: &identity)
            guard verdict != .accepted else { continue }
            refused += 1
            #expect(contents(reading) == before, "round \(round), seed 21")
            #expect(identity == identityBefore, "round \(round), seed 21")
        }
        // Random exponents make most values unknown rather than impossible.
        #expect(refused > 20)
    }

    @Test(arguments: ShippedSet.maps)
    func `the extremes of every value fit into registers`(id: String) throws {
        try expectExtremesFit(try ShippedSet.map(id).plan)
    }

    @Test func `a flag that is gone is cleared and the others stay`() throws {
        let map = try ShippedSet.map("seplos-v3")
        let states = try #require(map.blockNames.firstIndex(of: "states"))
        var reading = PackReading()
        var identity = PackIdentity()
        func take(_ bytes: [UInt8], at nanoseconds: Int64) -> BlockVerdict {
            map.plan.decode(
                block: states, FrameBytes(bytes), at: Instant(nanoseconds: nanoseconds),
                into: &reading, identity: &identity)
        }
        var bytes = [UInt8](repeating: 0, count: 18)
        (bytes[9], bytes[12], bytes[15]) = (0x02, 0x40, 0x03)
        #expect(take(bytes, at: 1) == .accepted)
        #expect(reading.protections == [.init(.cellOvervoltage), .init(.shortCircuit)])
        #expect(reading.states == [.chargeMOSFETOn, .dischargeMOSFETOn])
        bytes[12] = 0
        #expect(take(bytes, at: 2) == .accepted)
        #expect(reading.protections == AlarmSet(.cellOvervoltage))
        #expect(reading.flagsStamp == Instant(nanoseconds: 2))
        #expect(take(Array(bytes.dropLast()), at: 3) == .short)
        #expect(reading.flagsStamp == Instant(nanoseconds: 2))
    }
}
