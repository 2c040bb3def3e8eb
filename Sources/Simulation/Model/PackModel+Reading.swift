import Bank
import PackMap
import Quantities

extension PackModel {
    /// What the pack tells about itself, in our units.
    package var reading: PackReading {
        var reading = PackReading()
        let now = Instant(nanoseconds: 0)
        func set(_ signal: PackSignal, _ value: Double, _ scale: Double) {
            reading.set(signal, to: Int32(clamping: Int64((value * scale).rounded())), at: now)
        }
        set(.voltage, voltage, 1000)
        set(.current, current, 1000)
        set(.stateOfCharge, stateOfCharge, 10_000)
        set(.stateOfHealth, min(1, fullCapacity / settings.capacity), 10_000)
        set(.remainingCapacity, max(0, remaining), 1000)
        set(.fullCapacity, fullCapacity, 1000)
        set(.designCapacity, settings.capacity, 1000)
        set(.cycles, lifetimeDischarge / settings.capacity, 1)
        set(.lifetimeDischarge, lifetimeDischarge, 1)
        set(.mosfetTemperature, mosfetTemperature, 10)
        set(.ambientTemperature, ambient, 10)
        setCells(&reading)
        setLimits(&reading)
        setFlags(&reading)
        return reading
    }

    /// The texts by which the pack names itself.
    package var identity: PackIdentity {
        var identity = PackIdentity()
        identity.serial = SerialNumber(serial)
        identity.model = SerialNumber("SIM-\(settings.cells)S")
        identity.firmware = SerialNumber("SIM 1.0")
        return identity
    }

    private func setCells(_ reading: inout PackReading) {
        let now = Instant(nanoseconds: 0)
        let voltages = cellVoltages
        for (index, volts) in voltages.enumerated() {
            reading.setCell(index, millivolts: UInt16(min(max(volts, 0), 60) * 1000))
        }
        for (index, celsius) in cellTemperatures.enumerated() {
            reading.setProbe(index, decidegrees: Int16((celsius * 10).rounded()))
        }
        func set(_ signal: PackSignal, _ value: Double?, _ scale: Double) {
            reading.set(signal, to: value.map { Int32(($0 * scale).rounded()) }, at: now)
        }
        set(.cellVoltageMean, restingVoltage / Double(max(1, cells.count)), 1000)
        set(.cellVoltageMaximum, voltages.max(), 1000)
        set(.cellVoltageMinimum, voltages.min(), 1000)
        set(.cellTemperatureMean, meanTemperature, 10)
        set(.cellTemperatureMaximum, cellTemperatures.max(), 10)
        set(.cellTemperatureMinimum, cellTemperatures.min(), 10)
    }

    /// A pack that tells its own limits takes them back to zero when its switch is open; one that
    /// only shows its thresholds does not.
    private func setLimits(_ reading: inout PackReading) {
        let now = Instant(nanoseconds: 0)
        let limits = settings.limits
        let isFixed = !limits.publishesCurrentLimits
        let charge = isFixed || mayCharge ? limits.chargeCurrent.units : 0
        let discharge = isFixed || mayDischarge ? limits.dischargeCurrent.units : 0
        reading.set(.chargeVoltageLimit, to: limits.chargeVoltage.units, at: now)
        reading.set(.dischargeVoltageLimit, to: limits.dischargeVoltage.units, at: now)
        reading.set(.chargeCurrentLimit, to: charge, at: now)
        reading.set(.dischargeCurrentLimit, to: discharge, at: now)
    }

    private func setFlags(_ reading: inout PackReading) {
        reading.warnings = guardian.warnings
        reading.protections = guardian.protections
        var states: PackStates = []
        if current > 0.2 { states.insert(.charging) }
        if current < -0.2 { states.insert(.discharging) }
        if mayCharge { states.insert(.chargeMOSFETOn) }
        if mayDischarge { states.insert(.dischargeMOSFETOn) }
        if stateOfCharge >= 0.995 { states.insert(.full) }
        if abs(current) <= 0.2 { states.insert(.standby) }
        reading.states = states
        for (index, cell) in cells.enumerated() where cell.isBalancing && index < 32 {
            reading.balancing |= 1 << UInt32(index)
        }
    }
}
