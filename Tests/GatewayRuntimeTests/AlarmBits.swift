import Bank
import CANBus
import CANProfile

/// The bits with which frames say which alarms stand, and nothing else of them.
struct AlarmBits {
    private var frames: [CANIdentifier: UInt64] = [:]

    /// The newest of each frame; nil when there is none.
    init?(_ heard: [CANFrame], _ profile: CANProfile) {
        for frame in heard { frames[frame.identifier] = frame.bits }
        if frames.isEmpty { return nil }
    }

    /// Whether every bit that tells an alarm is another than it was.
    func shows(
        _ kind: AlarmKind, _ level: AlarmChange.Level, since before: AlarmBits,
        _ profile: CANProfile
    ) -> Bool {
        let masks = Self.masks(kind, level, profile).filter { frames[$0.key] != nil }
        return !masks.isEmpty
            && masks.allSatisfy { id, mask in
                (frames[id, default: 0] ^ before.frames[id, default: 0]) & mask != 0
            }
    }

    /// Which bits of which frames of the bank an alarm alone changes, whatever the limits do.
    static func masks(
        _ kind: AlarmKind, _ level: AlarmChange.Level, _ profile: CANProfile
    ) -> [CANIdentifier: UInt64] {
        var calm = BankValues.everyday
        calm[.alarmLevel] = 0
        var raised = calm
        let set = AlarmSet(kind)
        switch level {
        case .warning: (raised.warnings, raised[.alarmLevel]) = (set, 1)
        case .protection: (raised.protections, raised[.alarmLevel]) = (set, 2)
        case .fault: (raised.faults, raised[.alarmLevel]) = (set, 3)
        }
        var masks: [CANIdentifier: UInt64] = [:]
        for index in profile.plan.frames.indices {
            guard let before = profile.plan.encode(index, calm),
                let after = profile.plan.encode(index, raised), before.bits != after.bits
            else { continue }
            masks[before.identifier, default: 0] |= before.bits ^ after.bits
        }
        return masks
    }
}

extension BankValues {
    /// A bank of one pack of which everything is known and nothing is wrong.
    static var everyday: BankValues {
        var values = BankValues()
        for value in BankValue.allCases where !value.isOfPack { values[value] = 1 }
        (values[.voltage], values[.current]) = (52_000, 1000)
        (values[.chargeVoltageLimit], values[.dischargeVoltageLimit]) = (56_000, 44_800)
        (values[.cellMaximum], values[.cellMinimum]) = (3300, 3290)
        values[.stopped] = 0
        values[.packOnline, pack: 0] = 1
        return values
    }
}
