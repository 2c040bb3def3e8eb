import Bank
import Modbus
import PackMap
import Quantities
import TestKit
import Testing

@testable import Simulation

@Suite struct PackModelTests {
    private func bank(
        _ packs: Int = 1, load: Double, charge: Double = 0.5, seed: UInt64 = 7
    ) -> BankModel {
        var settings = PackSettings()
        settings.stateOfCharge = charge
        settings.limits.chargeCurrent = .milliamperes(50_000)
        settings.limits.dischargeCurrent = .milliamperes(100_000)
        return BankModel(
            count: packs, settings: settings, load: .constant(load), seed: seed)
    }

    @Test func `the energy stored is the energy fed in less the losses`() {
        var model = bank(load: 20)
        let before = model.packs[0].storedEnergy
        var fed = 0.0
        for _ in 0..<360 {
            model.advance(seconds: 10)
            let pack = model.packs[0]
            fed += pack.current * pack.restingVoltage * 10 / 3600
        }
        let gained = model.packs[0].storedEnergy - before
        #expect(fed > 900)
        #expect(abs(gained - fed) < fed * 0.01)
    }

    @Test func `state of charge only rises while charging and only falls while discharging`() {
        for load in [15.0, -15.0] {
            var model = bank(load: load)
            var last = model.packs[0].stateOfCharge
            for _ in 0..<200 {
                model.advance(seconds: 30)
                let now = model.packs[0].stateOfCharge
                #expect(load > 0 ? now >= last : now <= last)
                last = now
            }
        }
    }

    @Test func `an hour of charging puts that many ampere hours into every cell`() {
        var model = bank(load: 10)
        let before = model.packs[0].remaining
        model.advance(seconds: 3600)
        #expect(abs(model.packs[0].remaining - before - 10) < 0.05)
    }

    @Test func `cells differ and each loses its own charge at rest`() {
        var model = bank(load: 0)
        let before = model.packs[0].cells
        #expect(Set(before.map(\.capacity)).count == 16)
        #expect(Set(before.map(\.leakage)).count == 16)
        model.advance(seconds: 7_200)
        for (old, new) in zip(before, model.packs[0].cells) {
            #expect(abs(old.charge - new.charge - old.leakage * 2) < 1e-6)
        }
    }

    @Test func `packs share a current by their resistance and it adds up`() {
        var model = bank(16, load: -160)
        model.advance(seconds: 1)
        #expect(abs(model.current + 160) < 0.001)
        let voltages = model.packs.map(\.voltage)
        #expect((voltages.max() ?? 0) - (voltages.min() ?? 0) < 0.001)
        #expect(Set(model.packs.map { Int($0.current * 1000) }).count > 10)
    }

    @Test func `a pack whose charge switch is open leaves its part to the others`() {
        var model = bank(4, load: 80)
        model.packs[1].guardian.forced = AlarmSet(.cellOvervoltage)
        model.advance(seconds: 1)
        #expect(model.packs[1].current <= 0)
        #expect(!model.packs[1].mayCharge && model.packs[1].mayDischarge)
        #expect(abs(model.current - 80) < 0.001)
    }

    @Test func `charging ends at the charge voltage without an alarm`() {
        var model = bank(load: 40, charge: 0.97)
        model.advance(seconds: 7200)
        #expect(model.packs[0].voltage < 56.01)
        #expect(model.packs[0].current < 5)
        #expect(model.packs[0].guardian.protections == [])
    }

    @Test func `a cell above its limit opens the charge switch until it has come down again`() {
        var model = bank(load: 0)
        let charge = model.packs[0].cells[4].charge
        model.packs[0].cells[4].charge = model.packs[0].cells[4].capacity * 1.012
        model.advance(seconds: 1)
        #expect(model.packs[0].guardian.protections.contains(.cellOvervoltage))
        #expect(!model.packs[0].mayCharge)
        model.packs[0].cells[4].charge = model.packs[0].cells[4].capacity * 0.997
        model.advance(seconds: 1)
        #expect(model.packs[0].guardian.protections.contains(.cellOvervoltage))
        model.packs[0].cells[4].charge = charge
        model.advance(seconds: 1)
        #expect(model.packs[0].guardian.protections == [])
        #expect(model.packs[0].mayCharge)
    }

    @Test func `too much current is cut off and tried again after half a minute`() {
        var model = bank(load: -130)
        model.advance(seconds: 1)
        model.advance(seconds: 1)
        #expect(model.packs[0].guardian.protections.contains(.dischargeOvercurrent))
        #expect(model.packs[0].current == 0)
        model.load = .constant(-20)
        for _ in 0..<40 { model.advance(seconds: 1) }
        #expect(model.packs[0].guardian.protections == [])
        #expect(abs(model.packs[0].current + 20) < 0.001)
    }

    @Test func `losses warm a pack and it cools to the air around it`() {
        var model = bank(load: -90, charge: 0.95)
        model.advance(seconds: 1800)
        let hot = model.packs[0].meanTemperature
        #expect(hot > 25)
        model.load = .constant(0)
        model.advance(seconds: 30_000)
        #expect(abs(model.packs[0].meanTemperature - 22) < 2)
    }

    @Test func `frost forbids charging`() {
        var model = bank(load: 10)
        model.packs[0].ambient = -12
        model.advance(seconds: 25_000)
        #expect(model.packs[0].guardian.protections.contains(.chargeUndertemperature))
        #expect(model.packs[0].current == 0)
        #expect(model.packs[0].mayDischarge)
    }

    @Test(arguments: ["pace-v1.3", "seplos-v3"])
    func `a pack reads back through each map as it is`(name: String) throws {
        let plan = try BankFixture.map(name).plan
        var pack = bank(load: -30).packs[0]
        pack.guardian.forced = AlarmSet(.cellUndervoltage)
        pack.serial = "SIM-77"
        let image = plan.encode(pack.reading, identity: pack.identity)
        var reading = PackReading()
        var identity = PackIdentity()
        for (index, block) in plan.blocks.enumerated() {
            let request = try #require(block.request(to: UnitID(1)))
            let data = try image.reply(to: request).get()
            let verdict = plan.decode(
                block: index, data, at: Instant(nanoseconds: 1), into: &reading,
                identity: &identity)
            #expect(verdict == .accepted)
        }
        #expect(abs((reading.voltage?.millivolts ?? 0) - Int32(pack.voltage * 1000)) <= 10)
        #expect(abs((reading.current?.milliamperes ?? 0) - Int32(pack.current * 1000)) <= 10)
        #expect(reading.cellCount == 16 && reading.probeCount >= 4)
        #expect(abs((reading.cell(15)?.millivolts ?? 0) - Int32(pack.cellVoltages[15] * 1000)) <= 1)
        #expect(reading.protections == AlarmSet(.cellUndervoltage))
        #expect(!reading.states.contains(.dischargeMOSFETOn))
        #expect(identity.serial.text == "SIM-77")
    }

    @Test func `the same seed makes the same bank`() {
        #expect(
            bank(8, load: 0, seed: 3).packs.map(\.voltage)
                == bank(8, load: 0, seed: 3).packs.map(\.voltage))
        #expect(
            bank(8, load: 0, seed: 3).packs[0].voltage
                != bank(8, load: 0, seed: 4).packs[0].voltage)
    }
}
