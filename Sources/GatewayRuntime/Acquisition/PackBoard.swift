import Bank
import Quantities
import Synchronization
import Threads

/// The latest readings of all packs, written by the line threads and copied by the bridge.
///
/// The lock is held for the length of one copy (about 8 kB) and never across a system call, so a
/// line cannot hold up the bridge (rule 6).
final class PackBoard: Sendable {
    /// What the lines know, and when they last told.
    struct Content: Sendable {
        /// All packs by position.
        var packs: PackTable
        /// Counts up with every change.
        var version: UInt64 = 0
    }

    private let content: Mutex<Content>
    /// Raised after every change.
    let changed: WakeSignal
    /// Raised after a change that the bridge must not sleep through.
    ///
    /// That is an alarm, a switch, a limit, or whether a pack counts. Numbers can wait for the next look.
    let urgent: WakeSignal

    /// A board for `count` packs that never answered.
    init(count: Int) throws(ThreadError) {
        content = Mutex(Content(packs: PackTable(count: count)))
        changed = try WakeSignal()
        urgent = try WakeSignal()
    }

    /// Changes one pack's slot and raises the signals.
    func update(_ position: Int, _ change: (inout PackSlot) -> Void) {
        let isUrgent = content.withLock { content in
            let before = Urgency(content.packs[position])
            change(&content.packs[position])
            content.version &+= 1
            return Urgency(content.packs[position]) != before
        }
        changed.raise()
        if isUrgent { urgent.raise() }
    }

    /// Notes a pack's serial number, and what is odd about it.
    ///
    /// Packs are known by their serial number: two units with the same one would be counted twice,
    /// so the later is left out; another number than before means that a pack was exchanged.
    func identify(_ position: Int, as serial: SerialNumber) {
        content.withLock { content in
            let before = content.packs[position].serialNumber
            if before.isKnown, before != serial {
                content.packs[position].findings.insert(.packReplaced)
            } else {  // read again an hour later: the exchange is no news any more
                content.packs[position].findings.subtract(AlarmSet(AlarmKind.packReplaced))
            }
            content.packs[position].serialNumber = serial
            for later in 0..<content.packs.count {
                let number = content.packs[later].serialNumber
                var isDuplicate = false
                for earlier in 0..<later where number.isKnown {
                    if content.packs[earlier].serialNumber == number { isDuplicate = true }
                }
                let duplicate = AlarmSet(AlarmKind.duplicateSerialNumber)
                if isDuplicate {
                    content.packs[later].findings.formUnion(duplicate)
                } else {
                    content.packs[later].findings.subtract(duplicate)
                }
            }
            content.version &+= 1
        }
        changed.raise()
        urgent.raise()
    }

    /// The values of one pack, for a line that was lost and is open again.
    func reading(_ position: Int) -> PackReading {
        content.withLock { $0.packs[position].reading }
    }

    /// A copy of everything at this moment.
    func copy() -> Content { content.withLock { $0 } }
}

/// What of a pack is urgent when it changes.
private struct Urgency: Equatable {
    private let warnings, protections, faults, findings: AlarmSet
    private let states: PackStates
    private let chargeLimit, dischargeLimit: Int32?
    private let isComplete, isImplausible: Bool

    init(_ slot: PackSlot) {
        let reading = slot.reading
        (warnings, protections, faults) = (reading.warnings, reading.protections, reading.faults)
        findings = slot.findings
        states = reading.states
        chargeLimit = reading[.chargeCurrentLimit]
        dischargeLimit = reading[.dischargeCurrentLimit]
        (isComplete, isImplausible) = (slot.isComplete, slot.isImplausible)
    }
}
