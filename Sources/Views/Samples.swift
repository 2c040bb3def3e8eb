/// The bank as a whole at one moment.
///
/// Unknown is nil. Positive current charges.
package struct BankSample: Hashable, Sendable {
    /// `starting`, `running` or `stopped`.
    package var mode = ""
    /// Packs that belong to the bank, and those that answer.
    package var packsConfigured: Int32 = 0, packsOnline: Int32 = 0
    /// Mean voltage, mV.
    package var millivolts: Int32?
    /// Sum of the currents, mA.
    package var milliamperes: Int32?
    /// Power, W.
    package var watts: Int32?
    /// State of charge and of health, 0.01 %.
    package var stateOfCharge: Int32?, stateOfHealth: Int32?
    /// Charge left and when full, mAh.
    package var remaining: Int64?, full: Int64?
    /// Mean, highest and lowest cell temperature, 0.1 °C.
    package var temperatureMean: Int32?, temperatureMaximum: Int32?, temperatureMinimum: Int32?
    /// Highest and lowest cell voltage, mV.
    package var cellMaximum: Int32?, cellMinimum: Int32?
    /// What the inverter is told: voltages mV, currents mA, and the rule that set each current.
    package var chargeVoltage: Int32?, dischargeVoltage: Int32?
    package var chargeCurrent: Int32?, dischargeCurrent: Int32?
    package var chargeRule = "", dischargeRule = ""
    /// The pack that the rule looked at, from 1, and its cell; nil when it was the bank as a whole.
    package var chargePack: Int32?, chargeCell: Int32?
    package var dischargePack: Int32?, dischargeCell: Int32?
    /// Codes of the alarms that are up, each group joined by commas.
    package var warnings = "", protections = "", faults = ""
    /// The CAN profile, `unseen`, `present` or `silent`, and the state of the bus.
    package var profile = "", keepAlive = "", bus = ""
    /// Frames that the bus took and gave since the gateway's program began.
    package var framesSent: Int64?, framesReceived: Int64?

    /// A sample of which nothing is known.
    package init() {}
}

/// One pack at one moment.
///
/// Unknown is nil. Positive current charges.
package struct PackSample: Hashable, Sendable {
    /// The pack's number in its bank, from 1.
    package var pack: Int32
    /// Its serial number; nil while it was not read.
    package var serial: String?
    /// `waiting`, `online`, `silent` or `implausible`.
    package var status = ""
    /// How old the values are, ms; nil when they were never read.
    package var ageMilliseconds: Int64?
    /// Voltage, mV.
    package var millivolts: Int32?
    /// Current, mA.
    package var milliamperes: Int32?
    /// State of charge and of health, 0.01 %.
    package var stateOfCharge: Int32?, stateOfHealth: Int32?
    /// Charge left and when full, mAh.
    package var remaining: Int32?, full: Int32?
    /// Charge cycles.
    package var cycles: Int32?
    /// Cell voltages in order, mV; a cell that was not read is nil.
    package var cells: [Int16?] = []
    /// Cell temperatures in order, 0.1 °C.
    package var probes: [Int16?] = []
    /// Temperatures of the switches and of the surroundings, 0.1 °C.
    package var mosfetTemperature: Int32?, ambientTemperature: Int32?
    /// Bit n is set while cell n + 1 is balanced.
    package var balancing: Int64 = 0
    /// Whether the switches are on; nil when the pack does not tell.
    package var chargeSwitch: Bool?, dischargeSwitch: Bool?
    /// Codes of the alarms that are up, each group joined by commas.
    package var warnings = "", protections = "", faults = ""

    /// A sample of which only the pack's number is known.
    package init(pack: Int32) { self.pack = pack }
}
