import Bank
import Modbus

/// How sure a map or profile is, strongest first.
package enum Confidence: String, CaseIterable, Sendable {
    /// The vendor's document agrees with an implementation or a capture.
    case vendor
    /// Several independent implementations agree.
    case implementations
    /// One implementation only; needs a switch to be used.
    case single
}

/// Line settings a map asks for.
package struct MapLine: Hashable, Sendable {
    /// Parity of a character.
    package enum Parity: String, CaseIterable, Sendable { case none, even, odd }

    /// Bits per second.
    package var baud = 9600
    /// Parity.
    package var parity = Parity.none
    /// 1 or 2.
    package var stopBits = 1
    /// Pause between an answer and the next request, beyond the standard's silence.
    package var gapMilliseconds = 0
    /// How long a unit may think before it answers.
    package var turnRoundMilliseconds = 50
    /// A fixed time-out, or 0 to derive one.
    package var timeoutMilliseconds = 0
    /// The most registers of one read.
    package var mostRegisters = 125
    /// How often a damaged answer is asked for again at once.
    package var retries = 1
}

/// A pack family's registers, as loaded from its document.
package struct PackMap: Sendable {
    /// The name in configurations: `pace-v1.3`.
    package let id: String
    /// The name for people.
    package let title: String
    /// How sure the map is.
    package let confidence: Confidence
    /// Where its facts come from.
    package let sources: [String]
    /// Decisions and advice for people.
    package let notes: [String]
    /// Line settings.
    package let line: MapLine
    /// Which unit ids packs may have.
    package let unitRules: UnitRules
    /// What a pack of this kind stands.
    package let limits: PackLimits
    /// The names of the blocks, in the order of the plan.
    package let blockNames: [String]
    /// The names of the flag words, in the order of the plan.
    package let flagNames: [String]
    /// How many cells and probes the map reads.
    package let cellCount: Int
    package let probeCount: Int
    /// Registers that must never be written, with the reason, for people.
    package let forbiddenWrites: [String]
    /// The compiled plan.
    package let plan: ReadPlan

    /// How many cells a usual pack has in series; where no cell is read, as the charge voltage
    /// suggests for LiFePO₄ at 3.5 V.
    package var seriesCells: Int {
        cellCount > 0
            ? cellCount
            : min(
                max(Int(limits.chargeVoltage.millivolts + 1_750) / 3_500, 1),
                PackReading.maximumCells)
    }

    /// Whether only one implementation knows the facts, so that a switch must allow its use.
    package var isExperimental: Bool { confidence == .single }
}

/// Why a pack map, its vectors or a captured exchange was refused; all faults at once.
package struct PackMapError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was read: `pack map`, `pack vectors`.
    package var document = "pack map"
    /// The file or id.
    package let name: String
    /// One sentence for each fault, with its line.
    package let faults: [String]

    /// One line for each fault.
    package var description: String {
        faults.map { "\(document) '\(name)': \($0)" }.joined(separator: "\n")
    }
}

/// A signal's name in files and screens, and its natural unit.
package struct SignalWord: Sendable {
    /// `state_of_charge`.
    package let name: String
    /// The signal.
    package let signal: PackSignal
    /// Our unit is the natural one divided by 10^decimals.
    package let decimals: Int
    /// `V`, `A`, `%`, `Ah`, `°C` or nothing.
    package let unit: String

    init(_ name: String, _ signal: PackSignal, decimals: Int, _ unit: String) {
        self.name = name
        self.signal = signal
        self.decimals = decimals
        self.unit = unit
    }

    /// How many of our units make one natural unit.
    package var factor: Int64 { [1, 10, 100, 1000][decimals] }
}

/// The words of map files for signals, alarms and states.
package enum MapWords {
    /// Signals.
    package static let signals: [SignalWord] = [
        SignalWord("voltage", .voltage, decimals: 3, "V"),
        SignalWord("current", .current, decimals: 3, "A"),
        SignalWord("state_of_charge", .stateOfCharge, decimals: 2, "%"),
        SignalWord("state_of_health", .stateOfHealth, decimals: 2, "%"),
        SignalWord("remaining_capacity", .remainingCapacity, decimals: 3, "Ah"),
        SignalWord("full_capacity", .fullCapacity, decimals: 3, "Ah"),
        SignalWord("design_capacity", .designCapacity, decimals: 3, "Ah"),
        SignalWord("cycles", .cycles, decimals: 0, ""),
        SignalWord("lifetime_discharge", .lifetimeDischarge, decimals: 0, "Ah"),
        SignalWord("charge_voltage_limit", .chargeVoltageLimit, decimals: 3, "V"),
        SignalWord("discharge_voltage_limit", .dischargeVoltageLimit, decimals: 3, "V"),
        SignalWord("charge_current_limit", .chargeCurrentLimit, decimals: 3, "A"),
        SignalWord("discharge_current_limit", .dischargeCurrentLimit, decimals: 3, "A"),
        SignalWord("mosfet_temperature", .mosfetTemperature, decimals: 1, "°C"),
        SignalWord("ambient_temperature", .ambientTemperature, decimals: 1, "°C"),
        SignalWord("cell_voltage_mean", .cellVoltageMean, decimals: 3, "V"),
        SignalWord("cell_voltage_maximum", .cellVoltageMaximum, decimals: 3, "V"),
        SignalWord("cell_voltage_minimum", .cellVoltageMinimum, decimals: 3, "V"),
        SignalWord("cell_temperature_mean", .cellTemperatureMean, decimals: 1, "°C"),
        SignalWord("cell_temperature_maximum", .cellTemperatureMaximum, decimals: 1, "°C"),
        SignalWord("cell_temperature_minimum", .cellTemperatureMinimum, decimals: 1, "°C"),
    ]

    /// State names.
    package static let states: [(name: String, state: PackStates)] = [
        ("charging", .charging), ("discharging", .discharging),
        ("charge_mosfet_on", .chargeMOSFETOn), ("discharge_mosfet_on", .dischargeMOSFETOn),
        ("charge_limiter_on", .chargeLimiterOn), ("heater_on", .heaterOn), ("full", .full),
        ("standby", .standby), ("powered_off", .poweredOff), ("force_charge", .forceCharge),
        ("full_charge_request", .fullChargeRequest), ("floating", .floating),
    ]

    /// Level names with the meaning they make of an alarm.
    static let levels: [(name: String, make: @Sendable (AlarmKind) -> FlagMeaning)] = [
        ("warning", { .warning($0) }), ("protection", { .protection($0) }),
        ("fault", { .fault($0) }),
    ]

    /// The alarms a pack can report; the others are findings of the gateway itself.
    package static let alarms = AlarmKind.allCases.filter {
        $0.rawValue < AlarmKind.packSilent.rawValue
    }

    /// `warning.cell_overvoltage`, `state.charging`, … or nil.
    static func meaning(_ text: String) -> FlagMeaning? {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return nil }
        if parts[0] == "state" {
            return states.first { $0.name == parts[1] }.map { .state($0.state.rawValue) }
        }
        guard let level = levels.first(where: { $0.name == parts[0] }),
            let kind = alarms.first(where: { $0.code == parts[1] })
        else { return nil }
        return level.make(kind)
    }
}
