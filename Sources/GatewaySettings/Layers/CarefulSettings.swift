/// A value of the fleet that would be less careful than the site's, and so does not count.
package struct HeldSetting: Hashable, Sendable, CustomStringConvertible {
    /// The key.
    package let key: String
    /// What the fleet asks for.
    package let asked: String
    /// What counts.
    package let kept: String
    /// The layer that holds it back.
    package let layer: SettingLayer

    /// `'bank.charge_current_limit_a' stays 50, the fleet asks 100, file holds it back`.
    package var description: String {
        "'\(key)' stays \(kept), the fleet asks \(asked), \(layer.rawValue) holds it back"
    }
}

/// Takes the more careful of the site's value and the fleet's (rule 2).
///
/// The site's value is the file's or, where the file is silent, the built-in one. A document for a
/// thousand homes may name one ceiling for all, so a value that one home does not take is not a fault
/// of the document: it is held back and reported. Which way is careful:
///
/// | Keys | Careful is |
/// | --- | --- |
/// | charge and discharge current, of bank and pack; charge voltage | lower |
/// | discharge voltage | higher: the bank is emptied less |
/// | `minimum_packs` | higher: more packs must answer before the inverter may work |
/// | `start_wait_s` | longer: nothing is sent before, unless all packs answer |
/// | `value_limit_s`, `cell_limit_s` | shorter: old values cease to count earlier |
/// | `rise_a_per_s` | slower |
/// | `inverter.keep_alive` | `stop`, then `profile`, `report`, `off` |
struct CarefulSettings {
    let site: GatewayConfiguration
    let siteLayers: [String: SettingLayer]
    private(set) var result: GatewayConfiguration
    private(set) var held: [HeldSetting] = []

    /// `asked` has the fleet's values over the site's.
    init(
        _ asked: GatewayConfiguration, site: GatewayConfiguration,
        siteLayers: [String: SettingLayer]
    ) {
        self.site = site
        self.siteLayers = siteLayers
        result = asked
        keepCeilings()
        keepTimes()
        keepKeepAlive()
    }

    private mutating func keepCeilings() {
        keep("charge_current_limit_a", \.chargeCurrentLimit, min)
        keep("discharge_current_limit_a", \.dischargeCurrentLimit, min)
        keep("charge_voltage_limit_v", \.chargeVoltageLimit, min)
        keep("discharge_voltage_limit_v", \.dischargeVoltageLimit, max)
        keep("pack_charge_current_limit_a", \.packChargeCurrentLimit, min)
        keep("pack_discharge_current_limit_a", \.packDischargeCurrentLimit, min)
    }

    private mutating func keepTimes() {
        keep("minimum_packs", \.minimumPacks, max) { "\($0)" }
        keep("start_wait_s", \.startWaitSeconds, max) { "\($0)" }
        keep("value_limit_s", \.valueLimitSeconds, min) { "\($0)" }
        keep("cell_limit_s", \.cellLimitSeconds, min) { "\($0)" }
        keep("rise_a_per_s", \.riseMilliamperesPerSecond, min) { ShownValue.thousandths($0).text }
    }

    private mutating func keepKeepAlive() {
        let asked = result.inverter.keepAlive
        let own = site.inverter.keepAlive
        guard asked.care < own.care else { return }
        result.inverter.keepAlive = own
        hold("inverter.keep_alive", asked: asked.rawValue, kept: own.rawValue)
    }

    /// A ceiling that may be absent: then the site sets none and the fleet may.
    private mutating func keep(
        _ key: String, _ place: WritableKeyPath<BankSettings, Int32?>,
        _ careful: (Int32, Int32) -> Int32
    ) {
        guard let own = site.bank[keyPath: place] else { return }
        let asked = result.bank[keyPath: place] ?? own
        let kept = careful(own, asked)
        result.bank[keyPath: place] = kept
        guard kept != asked else { return }
        hold(
            "bank.\(key)", asked: ShownValue.thousandths(asked).text,
            kept: ShownValue.thousandths(kept).text)
    }

    private mutating func keep<Value: Comparable>(
        _ key: String, _ place: WritableKeyPath<BankSettings, Value>,
        _ careful: (Value, Value) -> Value, _ words: (Value) -> String
    ) {
        let asked = result.bank[keyPath: place]
        let kept = careful(site.bank[keyPath: place], asked)
        result.bank[keyPath: place] = kept
        if kept != asked { hold("bank.\(key)", asked: words(asked), kept: words(kept)) }
    }

    private mutating func hold(_ key: String, asked: String, kept: String) {
        held.append(
            HeldSetting(key: key, asked: asked, kept: kept, layer: siteLayers[key] ?? .builtIn))
    }
}

extension InverterSettings.KeepAlive {
    /// How careful it is; what the profile says is unknown here and counts as nearly the most.
    fileprivate var care: Int {
        switch self {
        case .off: 0
        case .report: 1
        case .profile: 2
        case .stop: 3
        }
    }
}
