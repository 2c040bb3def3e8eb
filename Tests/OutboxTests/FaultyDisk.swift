import CFaultyDisk
import Glibc
import Outbox
import TestKit

/// A disk in a folder of its own, to be put under an outbox by its `vfs` name.
final class FaultyDisk {
    /// What happens at the planned operation.
    enum Fault {
        /// The power is cut: nothing reaches the disk any more.
        case cut
        /// Writes stop in the middle and files cannot be made.
        case full
        /// Whatever changes a file fails.
        case readOnly
        /// The call fails.
        case error
        /// A read fails; operations are reads then.
        case readError
    }

    /// What is on the disk when it comes back.
    enum Remains: CustomStringConvertible {
        /// Synced content only.
        case syncedOnly
        /// Some of what was not synced, whole or torn between sectors, chosen by a seed.
        case some(seed: UInt64)
        /// Everything: the process was killed and the power stayed.
        case all

        var description: String {
            switch self {
            case .syncedOnly: "synced only"
            case .some(let seed): "some, seed \(seed)"
            case .all: "all"
            }
        }
    }

    let folder: TemporaryDirectory
    /// The name to open an outbox with.
    let vfs: String
    private let disk: OpaquePointer

    init(seed: UInt64) throws {
        folder = try TemporaryDirectory("disk")
        vfs = "faulty-\(folder.path)"
        guard let disk = cfaultydisk_make(vfs, folder.path, seed) else {
            throw TestKitError.missing(part: "a faulty disk", remedy: "SQLite refused it")
        }
        self.disk = disk
    }

    deinit { cfaultydisk_end(disk) }

    /// The outbox of the folder.
    var path: String { folder.file("outbox.db") }

    /// Plans the cut at operation `number`, counted from now, the first is 1.
    func cut(at number: Int64) { plan(.cut, at: number) }

    /// Plans a full disk at operation `number` for `count` operations.
    func full(at number: Int64, count: Int64 = 1) { plan(.full, at: number, count: count) }

    /// Plans a fault at operation `number`, counted from now, for `count` operations.
    func plan(_ fault: Fault, at number: Int64, count: Int64 = 1) {
        let planned: cfaultydisk_fault =
            switch fault {
            case .cut: CFAULTYDISK_CUT
            case .full: CFAULTYDISK_FULL
            case .readOnly: CFAULTYDISK_READ_ONLY
            case .error: CFAULTYDISK_ERROR
            case .readError: CFAULTYDISK_READ_ERROR
            }
        cfaultydisk_plan(disk, planned, number, count)
    }

    /// The plan is over; counters begin again.
    func mend() { cfaultydisk_plan(disk, CFAULTYDISK_CUT, 0, 0) }

    /// Whether the planned fault was met.
    var isMet: Bool { cfaultydisk_met(disk) != 0 }
    /// Writes, syncs, truncations, deletions and files made since the plan.
    var operations: Int64 { cfaultydisk_count(disk, CFAULTYDISK_OPERATIONS) }
    var reads: Int64 { cfaultydisk_count(disk, CFAULTYDISK_READS) }
    var writes: Int64 { cfaultydisk_count(disk, CFAULTYDISK_WRITES) }
    var syncs: Int64 { cfaultydisk_count(disk, CFAULTYDISK_SYNCS) }
    var bytesWritten: Int64 { cfaultydisk_count(disk, CFAULTYDISK_BYTES) }

    /// Puts the folder into the state after the cut; all files must be closed.
    func settle(_ remains: Remains) throws {
        let code =
            switch remains {
            case .syncedOnly: cfaultydisk_settle(disk, CFAULTYDISK_SYNCED_ONLY, 0)
            case .some(let seed): cfaultydisk_settle(disk, CFAULTYDISK_SOME, seed)
            case .all: cfaultydisk_settle(disk, CFAULTYDISK_ALL, 0)
            }
        guard code == 0 else {
            throw TestKitError.system(
                operation: "settle the faulty disk", code: code,
                text: String(cString: strerror(code)))
        }
    }

    /// Takes everything off the disk; all files must be closed.
    func erase() throws {
        // what was settled is forgotten with the next plan
        try settle(.syncedOnly)
        mend()
        try settle(.syncedOnly)
        mend()
    }

    /// Folds the log back into the database; false when the disk does not let it.
    func checkpoint() -> Bool { cfaultydisk_checkpoint(disk, path) == 0 }

    /// Opens the outbox of the folder.
    func open(budget: Int64 = 64 << 20) throws(OutboxError) -> Outbox {
        try Outbox(path: path, budgetBytes: budget, wallMilliseconds: 1_000, vfs: vfs)
    }
}
