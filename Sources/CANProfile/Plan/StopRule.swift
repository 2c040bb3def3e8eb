import Bank
import Quantities

/// What an inverter is told when the bank must stop (rule 8), because inverters differ.
package struct StopRule: Hashable, Sendable {
    /// Which limits stand in the frames.
    package enum Limits: UInt8, Sendable {
        /// The last real voltage limits and zero currents.
        case zeroCurrents
        /// 0.1 V and 0.1 A, for inverters that take zero for "no value".
        case tenths
    }

    /// Which limits stand in the frames.
    package var limits: Limits
    /// How long stop frames are sent before the bus falls silent.
    ///
    /// The inverter's own supervision then acts. Zero is silence at once.
    package var silenceAfter: TimeSpan

    /// Joins both.
    package init(limits: Limits, silenceAfter: TimeSpan) {
        self.limits = limits
        self.silenceAfter = silenceAfter
    }

    /// Changes the values of a stopped bank into what the inverter shall read.
    package func apply(to values: inout BankValues) {
        values[.chargeEnabled] = 0
        values[.dischargeEnabled] = 0
        values[.forceCharge] = 0
        values[.fullChargeRequest] = 0
        values.warnings.insert(.internalCommunicationFault)
        values.faults.insert(.internalCommunicationFault)
        switch limits {
        case .zeroCurrents:
            values[.chargeCurrentLimit] = 0
            values[.dischargeCurrentLimit] = 0
        case .tenths:
            values[.chargeVoltageLimit] = 100
            values[.chargeCurrentLimit] = 100
            values[.dischargeCurrentLimit] = 100
        }
    }
}
