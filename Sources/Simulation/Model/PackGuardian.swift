import Bank
import Quantities

/// Protects a simulated pack as a battery management system does.
///
/// A warning stands while a value is beyond its warning level. A protection is raised beyond the
/// next level, opens the switch for one direction, and is released when the value is back by a
/// margin; one for excess current is released after half a minute.
struct PackGuardian: Sendable {
    /// What one rule looks at and when it acts; `sign` is +1 for "too high".
    private struct Rule: Sendable {
        let kind: AlarmKind
        let sign: Double
        let warning: Double
        let protection: Double
        let release: Double

        func warns(_ value: Double) -> Bool { (value - warning) * sign > 0 }
        func acts(_ value: Double) -> Bool { (value - protection) * sign > 0 }
        func releases(_ value: Double) -> Bool { (value - release) * sign < 0 }
    }

    /// Half a minute, as boards of this kind wait after an excess of current.
    private static let currentRelease = 30.0

    private let rules: [Rule]
    private var currentHold: [AlarmKind: Double] = [:]
    private(set) var warnings: AlarmSet = []
    private var raised: AlarmSet = []
    /// Protections raised by command.
    var forced: AlarmSet = []
    private let limits: PackLimits

    /// All protections that stand.
    var protections: AlarmSet { raised.union(forced) }
    /// Whether current may flow in.
    var chargeSwitchClosed: Bool { protections.isDisjoint(with: .blockingCharge) }
    /// Whether current may flow out.
    var dischargeSwitchClosed: Bool { protections.isDisjoint(with: .blockingDischarge) }

    init(limits: PackLimits, cells: Int) {
        self.limits = limits
        let top = Double(limits.cellMaximum.millivolts) / 1000
        let bottom = Double(limits.cellMinimum.millivolts) / 1000
        let count = Double(cells)
        func celsius(_ value: Temperature) -> Double { Double(value.decidegrees) / 10 }
        func above(_ kind: AlarmKind, _ warn: Double, _ act: Double, _ back: Double) -> Rule {
            Rule(kind: kind, sign: 1, warning: warn, protection: act, release: back)
        }
        func below(_ kind: AlarmKind, _ warn: Double, _ act: Double, _ back: Double) -> Rule {
            Rule(kind: kind, sign: -1, warning: warn, protection: act, release: back)
        }
        let hotCharge = celsius(limits.chargeTemperatureMaximum)
        let coldCharge = celsius(limits.chargeTemperatureMinimum)
        let hotDischarge = celsius(limits.dischargeTemperatureMaximum)
        let coldDischarge = celsius(limits.dischargeTemperatureMinimum)
        rules = [
            above(.cellOvervoltage, top - 0.05, top + 0.05, top - 0.22),
            below(.cellUndervoltage, bottom + 0.2, bottom, bottom + 0.4),
            above(
                .packOvervoltage, (top - 0.05) * count, (top + 0.05) * count, (top - 0.2) * count),
            below(
                .packUndervoltage, (bottom + 0.2) * count, bottom * count, (bottom + 0.4) * count),
            above(.chargeOvertemperature, hotCharge, hotCharge + 5, hotCharge - 5),
            above(.dischargeOvertemperature, hotDischarge, hotDischarge + 5, hotDischarge - 5),
            below(.chargeUndertemperature, coldCharge + 2, coldCharge, coldCharge + 5),
            below(.dischargeUndertemperature, coldDischarge + 2, coldDischarge, coldDischarge + 5),
            above(.mosfetOvertemperature, 85, 100, 75),
        ]
    }

    /// Judges the pack after a step.
    mutating func look(at pack: PackModel, seconds: Double) {
        warnings = []
        let voltages = pack.cellVoltages
        let highest = voltages.max() ?? 0
        let lowest = voltages.min() ?? 0
        let hottest = pack.cellTemperatures.max() ?? pack.ambient
        let coldest = pack.cellTemperatures.min() ?? pack.ambient
        for rule in rules {
            switch rule.kind {
            case .cellOvervoltage: judge(rule, highest)
            case .cellUndervoltage: judge(rule, lowest)
            case .packOvervoltage, .packUndervoltage: judge(rule, pack.voltage)
            case .mosfetOvertemperature: judge(rule, pack.mosfetTemperature)
            default: judge(rule, rule.sign > 0 ? hottest : coldest)
            }
        }
        judge(.chargeOvercurrent, pack.current, limits.chargeCurrent, seconds)
        judge(.dischargeOvercurrent, -pack.current, limits.dischargeCurrent, seconds)
        if pack.stateOfCharge < 0.05 { warnings.insert(.stateOfChargeLow) }
    }

    private mutating func judge(_ rule: Rule, _ value: Double) {
        if rule.warns(value) { warnings.insert(rule.kind) }
        if rule.acts(value) {
            raised.insert(rule.kind)
        } else if rule.releases(value) {
            raised.subtract(AlarmSet(rule.kind))
        }
    }

    /// Warns above the limit and acts a fifth above it; a pack without a limit never acts.
    private mutating func judge(
        _ kind: AlarmKind, _ amperes: Double, _ limit: Current, _ seconds: Double
    ) {
        let allowed = Double(limit.milliamperes) / 1000
        guard allowed > 0 else { return }
        if amperes > allowed * 1.02 { warnings.insert(kind) }
        if amperes > allowed * 1.2 {
            raised.insert(kind)
            currentHold[kind] = Self.currentRelease
        } else if let left = currentHold[kind] {
            currentHold[kind] = left > seconds ? left - seconds : nil
            if left <= seconds { raised.subtract(AlarmSet(kind)) }
        }
    }
}
