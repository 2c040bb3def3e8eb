import Quantities

/// What one pack stands, from its map and from what the installer set for each pack.
package struct PackLimits: Sendable {
    /// Highest charge current of a pack of this kind.
    package var chargeCurrent: Current
    /// Highest discharge current of a pack of this kind, a magnitude.
    package var dischargeCurrent: Current
    /// Highest charge voltage of a pack of this kind.
    package var chargeVoltage: Voltage
    /// Lowest discharge voltage of a pack of this kind.
    package var dischargeVoltage: Voltage
    /// Whether packs of this kind tell their own current limits; an old one then counts as zero.
    package var publishesCurrentLimits: Bool
    /// A cell at or above this voltage ends charging of its pack.
    package var cellMaximum: Voltage
    /// A cell at or below this voltage ends discharging of its pack.
    package var cellMinimum: Voltage
    /// Over this much below the maximum, or above the minimum, the current is tapered to zero.
    package var cellTaper: Voltage
    /// No charging below this cell temperature.
    package var chargeTemperatureMinimum: Temperature
    /// No charging above this cell temperature.
    package var chargeTemperatureMaximum: Temperature
    /// No discharging below this cell temperature.
    package var dischargeTemperatureMinimum: Temperature
    /// No discharging above this cell temperature.
    package var dischargeTemperatureMaximum: Temperature

    /// Careful values for sixteen LiFePO4 cells, without any current.
    package init() {
        chargeCurrent = .zero
        dischargeCurrent = .zero
        chargeVoltage = .millivolts(56_000)
        dischargeVoltage = .millivolts(44_800)
        publishesCurrentLimits = false
        cellMaximum = .millivolts(3_600)
        cellMinimum = .millivolts(2_600)
        cellTaper = .millivolts(60)
        chargeTemperatureMinimum = .decidegrees(0)
        chargeTemperatureMaximum = .decidegrees(500)
        dischargeTemperatureMinimum = .decidegrees(-150)
        dischargeTemperatureMaximum = .decidegrees(550)
    }
}

/// Ceilings that remote configuration lowered below the installer's (rule 9).
package struct RemoteCeilings: OptionSet, Hashable, Sendable {
    /// One bit for each ceiling.
    package let rawValue: UInt8

    /// From bits.
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The charge current of the bank.
    package static var chargeCurrent: RemoteCeilings { RemoteCeilings(rawValue: 1) }
    /// The discharge current of the bank.
    package static var dischargeCurrent: RemoteCeilings { RemoteCeilings(rawValue: 2) }
    /// The charge voltage.
    package static var chargeVoltage: RemoteCeilings { RemoteCeilings(rawValue: 4) }
    /// The discharge voltage, a floor.
    package static var dischargeVoltage: RemoteCeilings { RemoteCeilings(rawValue: 8) }
    /// The charge current of each pack.
    package static var packChargeCurrent: RemoteCeilings { RemoteCeilings(rawValue: 16) }
    /// The discharge current of each pack.
    package static var packDischargeCurrent: RemoteCeilings { RemoteCeilings(rawValue: 32) }
}

/// What the installer allows the whole bank, and how long values count.
package struct BankConfiguration: Sendable {
    /// One entry for each configured pack, by position.
    package var packs: InlineArray<16, PackLimits> = .init(repeating: PackLimits())
    /// The installer's ceiling for the charge current of the bank.
    package var chargeCurrentCeiling: Current?
    /// The installer's ceiling for the discharge current of the bank.
    package var dischargeCurrentCeiling: Current?
    /// The installer's ceiling for the charge voltage.
    package var chargeVoltageCeiling: Voltage?
    /// The installer's floor for the discharge voltage.
    package var dischargeVoltageFloor: Voltage?
    /// The installer's ceiling for the charge current of each pack.
    package var packChargeCurrentCeiling: Current?
    /// The installer's ceiling for the discharge current of each pack.
    package var packDischargeCurrentCeiling: Current?
    /// Which of the ceilings are remote configuration's.
    package var remoteCeilings: RemoteCeilings = []
    /// How many packs must answer, 1…16.
    package var minimumPacks = 1
    /// How long to wait for all packs before starting with those that answer.
    package var startWait = TimeSpan.seconds(30)
    /// How long voltage, current, limits and flags count (rule 3).
    package var valueLimit = TimeSpan.seconds(10)
    /// How long cells and probes count (rule 3).
    package var cellLimit = TimeSpan.seconds(60)
    /// How fast a current limit of the bank may rise, mA in one second (rule 4).
    package var riseMilliamperesPerSecond: Int32 = 5_000

    /// No ceilings beyond those of the packs.
    package init() {}

    /// Who set a ceiling.
    func reason(_ ceiling: RemoteCeilings, pack: UInt8 = 0) -> LimitReason {
        LimitReason(
            remoteCeilings.contains(ceiling) ? .remoteCeiling : .installerCeiling, pack: pack)
    }
}
