/// The values of the bank, and of one pack, that a profile may put into a frame.
///
/// The raw value is the place in ``BankValues``; those of a pack come after those of the bank.
package enum BankValue: UInt8, CaseIterable, Sendable {
    /// mV
    case voltage
    /// mA, positive charges
    case current
    /// 0.1 °C
    case temperatureMean, temperatureMaximum, temperatureMinimum
    /// 0.01 %
    case stateOfCharge, stateOfHealth
    /// mAh
    case remainingCapacity, fullCapacity
    /// count
    case cycles
    /// mV
    case chargeVoltageLimit, dischargeVoltageLimit
    /// mA, never negative
    case chargeCurrentLimit, dischargeCurrentLimit
    /// 0 or 1
    case chargeEnabled, dischargeEnabled, forceCharge, fullChargeRequest
    /// count
    case packsConfigured, packsOnline, packsOffline, packsChargeBlocked, packsDischargeBlocked
    /// mV
    case cellMaximum, cellMinimum
    /// number from 1
    case cellMaximumPack, cellMaximumCell, cellMinimumPack, cellMinimumCell
    /// number from 1
    case temperatureMaximumPack, temperatureMaximumProbe
    /// number from 1
    case temperatureMinimumPack, temperatureMinimumProbe
    /// 16 × (pack − 1) + cell or probe, from 1
    case cellMaximumNumber, cellMinimumNumber, temperatureMaximumNumber, temperatureMinimumNumber
    /// mV
    case cellMean, cellSpread, packVoltageMaximum, packVoltageMinimum
    /// mAh
    case designCapacity
    /// 0.1 °C
    case mosfetTemperatureMaximum
    /// Bit n is pack n + 1; it is cut to the field's width and never clamped.
    case onlineMask
    /// 0 idle, 1 charging, 2 discharging; idle within 0.5 A
    case direction
    /// 0 none, 1 warning, 2 protection, 3 fault
    case alarmLevel
    /// W, positive charges
    case power
    /// 0 or 1
    case stopped, inverterPresent
    /// Packs online without a protection or fault.
    case packsHealthy
    /// count
    case cellsPerPack, cellsTotal
    /// 0 or 1
    case balancing
    /// mV, what the maps say a cell stands, the most careful of all packs
    case cellCeiling, cellFloor

    /// The pack's number from 1; from here on the values belong to one pack.
    case packNumber
    /// 0 or 1
    case packOnline
    /// mV
    case packVoltage
    /// mA, positive charges
    case packCurrent
    /// 0.01 %
    case packStateOfCharge, packStateOfHealth
    /// mAh
    case packRemainingCapacity, packFullCapacity
    /// count
    case packCycles
    /// mV
    case packCellMaximum, packCellMinimum
    /// number from 1 within the pack
    case packCellMaximumCell, packCellMinimumCell
    /// 0.1 °C
    case packTemperatureMaximum, packTemperatureMinimum, packMOSFETTemperature
    /// mA, never negative: what the pack adds to the bank's limit
    case packChargeCurrentLimit, packDischargeCurrentLimit
    /// As ``direction`` and ``alarmLevel``
    case packDirection, packAlarmLevel
    /// 0 or 1
    case packChargeSwitch, packDischargeSwitch, packHeater
    /// Bit n is cell n + 1 (low) or n + 9 (high).
    case packBalancingLow, packBalancingHigh
    /// mV
    case packCell1, packCell2, packCell3, packCell4, packCell5, packCell6, packCell7, packCell8
    /// mV
    case packCell9, packCell10, packCell11, packCell12, packCell13, packCell14, packCell15
    /// mV
    case packCell16

    /// How many belong to the bank.
    package static var bankCount: Int { 55 }
    /// How many belong to each pack.
    package static var packCount: Int { 41 }
    /// How many there are.
    package static var count: Int { bankCount + packCount }

    /// Whether it belongs to one pack and so only stands in frames that are sent for each pack.
    package var isOfPack: Bool { Int(rawValue) >= Self.bankCount }

    /// Whether each bit has a meaning of its own, so that a narrow field drops the upper bits.
    package var isMask: Bool {
        switch self {
        case .onlineMask, .packBalancingLow, .packBalancingHigh: true
        default: false
        }
    }

    /// Measurements go to the nearest step of a field; limits to the safe side of it (rule 2).
    var rounding: Rounding {
        switch self {
        case .chargeVoltageLimit, .chargeCurrentLimit, .dischargeCurrentLimit,
            .packChargeCurrentLimit, .packDischargeCurrentLimit, .cellCeiling:
            .down
        case .dischargeVoltageLimit, .cellFloor: .up
        default: .nearest
        }
    }
}
