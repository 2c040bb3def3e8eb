import Bank
import CANBus
import Quantities

/// How an inverter is spoken to, as loaded from its folder.
package struct CANProfile: Sendable {
    /// The name in configurations: `pylontech-lv-1.2`.
    package let id: String
    /// The name for people.
    package let title: String
    /// `vendor`, `implementations` or `single`.
    package let confidence: String
    /// Where its facts come from.
    package let sources: [String]
    /// Bits per second of the bus.
    package let bitRate: Int
    /// The layout of all frames, both ways.
    package let layout: DBCFile
    /// The compiled encoder.
    package let plan: FramePlan
    /// Which bank value each signal of a sent frame carries, for reading frames back.
    package let readings: [CANIdentifier: [(signal: DBCSignal, value: BankValue)]]
    /// The keep-alive of the inverter, or nil when it sends none.
    package let keepAlive: CANIdentifier?
    /// How long it may be missing.
    package let keepAliveTimeout: TimeSpan
    /// What a missing one does unless the installer says otherwise.
    package let keepAliveAction: KeepAliveAction
    /// What stop means.
    package let stop: StopRule
}

/// Why a profile was refused; all faults at once.
package struct CANProfileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The profile's id or folder.
    package let name: String
    /// One sentence for each fault, with file and line.
    package let faults: [String]

    /// One line for each fault.
    package var description: String {
        faults.map { "inverter profile '\(name)': \($0)" }.joined(separator: "\n")
    }
}

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
        }
    }

    /// Our unit is the natural one (V, A, %, Ah, °C) divided by 10^decimals.
    package var decimals: Int {
        switch self {
        case .voltage, .current, .remainingCapacity, .fullCapacity, .chargeVoltageLimit,
            .dischargeVoltageLimit, .chargeCurrentLimit, .dischargeCurrentLimit, .cellMaximum,
            .cellMinimum:
            3
        case .stateOfCharge, .stateOfHealth: 2
        case .temperatureMean, .temperatureMaximum, .temperatureMinimum: 1
        default: 0
        }
    }

    /// The value of a name.
    package static func named(_ name: String) -> BankValue? { allCases.first { $0.name == name } }
}
