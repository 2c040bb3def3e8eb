@testable import Bank
import Quantities
import TestKit
import Testing

@Suite struct AggregationTests {
    @Test func `voltage is the mean, current the sum, charge weighted by capacity`() {
        var bank = BankFixture(count: 2)
        let now = bank.now
        bank.answer(0) {
            $0.set(.voltage, to: 52_000, at: now)
            $0.set(.current, to: -10_000, at: now)
            $0.set(.stateOfCharge, to: 8000, at: now)
            $0.set(.fullCapacity, to: 300_000, at: now)
        }
        bank.answer(1) {
            $0.set(.voltage, to: 52_101, at: now)
            $0.set(.current, to: 4_000, at: now)
            $0.set(.stateOfCharge, to: 4000, at: now)
            $0.set(.fullCapacity, to: 100_000, at: now)
        }
        let state = bank.evaluate()
        #expect(state.voltage == .millivolts(52_051))
        #expect(state.current == .milliamperes(-6_000))
        #expect(state.stateOfCharge == .hundredths(7000))
        #expect(state.fullCapacity == .milliampereHours(400_000))
    }

    @Test func `with any capacity unknown the mean is plain`() {
        var bank = BankFixture(count: 2)
        let now = bank.now
        bank.answer(0) {
            $0.set(.stateOfCharge, to: 8000, at: now)
            $0.set(.fullCapacity, to: nil, at: now)
        }
        bank.answer(1) { $0.set(.stateOfCharge, to: 4000, at: now) }
        #expect(bank.evaluate().stateOfCharge == .hundredths(6000))
        #expect(bank.evaluate().fullCapacity == nil)
    }

    @Test func `what a pack does not tell of its charge follows from what it does`() {
        var bank = BankFixture(count: 1)
        let now = bank.now
        bank.answer(0) {
            $0.set(.stateOfCharge, to: 3500, at: now)
            $0.set(.fullCapacity, to: 200_000, at: now)
            $0.set(.remainingCapacity, to: nil, at: now)
        }
        #expect(bank.evaluate().remainingCapacity == .milliampereHours(70_000))
        bank.answer(0) {
            $0.set(.fullCapacity, to: nil, at: now)
            $0.set(.designCapacity, to: 280_000, at: now)
        }
        #expect(bank.evaluate().fullCapacity == .milliampereHours(280_000))
        #expect(bank.evaluate().remainingCapacity == .milliampereHours(50_000))
        bank.answer(0) {
            $0.set(.fullCapacity, to: nil, at: now)
            $0.set(.remainingCapacity, to: nil, at: now)
        }
        #expect(bank.evaluate().fullCapacity == nil)
        #expect(bank.evaluate().remainingCapacity == nil)
    }

    @Test func `a pack that tells only its extremes is as warm as their middle`() {
        var bank = BankFixture(count: 1)
        let now = bank.now
        bank.answer(0) {
            for probe in 0..<4 { $0.setProbe(probe, decidegrees: nil) }
            $0.set(.cellTemperatureMaximum, to: 251, at: now)
            $0.set(.cellTemperatureMinimum, to: -50, at: now)
        }
        #expect(bank.evaluate().temperatureMean == .decidegrees(101))
        bank.answer(0) {
            for probe in 0..<4 { $0.setProbe(probe, decidegrees: nil) }
            $0.set(.cellTemperatureMaximum, to: 251, at: now)
        }
        #expect(bank.evaluate().temperatureMean == nil)
    }

    @Test func `an unknown current of one pack makes the sum unknown`() {
        var bank = BankFixture(count: 2)
        let now = bank.now
        bank.answer(1) { $0.set(.current, to: nil, at: now) }
        #expect(bank.evaluate().current == nil)
    }

    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func `random packs: sums hold, order does not matter, nothing exceeds a ceiling`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var (bank, order) = Self.randomBank(using: &generator)
            let state = bank.evaluate()
            var shuffled = bank
            shuffled.controller = BankController(configuration: bank.controller.configuration)
            for (position, source) in order.enumerated() {
                shuffled.packs[position] = bank.packs[source]
            }
            let other = shuffled.evaluate()
            #expect(
                state.voltage == other.voltage && state.current == other.current, "seed \(seed)")
            #expect(state.chargeCurrent.value == other.chargeCurrent.value, "seed \(seed)")
            #expect(state.stateOfCharge == other.stateOfCharge, "seed \(seed)")
            #expect(state.chargeCurrent.value <= .milliamperes(200_000), "seed \(seed)")
            #expect(state.dischargeCurrent.value <= .milliamperes(300_000), "seed \(seed)")
            #expect(state.chargeCurrent.value >= .zero && state.dischargeCurrent.value >= .zero)
        }
    }

    private static func randomBank(
        using generator: inout SeededGenerator
    ) -> (BankFixture, [Int]) {
        let count = Int.random(in: 1...16, using: &generator)
        var bank = BankFixture(count: count) {
            $0.chargeCurrentCeiling = .milliamperes(200_000)
            $0.dischargeCurrentCeiling = .milliamperes(300_000)
            $0.startWait = .zero
        }
        let now = bank.now
        for position in 0..<count {
            bank.answer(position) { reading in
                for signal in PackSignal.allCases where Bool.random(using: &generator) {
                    let value = Int32.random(in: (.min + 1) ... .max, using: &generator)
                    reading.set(signal, to: value, at: now)
                }
                reading.protections = AlarmSet(rawValue: generator.next() & generator.next())
                reading.setCell(3, millivolts: .random(in: 0...65_535, using: &generator))
            }
        }
        return (bank, Array(0..<count).shuffled(using: &generator))
    }

    @Test func `an alarm is told once when raised and once when it stays away`() {
        var bank = BankFixture(count: 2)
        var tracker = AlarmTracker(quiet: .seconds(5))
        #expect(tracker.update(bank.evaluate(), bank.packs, now: bank.now).isEmpty)
        bank.answer(1) { $0.protections = [AlarmSet(AlarmKind.shortCircuit)] }
        let raised = tracker.update(bank.evaluate(), bank.packs, now: bank.now)
        #expect(
            raised == [
                AlarmChange(kind: .shortCircuit, level: .protection, pack: 2, isRaised: true)
            ])
        bank.packs[1].reading.protections = []
        _ = bank.pass(3)
        #expect(tracker.update(bank.evaluate(), bank.packs, now: bank.now).isEmpty)
        _ = bank.pass(3)
        let cleared = tracker.update(bank.evaluate(), bank.packs, now: bank.now)
        #expect(
            cleared == [
                AlarmChange(kind: .shortCircuit, level: .protection, pack: 2, isRaised: false)
            ])
    }
}
