import Bank
import Quantities

/// Which charge voltage stands beside a current that is zero.
package enum ChargeVoltage: UInt8, Sendable {
    /// The real limit.
    case keep
    /// The battery's own voltage, so that the inverter neither charges nor empties it.
    case actual
}

/// When a running bank's inverter is told the battery's own voltage for the charge voltage limit.
///
/// Some inverters empty a battery down to a limit below its voltage and heed no discharge limit while
/// they do; others let solar chargers go on up to the limit though the charge current is zero. The
/// battery's own voltage does neither. Rule 2 stands: the limit sent is above that of the packs only
/// where the battery already is, and then the charge current and the permission beside it are zero,
/// so that no charge is ever told to go beyond the packs' limit.
package struct ChargeVoltageRule: Hashable, Sendable {
    /// How far above the limit the battery must be, 0.1 V.
    ///
    /// At the end of a charge a battery is held at its limit, and two meters differ by some hundredths:
    /// without a margin the charge would be forbidden and allowed by turns.
    private static var margin: Int64 { 100 }

    /// What is sent while charging is not allowed.
    package var whileForbidden = ChargeVoltage.keep
    /// Whether a limit below the battery's own voltage forbids charging instead.
    package var neverBelowActual = false

    /// The real limit, whatever happens.
    package init() {}

    /// Changes the values of a running bank into what the inverter shall read.
    ///
    /// With no pack that tells its voltage, or no limit, nothing changes.
    package func apply(to values: inout BankValues) {
        guard let limit = values[.chargeVoltageLimit], let actual = values.actualVoltage,
            let lifted = values.liftedVoltage
        else { return }
        let isAbove = Int64(actual) - Int64(limit) > Self.margin
        let isForbidden = values[.chargeCurrentLimit] == 0 || values[.chargeEnabled] == 0
        if isForbidden, whileForbidden == .actual {
            values[.chargeVoltageLimit] = actual > limit ? lifted : min(lifted, limit)
        } else if isAbove, neverBelowActual {
            values[.chargeVoltageLimit] = lifted
        } else {
            return
        }
        values.forbidCharging()
    }
}

extension BankValues {
    /// The highest pack's voltage, or that of the bank where no pack tells its own; in mV.
    fileprivate var actualVoltage: Int32? {
        guard let actual = self[.packVoltageMaximum] ?? self[.voltage], actual > 0 else {
            return nil
        }
        return actual
    }

    /// The battery's own voltage up to the next 0.1 V, so that no rounding takes it below; in mV.
    var liftedVoltage: Int32? {
        actualVoltage.map { Int32(saturating: (Int64($0) + 99) / 100 * 100) }
    }

    /// No current, of the bank and of every pack, and no permission.
    mutating func forbidCharging() {
        self[.chargeCurrentLimit] = 0
        self[.chargeEnabled] = 0
        for position in 0..<PackTable.maximumPacks {
            self[.packChargeCurrentLimit, pack: position] = 0
        }
    }
}
