/// The single values a pack may report, each in one fixed unit.
///
/// A pack map converts its registers to these units and signs; everything above knows no others.
package enum PackSignal: UInt8, CaseIterable, Sendable {
    /// Terminal voltage, mV.
    case voltage
    /// Terminal current, mA, positive charges.
    case current
    /// State of charge, 0.01 %.
    case stateOfCharge
    /// State of health, 0.01 %.
    case stateOfHealth
    /// Charge left, mAh.
    case remainingCapacity
    /// Charge when full, mAh.
    case fullCapacity
    /// Charge when new, mAh.
    case designCapacity
    /// Charge cycles, count.
    case cycles
    /// Charge delivered over the pack's life, Ah.
    case lifetimeDischarge
    /// Highest charge voltage the pack asks for, mV.
    case chargeVoltageLimit
    /// Lowest discharge voltage the pack asks for, mV.
    case dischargeVoltageLimit
    /// Largest charge current the pack allows, mA, never negative.
    case chargeCurrentLimit
    /// Largest discharge current the pack allows, mA, never negative.
    case dischargeCurrentLimit
    /// Power stage (MOSFET) temperature, 0.1 °C.
    case mosfetTemperature
    /// Ambient temperature inside the pack, 0.1 °C.
    case ambientTemperature
    /// Mean cell voltage as reported, mV.
    case cellVoltageMean
    /// Highest cell voltage as reported, mV; used where the cells themselves are not read.
    case cellVoltageMaximum
    /// Lowest cell voltage as reported, mV; used where the cells themselves are not read.
    case cellVoltageMinimum
    /// Mean cell temperature as reported, 0.1 °C.
    case cellTemperatureMean
    /// Highest cell temperature as reported, 0.1 °C.
    case cellTemperatureMaximum
    /// Lowest cell temperature as reported, 0.1 °C.
    case cellTemperatureMinimum

    /// How many signals there are.
    package static var count: Int { 21 }
}
