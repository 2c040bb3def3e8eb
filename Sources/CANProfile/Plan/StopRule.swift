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
        /// Nothing is sent.
        case silence
    }

    /// Which limits stand in the frames.
    package var limits: Limits
    /// Which charge voltage stands beside zero currents.
    package var chargeVoltage: ChargeVoltage
    /// How long stop frames are sent before the bus falls silent.
    ///
    /// The inverter's own supervision then acts. Zero is silence at once.
    package var silenceAfter: TimeSpan

    /// Joins all three; `silence` needs no time.
    package init(limits: Limits, chargeVoltage: ChargeVoltage = .keep, silenceAfter: TimeSpan) {
        self.limits = limits
        self.chargeVoltage = chargeVoltage
        self.silenceAfter = limits == .silence ? .zero : silenceAfter
    }

    /// Changes the values of a stopped bank into what the inverter shall read.
    package func apply(to values: inout BankValues) {
        values[.chargeEnabled] = 0
        values[.dischargeEnabled] = 0
        values[.forceCharge] = 0
        values[.fullChargeRequest] = 0
        values[.stopped] = 1
        values[.alarmLevel] = 3
        values.warnings.insert(.internalCommunicationFault)
        values.faults.insert(.internalCommunicationFault)
        for position in 0..<PackTable.maximumPacks {
            values[.packChargeCurrentLimit, pack: position] = 0
            values[.packDischargeCurrentLimit, pack: position] = 0
        }
        switch limits {
        case .zeroCurrents, .silence:
            values[.chargeCurrentLimit] = 0
            values[.dischargeCurrentLimit] = 0
            // With no pack left to measure the real limit stays. It is above the packs' own only when
            // the battery already is, and the currents beside it are zero.
            if chargeVoltage == .actual, let actual = values.liftedVoltage {
                values[.chargeVoltageLimit] = actual
            }
        case .tenths:
            values[.chargeVoltageLimit] = 100
            values[.chargeCurrentLimit] = 100
            values[.dischargeCurrentLimit] = 100
        }
    }
}
