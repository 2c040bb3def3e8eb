import Bank
import Quantities
import Testing

@Suite struct SafetyRuleTests {
    @Test func `rule 1: nothing is sent before every configured pack was read completely`() {
        var bank = BankFixture(count: 3)
        bank.packs[2] = PackSlot()
        #expect(bank.evaluate().mode == .starting)
        bank.packs[2].answeredAt = bank.now
        #expect(bank.evaluate().mode == .starting, "answered, but not completely")
        bank.answer(2)
        #expect(bank.evaluate().mode == .running)
    }

    @Test func `rule 1: after the start wait the packs that answer are enough`() {
        var bank = BankFixture(count: 3)
        bank.packs[2] = PackSlot()
        #expect(bank.pass(29, silent: [2]).mode == .starting)
        let state = bank.pass(2, silent: [2])
        #expect(state.mode == .running)
        #expect(state.packsOnline == 2)
    }

    @Test func `rule 1: fewer packs than the minimum never start`() {
        var bank = BankFixture(count: 3) { $0.minimumPacks = 3 }
        bank.packs[2] = PackSlot()
        #expect(bank.pass(120, silent: [2]).mode == .starting)
    }

    @Test func `rule 2: currents are the sum of the packs' limits`() {
        var bank = BankFixture(count: 4)
        let state = bank.evaluate()
        #expect(state.chargeCurrent.value == .milliamperes(200_000))
        #expect(state.dischargeCurrent.value == .milliamperes(400_000))
    }

