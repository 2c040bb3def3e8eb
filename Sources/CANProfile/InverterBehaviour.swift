import Bank
import CANBus

/// How an inverter behaves towards a battery, for the simulated counterpart.
package struct InverterBehaviour: Sendable {
    /// A frame the inverter sends.
    package struct Sending: Sendable {
        /// The frame with its bytes.
        package let frame: CANFrame
        /// How often, in milliseconds; nil when it is an answer.
        package let cycleMilliseconds: Int?
        /// The frame it answers; nil when it comes by itself.
        package let answers: CANIdentifier?
    }

    /// What a missing frame does.
    package enum TimeoutReaction: String, CaseIterable, Sendable {
        /// Switches off.
        case trip
        /// Falls back to its own limits.
        case defaults
        /// Nothing.
        case none
    }

    /// What zero currents do.
    package enum ZeroCurrents: String, CaseIterable, Sendable {
        /// The current ends.
        case stops
        /// They count as no value.
        case ignored
    }

    /// What a charge voltage of zero does.
    package enum ZeroChargeVoltage: String, CaseIterable, Sendable {
        /// It counts as no value.
        case ignored
        /// The battery is emptied at full power.
        case dumps
    }

    /// What a charge voltage below the battery's own does.
    package enum ChargeVoltageBelowActual: String, CaseIterable, Sendable {
        /// Charging ends.
        case ignored
        /// The battery is emptied down to it.
        case discharges
    }

    /// What it sends.
    package var sends: [Sending] = []
    /// Frames without which it does not work.
    package var requires: [CANIdentifier] = []
    /// How long each of them may be missing.
    package var timeoutSeconds = 5
    /// What a missing one does.
    package var timeoutReaction = TimeoutReaction.trip
    /// The values it takes, in V, A, %; one outside is dropped and the last good one holds.
    package var accepts: [(value: BankValue, range: ClosedRange<Double>)] = []
    /// What zero currents do.
    package var zeroCurrents = ZeroCurrents.stops
    /// What a charge voltage of zero does.
    package var zeroChargeVoltage = ZeroChargeVoltage.ignored
    /// What a charge voltage below the battery's own does.
    package var chargeVoltageBelowActual = ChargeVoltageBelowActual.ignored
    /// Whether frames of other than eight bytes are dropped.
    package var wantsAllLengths8 = false
    /// Whether it answers nothing before its own first poll.
    package var startsAfterPoll = false
    /// Whether the profile says anything of it.
    package var isGiven = false

    /// An inverter of which nothing is said.
    package init() {}
}
