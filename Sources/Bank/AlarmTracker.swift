import Quantities

/// An alarm that was raised or cleared.
package struct AlarmChange: Hashable, Sendable {
    /// How bad it is.
    package enum Level: UInt8, CaseIterable, Sendable { case warning, protection, fault }

    /// What is wrong.
    package let kind: AlarmKind
    /// How bad it is.
    package let level: Level
    /// The pack's number from 1; 0 for the bank and the gateway.
    package let pack: UInt8
    /// Raised, or else cleared.
    package let isRaised: Bool
}

/// Compares successive states and tells which alarms were raised and cleared.
///
/// An alarm is raised at once and cleared only after it has been quiet for a while, so that one
/// that flickers makes two events and not two hundred.
package struct AlarmTracker: Sendable {
    private struct Raised {
        let pack: UInt8
        let level: AlarmChange.Level
        let kind: AlarmKind
        var seenAt: Instant
    }

    private let quiet: TimeSpan
    private var raised: [Raised] = []

    /// Clears after `quiet`.
    package init(quiet: TimeSpan = .seconds(5)) { self.quiet = quiet }

    /// The changes since the last call, raised ones first.
    package mutating func update(
        _ state: BankState, _ packs: PackTable, now: Instant
    ) -> [AlarmChange] {
        var changes: [AlarmChange] = []
        var gatewayWarnings = state.warnings
        for position in 0..<packs.count {
            let slot = packs[position]
            let number = UInt8(position + 1)
            gatewayWarnings.subtract(slot.reading.warnings)
            var warnings = slot.reading.warnings.union(slot.findings)
            switch state.packStatus[position] {
            case .silent: warnings.insert(.packSilent)
            case .implausible: warnings.insert(.packImplausible)
            case .waiting, .online: break
            }
            gatewayWarnings.subtract(warnings)
            note(warnings, .warning, number, now, &changes)
            note(slot.reading.protections, .protection, number, now, &changes)
            note(slot.reading.faults, .fault, number, now, &changes)
        }
        note(gatewayWarnings, .warning, 0, now, &changes)
        clear(now, &changes)
        return changes
    }

    /// How many alarms are raised.
    package var count: Int { raised.count }

    private mutating func note(
        _ alarms: AlarmSet, _ level: AlarmChange.Level, _ pack: UInt8, _ now: Instant,
        _ changes: inout [AlarmChange]
    ) {
        guard !alarms.isEmpty else { return }
        for kind in AlarmKind.allCases where alarms.contains(kind) {
            var isKnown = false
            for index in raised.indices
            where raised[index].pack == pack && raised[index].level == level
                && raised[index].kind == kind
            {
                raised[index].seenAt = now
                isKnown = true
            }
            if isKnown { continue }
            raised.append(Raised(pack: pack, level: level, kind: kind, seenAt: now))
            changes.append(AlarmChange(kind: kind, level: level, pack: pack, isRaised: true))
        }
    }

    private mutating func clear(_ now: Instant, _ changes: inout [AlarmChange]) {
        var kept: [Raised] = []
        for alarm in raised {
            if now.since(alarm.seenAt) > quiet {
                changes.append(
                    AlarmChange(
                        kind: alarm.kind, level: alarm.level, pack: alarm.pack, isRaised: false))
            } else {
                kept.append(alarm)
            }
        }
        raised = kept
    }
}