    @Test func `rule 2: no limit is above the installer's ceiling`() {
        var bank = BankFixture(count: 4) {
            $0.chargeCurrentCeiling = .milliamperes(120_000)
            $0.packDischargeCurrentCeiling = .milliamperes(30_000)
            $0.chargeVoltageCeiling = .millivolts(55_000)
            $0.dischargeVoltageFloor = .millivolts(46_000)
        }
        let state = bank.evaluate()
        #expect(
            state.chargeCurrent == Limit(.milliamperes(120_000), LimitReason(.installerCeiling)))
        #expect(state.dischargeCurrent.value == .milliamperes(120_000))
        #expect(state.chargeVoltage == Limit(.millivolts(55_000), LimitReason(.installerCeiling)))
        #expect(
            state.dischargeVoltage == Limit(.millivolts(46_000), LimitReason(.installerCeiling)))
    }

    @Test func `rule 9: a ceiling that the fleet lowered says so`() {
        var bank = BankFixture(count: 4) {
            $0.chargeCurrentCeiling = .milliamperes(120_000)
            $0.dischargeCurrentCeiling = .milliamperes(90_000)
            $0.chargeVoltageCeiling = .millivolts(55_000)
            $0.dischargeVoltageFloor = .millivolts(46_000)
            $0.remoteCeilings = [.dischargeCurrent, .dischargeVoltage]
        }
        let state = bank.evaluate()
        #expect(state.chargeCurrent.reason == LimitReason(.installerCeiling))
        #expect(state.dischargeCurrent.reason == LimitReason(.remoteCeiling))
        #expect(state.chargeVoltage.reason == LimitReason(.installerCeiling))
        #expect(state.dischargeVoltage.reason == LimitReason(.remoteCeiling))
    }

    @Test func `rules 2 and 4: a lower ceiling counts at once, a higher one is risen to`() {
        var bank = BankFixture(count: 4) { $0.chargeCurrentCeiling = .milliamperes(100_000) }
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(100_000))
        var other = bank.controller.configuration
        other.chargeCurrentCeiling = .milliamperes(40_000)
        bank.controller.replace(configuration: other)
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(40_000))
        other.chargeCurrentCeiling = .milliamperes(100_000)
        bank.controller.replace(configuration: other)
        let risen = bank.evaluate().chargeCurrent
        #expect(risen.value < .milliamperes(100_000))
        #expect(risen.reason == LimitReason(.rising))
    }

    @Test func `rule 2: a ceiling never raises what the packs allow`() {
        var bank = BankFixture(count: 2) {
            $0.chargeCurrentCeiling = .milliamperes(3_000_000)
            $0.chargeVoltageCeiling = .millivolts(60_000)
            $0.dischargeVoltageFloor = .millivolts(40_000)
        }
        let state = bank.evaluate()
        #expect(state.chargeCurrent.value == .milliamperes(100_000))
        #expect(state.chargeVoltage.value == .millivolts(56_000))
        #expect(state.dischargeVoltage.value == .millivolts(44_800))
    }

    @Test func `rule 3: a published limit that grew old counts as zero`() {
        var bank = BankFixture(count: 2) {
            for position in 0..<2 { $0.packs[position].publishesCurrentLimits = true }
        }
        let early = bank.now
        for position in 0..<2 {
            bank.answer(position) { $0.set(.chargeCurrentLimit, to: 40_000, at: early) }
        }
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(80_000))
        bank.now = bank.now + .seconds(11)
        for position in 0..<2 {
            bank.answer(position) { $0.set(.chargeCurrentLimit, to: 40_000, at: early) }
        }
        let state = bank.evaluate()
        #expect(state.chargeCurrent.value == .zero)
        #expect(state.chargeCurrent.reason == LimitReason(.staleValue, pack: 1))
    }

    @Test func `rule 3: cells that grew old permit nothing`() {
        var bank = BankFixture(count: 2)
        let early = bank.now
        bank.now = bank.now + .seconds(61)
        bank.answer(0)
        bank.answer(1) { $0.cellsStamp = early }
        let state = bank.evaluate()
        #expect(
            state.chargeCurrent == Limit(.milliamperes(50_000), LimitReason(.staleValue, pack: 2)))
        #expect(state.packsChargeBlocked == 1)
    }

    @Test func `rule 3: a silent pack's protection and charge voltage still hold`() {
        var bank = BankFixture(count: 2)
        bank.answer(1) {
            $0.protections = [AlarmSet(AlarmKind.cellOvervoltage)]
            $0.set(.chargeVoltageLimit, to: 54_000, at: Instant(nanoseconds: 1))
        }
        _ = bank.evaluate()
        let state = bank.pass(20, silent: [1])
        #expect(state.packStatus[1] == .silent)
        #expect(state.protections.contains(.cellOvervoltage))
        #expect(state.chargeVoltage.value == .millivolts(54_000))
        #expect(state.packsOnline == 1)
    }

    @Test func `rule 4: a protection shows in the next state and cuts that pack at once`() {
        var bank = BankFixture(count: 4)
        #expect(bank.evaluate().protections.isEmpty)
        bank.answer(2) { $0.protections = [AlarmSet(AlarmKind.cellOvervoltage)] }
        let state = bank.evaluate()
        #expect(state.protections.contains(.cellOvervoltage))
        #expect(state.chargeCurrent.value == .milliamperes(150_000))
        #expect(state.dischargeCurrent.value == .milliamperes(400_000), "discharging is still fine")
        #expect(state.chargeCurrent.reason == LimitReason(.packProtection, pack: 3))
    }

    @Test func `rule 4: limits fall at once and rise by the configured rate`() {
        var bank = BankFixture(count: 1) { $0.riseMilliamperesPerSecond = 5000 }
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(50_000))
        bank.answer(0) { $0.protections = [AlarmSet(AlarmKind.chargeOvertemperature)] }
        #expect(bank.evaluate().chargeCurrent.value == .zero)
        bank.packs[0].reading.protections = []
        let second = bank.pass(1)
        #expect(second.chargeCurrent == Limit(.milliamperes(5000), LimitReason(.rising)))
        #expect(bank.pass(3).chargeCurrent.value == .milliamperes(20_000))
        #expect(bank.pass(20).chargeCurrent.value == .milliamperes(50_000))
    }

    @Test func `rule 7: one silent pack lowers the limits and nothing else`() {
        var bank = BankFixture(count: 16)
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(800_000))
        let state = bank.pass(12, silent: [6])
        #expect(state.mode == .running)
        #expect(state.packsOnline == 15)
        #expect(state.chargeCurrent.value == .milliamperes(750_000))
        #expect(state.chargeCurrent.reason == LimitReason(.packSilent, pack: 7))
        #expect(state.chargeEnabled && state.dischargeEnabled)
        #expect(state.stateOfCharge == .hundredths(5000))
        #expect(state.warnings.contains(.packSilent))
    }

    @Test func `rule 8: too few packs stop the bank and it comes back slowly`() {
        var bank = BankFixture(count: 2) { $0.minimumPacks = 2 }
        _ = bank.evaluate()
        let stopped = bank.pass(12, silent: [1])
        #expect(stopped.mode == .stopped)
        #expect(stopped.chargeCurrent == Limit(.zero, LimitReason(.tooFewPacks)))
        #expect(!stopped.chargeEnabled && !stopped.dischargeEnabled)
        let back = bank.pass(1)
        #expect(back.mode == .running)
        #expect(back.chargeCurrent.reason.rule == .rising)
    }

    @Test func `rule 8: all packs silent is named so`() {
        var bank = BankFixture(count: 2)
        _ = bank.evaluate()
        let state = bank.pass(15, silent: [0, 1])
        #expect(state.mode == .stopped)
        #expect(state.dischargeCurrent.reason == LimitReason(.allPacksSilent))
        #expect(state.voltage == nil && state.stateOfCharge == nil, "unknown is never a number")
    }

    @Test func `rule 9: a full cell names its pack and cell`() {
        var bank = BankFixture(count: 3)
        bank.answer(1) { $0.setCell(11, millivolts: 3605) }
        let state = bank.evaluate()
        #expect(state.chargeCurrent.reason == LimitReason(.cellVoltageHigh, pack: 2, cell: 12))
        #expect(state.chargeCurrent.value == .milliamperes(100_000))
        #expect(state.cellMaximum == Extreme(.millivolts(3605), pack: 2, cell: 12))
    }

    @Test func `rule 9: a cold cell ends charging of its pack only`() {
        var bank = BankFixture(count: 2)
        bank.answer(0) { $0.setProbe(2, decidegrees: -5) }
        let state = bank.evaluate()
        #expect(
            state.chargeCurrent
                == Limit(.milliamperes(50_000), LimitReason(.temperatureLow, pack: 1, cell: 3)))
        #expect(state.dischargeCurrent.value == .milliamperes(200_000))
    }

    @Test func `near its limit a cell tapers the current instead of cutting it`() {
        var bank = BankFixture(count: 1)
        bank.answer(0) { $0.setCell(0, millivolts: 3570) }
        #expect(bank.evaluate().chargeCurrent.value == .milliamperes(25_000))
    }

    @Test func `an open charge switch ends charging of its pack`() {
        var bank = BankFixture(count: 2)
        bank.answer(0) {
            $0.knownStates = [.chargeMOSFETOn, .dischargeMOSFETOn]
            $0.states = [.dischargeMOSFETOn]
        }
        let state = bank.evaluate()
        #expect(
            state.chargeCurrent
                == Limit(.milliamperes(50_000), LimitReason(.packSwitchOpen, pack: 1)))
        #expect(state.dischargeCurrent.value == .milliamperes(200_000))
    }

    @Test func `a second pack with the same serial number is not counted twice`() {
        var bank = BankFixture(count: 2)
        bank.packs[1].findings.insert(.duplicateSerialNumber)
        _ = bank.pass(31)
        let state = bank.evaluate()
        #expect(state.packsOnline == 1)
        #expect(state.packStatus[1] == .implausible)
        #expect(state.warnings.contains(.duplicateSerialNumber))
    }

    @Test func `a silent inverter stops the bank only where the profile asks for it`() {
        var bank = BankFixture(count: 1)
        _ = bank.evaluate()
        let state = bank.evaluate(inverterSilent: true)
        #expect(state.chargeCurrent == Limit(.zero, LimitReason(.inverterSilent)))
        #expect(!state.chargeEnabled)
    }
}
