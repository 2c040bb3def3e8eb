import Bank

/// What the system does by itself while an alarm stands; the raw value is the key of its words.
package enum AlarmConsequence: String, CaseIterable, Sendable {
    /// Nothing changes.
    case none
    /// The bank works on, and tapers its limits as values near their ends.
    case watched
    /// The pack adds nothing to the charge limit.
    case noCharge = "no_charge"
    /// The pack adds nothing to the discharge limit.
    case noDischarge = "no_discharge"
    /// The pack adds nothing to either limit.
    case neither
    /// Nothing the pack says is counted on.
    case leftOut = "left_out"
    /// The bank stops, if the inverter profile asks for it.
    case bankStopped = "bank_stopped"
    /// No frame reaches the inverter.
    case notTold = "not_told"
    /// Records wait in the outbox.
    case kept
    /// The gateway went back to what it ran before.
    case setBack = "set_back"

    /// What follows from an event, by the rules with which the bank itself decides.
    package init(code: String, level: String) {
        if let kind = AlarmKind.allCases.first(where: { $0.code == code }) {
            self.init(kind, isBlocking: level == "protection" || level == "fault")
            return
        }
        switch code {
        case "update_reverted": self = .setBack
        case "gateway_silent", "clock_suspect", "identity_unusable", "identity_refused",
            "identity_renewal_overdue":
            self = .kept
        default: self = .none
        }
    }

    private init(_ kind: AlarmKind, isBlocking: Bool) {
        switch kind {
        case .packSilent, .packImplausible, .duplicateSerialNumber: self = .leftOut
        case .packReplaced, .foreignMaster: self = .none
        case .inverterSilent, .inverterRequest: self = .bankStopped
        case .busDown: self = .notTold
        default:
            let stopsCharge = isBlocking && AlarmSet.blockingCharge.contains(kind)
            let stopsDischarge = isBlocking && AlarmSet.blockingDischarge.contains(kind)
            self =
                switch (stopsCharge, stopsDischarge) {
                case (true, true): .neither
                case (true, false): .noCharge
                case (false, true): .noDischarge
                case (false, false): .watched
                }
        }
    }
}
