extension AlarmKind {
    /// The stable name in records, maps and profiles.
    package var code: String {
        switch self {
        case .cellOvervoltage: "cell_overvoltage"
        case .cellUndervoltage: "cell_undervoltage"
        case .packOvervoltage: "pack_overvoltage"
        case .packUndervoltage: "pack_undervoltage"
        case .chargeOvercurrent: "charge_overcurrent"
        case .dischargeOvercurrent: "discharge_overcurrent"
        case .shortCircuit: "short_circuit"
        case .chargerOvervoltage: "charger_overvoltage"
        case .chargeOvertemperature: "charge_overtemperature"
        case .dischargeOvertemperature: "discharge_overtemperature"
        case .chargeUndertemperature: "charge_undertemperature"
        case .dischargeUndertemperature: "discharge_undertemperature"
        case .ambientOvertemperature: "ambient_overtemperature"
        case .ambientUndertemperature: "ambient_undertemperature"
        case .mosfetOvertemperature: "mosfet_overtemperature"
        case .stateOfChargeLow: "state_of_charge_low"
        case .cellImbalance: "cell_imbalance"
        case .temperatureImbalance: "temperature_imbalance"
        case .chargeMOSFETFault: "charge_mosfet"
        case .dischargeMOSFETFault: "discharge_mosfet"
        case .temperatureSensorFault: "temperature_sensor"
        case .voltageSensorFault: "voltage_sensor"
        case .currentSensorFault: "current_sensor"
        case .cellFault: "cell"
        case .frontEndFault: "front_end"
        case .internalCommunicationFault: "internal_communication"
        case .heaterFault: "heater"
        case .senseWireFault: "sense_wire"
        case .reverseConnection: "reverse_connection"
        case .shutdownSwitch: "shutdown_switch"
        case .fireGas: "fire_gas"
        case .memoryFault: "memory"
        case .otherFault: "other"
        case .packSilent: "pack_silent"
        case .packImplausible: "pack_implausible"
        case .duplicateSerialNumber: "duplicate_serial_number"
        case .packReplaced: "pack_replaced"
        case .foreignMaster: "foreign_master"
        case .inverterSilent: "inverter_silent"
        case .busDown: "bus_down"
        case .inverterRequest: "inverter_request"
        }
    }
}

extension LimitRule {
    /// The stable name in records.
    package var code: String {
        switch self {
        case .starting: "starting"
        case .packLimit: "pack_limit"
        case .mapCeiling: "map_ceiling"
        case .installerCeiling: "installer_ceiling"
        case .remoteCeiling: "remote_ceiling"
        case .packSilent: "pack_silent"
        case .packImplausible: "pack_implausible"
        case .packProtection: "pack_protection"
        case .packSwitchOpen: "pack_switch_open"
        case .cellVoltageHigh: "cell_voltage_high"
        case .cellVoltageLow: "cell_voltage_low"
        case .temperatureLow: "temperature_low"
        case .temperatureHigh: "temperature_high"
        case .rising: "rising"
        case .tooFewPacks: "too_few_packs"
        case .allPacksSilent: "all_packs_silent"
        case .inverterSilent: "inverter_silent"
        case .staleValue: "stale_value"
        case .inverterRequest: "inverter_request"
        }
    }
}
