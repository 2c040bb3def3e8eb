import Bank
import Quantities
import StrictJSON

/// What is plausible for a pack of 48 V, overridden by the map where it knows better.
struct PlausibilityTable {
    struct Bounds {
        var minimum = Int32.min + 1
        var maximum = Int32.max
        var dropsBlock = false
        var jump: Int32 = 0
        var jumpSpan = TimeSpan.seconds(10)
    }

    private var signals: [PackSignal: Bounds] = [
        .voltage: Bounds(minimum: 30_000, maximum: 65_000, dropsBlock: true),
        .current: Bounds(minimum: -1_000_000, maximum: 1_000_000, dropsBlock: true),
        .stateOfCharge: Bounds(minimum: 0, maximum: 10_500, dropsBlock: true),
        .stateOfHealth: Bounds(minimum: 0, maximum: 12_000, dropsBlock: false),
        .mosfetTemperature: Bounds(minimum: -500, maximum: 1500, dropsBlock: false),
        .ambientTemperature: Bounds(minimum: -500, maximum: 1500, dropsBlock: false),
    ]
    private var cell = Bounds(minimum: 1_000, maximum: 4_500, dropsBlock: true)
    private var probe = Bounds(minimum: -500, maximum: 1_500, dropsBlock: false)

    init() {}

    init(_ section: JSONSection?) {
        guard var section else { return }
        for name in section.names() {
            guard var entry = section.section(name) else { continue }
            if name == "cell" {
                cell.read(&entry, factor: 1000)
            } else if name == "probe" {
                probe.read(&entry, factor: 10)
            } else if let word = MapWords.signals.first(where: { $0.name == name }) {
                var bounds = signals[word.signal] ?? Bounds()
                bounds.read(&entry, factor: word.factor)
                signals[word.signal] = bounds
            } else {
                section.fault(name, "is no signal, nor 'cell' or 'probe'")
            }
            entry.finish()
        }
    }

    func gate(_ target: ValueTarget) -> ValueGate {
        let bounds =
            switch target {
            case .signal(let signal): signals[signal] ?? Bounds()
            case .cell: cell
            case .probe: probe
            }
        return ValueGate(
            minimum: bounds.minimum, maximum: bounds.maximum, jump: bounds.jump,
            jumpSpan: bounds.jumpSpan, dropsBlock: bounds.dropsBlock)
    }
}

extension PlausibilityTable.Bounds {
    fileprivate mutating func read(_ section: inout JSONSection, factor: Int64) {
        if let value = section.number("min").flatMap({ Self.units($0, factor) }) { minimum = value }
        if let value = section.number("max").flatMap({ Self.units($0, factor) }) { maximum = value }
        if let action = section.word(
            "action", [("drop_block", true), ("drop_value", false)], default: dropsBlock)
        {
            dropsBlock = action
        }
        if let value = section.number("jump") {
            jump = Self.units(value, factor) ?? 0
            if jump <= 0 { section.fault("jump", "is no change above zero that can be told") }
        }
        if let seconds = section.integer("jump_s", in: 1...3600) {
            jumpSpan = .seconds(Int64(seconds))
            if section.item("jump") == nil { section.fault("jump_s", "stands without 'jump'") }
        }
        if minimum > maximum { section.fault("max", "is below 'min'") }
    }

    private static func units(_ number: JSONNumber, _ factor: Int64) -> Int32? {
        guard let millionths = number.scaled(by: 6) else { return nil }
        return Int32(saturating: millionths.multipliedSaturated(by: factor) / 1_000_000)
    }
}

extension PackLimits {
    /// Reads a map's `limits`; what it does not say keeps the careful value.
    init(_ section: JSONSection?) {
        self.init()
        guard var section else { return }
        func amperes(_ key: String, _ fallback: Current) -> Current {
            section.thousandths(key, in: 0...1000).map(Current.init(units:)) ?? fallback
        }
        func volts(_ key: String, _ fallback: Voltage) -> Voltage {
            section.thousandths(key, in: 0...70).map(Voltage.init(units:)) ?? fallback
        }
        func degrees(_ key: String, _ fallback: Temperature) -> Temperature {
            section.thousandths(key, in: -50...100).map { Temperature(units: $0 / 100) } ?? fallback
        }
        chargeCurrent = amperes("charge_current_a", chargeCurrent)
        dischargeCurrent = amperes("discharge_current_a", dischargeCurrent)
        chargeVoltage = volts("charge_voltage_v", chargeVoltage)
        dischargeVoltage = volts("discharge_voltage_v", dischargeVoltage)
        publishesCurrentLimits = section.bool("published_by_pack", default: false)
        cellMaximum = volts("cell_maximum_v", cellMaximum)
        cellMinimum = volts("cell_minimum_v", cellMinimum)
        cellTaper = volts("cell_taper_v", cellTaper)
        chargeTemperatureMinimum = degrees("charge_temperature_min_c", chargeTemperatureMinimum)
        chargeTemperatureMaximum = degrees("charge_temperature_max_c", chargeTemperatureMaximum)
        dischargeTemperatureMinimum = degrees(
            "discharge_temperature_min_c", dischargeTemperatureMinimum)
        dischargeTemperatureMaximum = degrees(
            "discharge_temperature_max_c", dischargeTemperatureMaximum)
        section.finish()
    }
}
