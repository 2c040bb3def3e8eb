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

    /// Which charge voltage stands beside zero currents.
    package enum ChargeVoltage: UInt8, Sendable {
        /// The real limit.
        case keep
        /// The battery's own voltage, so that the inverter neither charges nor empties it.
        case actual
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
            if chargeVoltage == .actual { useActualVoltage(&values) }
        case .tenths:
            values[.chargeVoltageLimit] = 100
            values[.chargeCurrentLimit] = 100
            values[.dischargeCurrentLimit] = 100
        }
    }

    /// The highest pack's voltage, up to the next 0.1 V, so that no rounding takes it below.
    ///
    /// An inverter empties a battery whose voltage is above the limit. With no pack left to measure
    /// the real limit stays. This is the one case in which the limit may be above the packs' own:
    /// when the battery already is, and the currents beside it are zero.
    private func useActualVoltage(_ values: inout BankValues) {
        guard let measured = values[.packVoltageMaximum] ?? values[.voltage], measured > 0 else {
            return
        }
        let tenths = (Int64(measured) + 99) / 100 * 100
        values[.chargeVoltageLimit] = Int32(saturating: tenths)
    }
}
