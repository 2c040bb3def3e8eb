import Bank
import Quantities
import Synchronization

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
    /// Raised after every change; the bridge waits on it.
    let changed: WakeSignal

    /// A board for `count` packs that never answered.
    init(count: Int) throws(ThreadError) {
        content = Mutex(Content(packs: PackTable(count: count)))
        changed = try WakeSignal()
    }

    /// Changes one pack's slot and wakes the bridge.
    func update(_ position: Int, _ change: (inout PackSlot) -> Void) {
        content.withLock { content in
            change(&content.packs[position])
            content.version &+= 1
        }
        changed.raise()
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
    }

    /// The values of one pack, for a line that was lost and is open again.
    func reading(_ position: Int) -> PackReading {
        content.withLock { $0.packs[position].reading }
    }

    /// A copy of everything at this moment.
    func copy() -> Content { content.withLock { $0 } }
}
