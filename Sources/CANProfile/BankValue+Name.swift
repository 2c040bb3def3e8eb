extension BankValue {
    /// The name in profiles.
    package var name: String {
        switch self {
        case .voltage: "voltage"
        case .current: "current"
        case .temperatureMean: "temperature_mean"
        case .temperatureMaximum: "temperature_maximum"
        case .temperatureMinimum: "temperature_minimum"
        case .stateOfCharge: "state_of_charge"
        case .stateOfHealth: "state_of_health"
        case .remainingCapacity: "remaining_capacity"
        case .fullCapacity: "full_capacity"
        case .cycles: "cycles"
        case .chargeVoltageLimit: "charge_voltage_limit"
        case .dischargeVoltageLimit: "discharge_voltage_limit"
        case .chargeCurrentLimit: "charge_current_limit"
        case .dischargeCurrentLimit: "discharge_current_limit"
        case .chargeEnabled: "charge_enabled"
        case .dischargeEnabled: "discharge_enabled"
        case .forceCharge: "force_charge"
        case .fullChargeRequest: "full_charge_request"
        case .packsConfigured: "packs_configured"
        case .packsOnline: "packs_online"
        case .packsOffline: "packs_offline"
        case .packsChargeBlocked: "packs_charge_blocked"
        case .packsDischargeBlocked: "packs_discharge_blocked"
        case .cellMaximum: "cell_maximum"
        case .cellMinimum: "cell_minimum"
        case .cellMaximumPack: "cell_maximum_pack"
        case .cellMaximumCell: "cell_maximum_cell"
        case .cellMinimumPack: "cell_minimum_pack"
        case .cellMinimumCell: "cell_minimum_cell"
        case .temperatureMaximumPack: "temperature_maximum_pack"
        case .temperatureMaximumProbe: "temperature_maximum_probe"
        case .temperatureMinimumPack: "temperature_minimum_pack"
        case .temperatureMinimumProbe: "temperature_minimum_probe"
        case .cellMaximumNumber: "cell_maximum_number"
        case .cellMinimumNumber: "cell_minimum_number"
        case .temperatureMaximumNumber: "temperature_maximum_number"
        case .temperatureMinimumNumber: "temperature_minimum_number"
        case .cellMean: "cell_mean"
        case .cellSpread: "cell_spread"
        case .packVoltageMaximum: "pack_voltage_maximum"
        case .packVoltageMinimum: "pack_voltage_minimum"
        case .designCapacity: "design_capacity"
        case .mosfetTemperatureMaximum: "mosfet_temperature_maximum"
        case .onlineMask: "online_mask"
        case .direction: "direction"
        case .alarmLevel: "alarm_level"
        case .power: "power"
        case .stopped: "stopped"
        case .inverterPresent: "inverter_present"
        case .packsHealthy: "packs_healthy"
        case .cellsPerPack: "cells_per_pack"
        case .cellsTotal: "cells_total"
        case .balancing: "balancing"
        case .cellCeiling: "cell_ceiling"
        case .cellFloor: "cell_floor"
        default: packName
        }
    }

    private var packName: String {
        switch self {
        case .packNumber: "pack_number"
        case .packOnline: "pack_online"
        case .packVoltage: "pack_voltage"
        case .packCurrent: "pack_current"
        case .packStateOfCharge: "pack_state_of_charge"
        case .packStateOfHealth: "pack_state_of_health"
        case .packRemainingCapacity: "pack_remaining_capacity"
        case .packFullCapacity: "pack_full_capacity"
        case .packCycles: "pack_cycles"
        case .packCellMaximum: "pack_cell_maximum"
        case .packCellMinimum: "pack_cell_minimum"
        case .packCellMaximumCell: "pack_cell_maximum_cell"
        case .packCellMinimumCell: "pack_cell_minimum_cell"
        case .packTemperatureMaximum: "pack_temperature_maximum"
        case .packTemperatureMinimum: "pack_temperature_minimum"
        case .packMOSFETTemperature: "pack_mosfet_temperature"
        case .packChargeCurrentLimit: "pack_charge_current_limit"
        case .packDischargeCurrentLimit: "pack_discharge_current_limit"
        case .packDirection: "pack_direction"
        case .packAlarmLevel: "pack_alarm_level"
        case .packChargeSwitch: "pack_charge_switch"
        case .packDischargeSwitch: "pack_discharge_switch"
        case .packHeater: "pack_heater"
        case .packBalancingLow: "pack_balancing_low"
        case .packBalancingHigh: "pack_balancing_high"
        default: "pack_cell_\(Int(rawValue) - Int(BankValue.packCell1.rawValue) + 1)"
        }
    }

    /// Our unit is the natural one (V, A, %, Ah, °C, W) divided by 10^decimals.
    package var decimals: Int {
        switch self {
        case .voltage, .current, .remainingCapacity, .fullCapacity, .designCapacity,
            .chargeVoltageLimit, .dischargeVoltageLimit, .chargeCurrentLimit,
            .dischargeCurrentLimit, .cellMaximum, .cellMinimum, .cellMean, .cellSpread,
            .packVoltageMaximum, .packVoltageMinimum, .cellCeiling, .cellFloor, .packVoltage,
            .packCurrent, .packRemainingCapacity, .packFullCapacity, .packCellMaximum,
            .packCellMinimum, .packChargeCurrentLimit, .packDischargeCurrentLimit:
            3
        case .stateOfCharge, .stateOfHealth, .packStateOfCharge, .packStateOfHealth: 2
        case .temperatureMean, .temperatureMaximum, .temperatureMinimum,
            .mosfetTemperatureMaximum, .packTemperatureMaximum, .packTemperatureMinimum,
            .packMOSFETTemperature:
            1
        default: rawValue >= BankValue.packCell1.rawValue ? 3 : 0
        }
    }

    /// The value of a name.
    package static func named(_ name: String) -> BankValue? { allCases.first { $0.name == name } }
}

extension TextSource {
    /// The name in profiles.
    package var name: String {
        switch self {
        case .serial: "serial"
        case .packSerial: "pack_serial"
        case .gateway: "gateway"
        case .cellMaximumName: "cell_maximum_name"
        case .cellMinimumName: "cell_minimum_name"
        case .temperatureMaximumName: "temperature_maximum_name"
        case .temperatureMinimumName: "temperature_minimum_name"
        }
    }
}
