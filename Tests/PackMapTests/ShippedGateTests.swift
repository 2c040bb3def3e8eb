import Bank
import Modbus
import PackMap
import Quantities
import Testing

/// What no shipped map believes, whatever the CRC says: zeros, and leaps of charge and voltage.
///
/// Packs are known to answer now and then with all zero or with a false state of charge; an inverter
/// that is told 0 % stops the house, one that is told 100 % stops charging.
@Suite struct ShippedGateTests {
    /// A pack with this charge, as a map's registers show it; nothing else differs.
    private func image(_ map: PackMap, charge: Int32, voltage: Int32? = nil) -> RegisterImage {
        var reading = PackReading()
        let now = Instant(nanoseconds: 0)
        let usual = Int32(map.seriesCells) * 3_300
        for (signal, value) in [
            (PackSignal.voltage, voltage ?? usual), (.current, 10_000), (.stateOfCharge, charge),
            (.stateOfHealth, 10_000), (.remainingCapacity, charge * 10), (.fullCapacity, 100_000),
            (.designCapacity, 100_000), (.chargeVoltageLimit, usual * 35 / 33),
            (.dischargeVoltageLimit, usual * 29 / 33), (.chargeCurrentLimit, 50_000),
            (.dischargeCurrentLimit, 50_000), (.cellVoltageMean, 3_300),
            (.cellVoltageMaximum, 3_300),
            (.cellVoltageMinimum, 3_300), (.cellTemperatureMean, 220),
            (.cellTemperatureMaximum, 220), (.cellTemperatureMinimum, 220),
        ] {
            reading.set(signal, to: value, at: now)
        }
        for cell in 0..<map.seriesCells { reading.setCell(cell, millivolts: 3_300) }
        for probe in 0..<map.probeCount { reading.setProbe(probe, decidegrees: 220) }
        reading.states = [.charging]
        return map.plan.encode(reading, identity: PackIdentity())
    }

    private func read(
        _ map: PackMap, _ image: RegisterImage, at seconds: Int64, into reading: inout PackReading
    ) throws -> [BlockVerdict] {
        var identity = PackIdentity()
        return try map.plan.blocks.indices.map { index in
            let request = try #require(map.plan.blocks[index].request(to: UnitID(1)))
            return map.plan.decode(
                block: index, try image.reply(to: request).get(),
                at: Instant(nanoseconds: seconds * 1_000_000_000), into: &reading,
                identity: &identity)
        }
    }

    @Test(arguments: ShippedSet.maps)
    func `a false state of charge is not believed until it has lasted`(id: String) throws {
        let map = try ShippedSet.map(id)
        for wrong: Int32 in [0, 10_000] {
            let right: Int32 = wrong == 0 ? 6_000 : 5_000
            var reading = PackReading()
            let first = try read(map, image(map, charge: right), at: 1, into: &reading)
            #expect(first.allSatisfy { $0 == .accepted }, "\(first)")
            let believed = try #require(reading.stateOfCharge)
            #expect(abs(believed.units - right) <= 50)
            _ = try read(map, image(map, charge: wrong), at: 3, into: &reading)
            #expect(reading.stateOfCharge == believed, "\(wrong) was taken")
            _ = try read(map, image(map, charge: wrong), at: 12, into: &reading)
            #expect(reading.stateOfCharge.map { abs($0.units - wrong) <= 50 } == true)
        }
    }

    @Test(arguments: ShippedSet.maps)
    func `a leap of the voltage is not believed until it has lasted`(id: String) throws {
        let map = try ShippedSet.map(id)
        if map.plan.computed.contains(where: { $0.target == .voltage }) { return }
        let usual = Int32(map.seriesCells) * 3_300
        var reading = PackReading()
        _ = try read(map, image(map, charge: 6_000), at: 1, into: &reading)
        let believed = try #require(reading.voltage)
        let low = usual - Int32(map.seriesCells) * 600
        _ = try read(map, image(map, charge: 6_000, voltage: low), at: 3, into: &reading)
        #expect(reading.voltage == believed)
        _ = try read(map, image(map, charge: 6_000, voltage: low), at: 12, into: &reading)
        #expect(reading.voltage != believed)
    }

    /// Settings that are read once may be unset; everything else is measured.
    @Test(arguments: ShippedSet.maps)
    func `zeros in every block take no value that stood`(id: String) throws {
        let map = try ShippedSet.map(id)
        var reading = PackReading()
        var identity = PackIdentity()
        _ = try read(map, image(map, charge: 6_000), at: 1, into: &reading)
        let before = reading
        for (index, block) in map.plan.blocks.enumerated() where block.poll != .once {
            var zeros = [UInt8](repeating: 0, count: block.dataLength)
            if case .trigger(let shape) = block.form {
                for byte in 0..<Int(shape.headLength) { zeros[byte] = shape.headByte(byte) }
            }
            let verdict = map.plan.decode(
                block: index, FrameBytes(zeros), at: Instant(nanoseconds: 3_000_000_000),
                into: &reading, identity: &identity)
            if index == 0 { #expect(verdict != .accepted) }
        }
        for signal in PackSignal.allCases where ValueTarget.signal(signal).isNeverZero {
            if before[signal] != nil { #expect(reading[signal] != 0, "\(signal)") }
        }
        for signal in [PackSignal.voltage, .current, .stateOfCharge, .chargeVoltageLimit] {
            #expect(reading[signal] == before[signal], "\(signal)")
        }
        #expect(reading.cellCount == before.cellCount && reading.cell(0) == before.cell(0))
    }
}
