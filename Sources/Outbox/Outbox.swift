import Numbering

/// Records waiting for the fleet, in the order they were made.
///
/// 1. A record is on disk before `append` returns.
/// 2. A record's number never repeats in a file; with the file's random epoch it names the record.
/// 3. A record leaves only when it is freed by its number, or evicted and counted.
/// 4. After a cut at any point records may be handed out again, but none is lost and order holds.
/// 6. The file stays within its byte budget: old measurements are thinned, then the oldest go, alarms
///    last; every loss is counted by its reason. A damaged file is set aside, never deleted, and the
///    records that can be read of it go on in a new one.
///
/// One thread owns the outbox; it blocks while the disk does. Readers have connections of their own
/// (`OutboxReader`) and do not disturb it. The article `Outbox` tells why it is built so.
package final class Outbox {
    /// The database file.
    package let path: String
    /// What the pages in use may come to, in bytes.
    package let budgetBytes: Int64
    /// The file that was set aside when this one was begun; nil when there was nothing wrong.
    package private(set) var setAside: SetAsideFile?

    /// Rows freed in one transaction at most, so that a drained backlog never stalls an append.
    private static let freeLimit: Int64 = 1000

    private let vfs: String?
    private let coder = PayloadCoder()
    private let lock: OutboxLock
    private var file: OutboxFile
    private var tally: OutboxTally
    private var reserve: NumberReserve
    /// A transaction failed, and what it wrote may still lie in the log.
    private var hasFailed = false

    /// Opens the outbox at `path`, or begins it; makes its folder (mode 0700) when it is missing.
    ///
    /// A damaged file is set aside and a new one takes over what can be read of it, which `setAside`
    /// then tells. Takes as long with millions of records as with none, unless there is damage.
    /// `vfs` names the SQLite file layer that the file is reached through; nil, the usual case, is
    /// the system's own.
    package init(
        path: String, budgetBytes: Int64, wallMilliseconds: Int64, vfs: String? = nil
    ) throws(OutboxError) {
        self.path = path
        self.vfs = vfs
        self.budgetBytes = budgetBytes
        try OutboxFolder.make(for: path)
        lock = try OutboxLock(path: path)
        let recovery = OutboxRecovery(path: path, vfs: vfs, wallMilliseconds: wallMilliseconds)
        setAside = try recovery.finish()
        do {
            file = try OutboxFile(path: path, vfs: vfs)
            tally = try OutboxTally(file)
        } catch .damaged(_, _, let detail) {
            setAside = try recovery.replace(reason: detail)
            file = try OutboxFile(path: path, vfs: vfs)
            tally = try OutboxTally(file)
        }
        reserve = try NumberReserve(file)
        if (try? file.counter("budget")) != budgetBytes {
            try? file.setCounter("budget", budgetBytes)  // shown to readers; a full disk may refuse
        }
    }

    deinit { reserve.end(after: tally.next - 1, in: file) }

    /// Numbers that were passed over at opening, because the file had not been closed properly and they
    /// may have been given; nil when it had.
    ///
    /// Says nothing of a loss: after a power cut it is the usual case.
    package var passedOver: ClosedRange<Int64>? { tally.passedOver }

    /// The random number of this file, 1 to 2⁵³ − 1; changes only when a file is begun.
    package var epoch: Int64 { file.epoch }

    /// The number the next appended record will get, so that it can stand in its payload.
    package var nextSequence: Int64 { tally.next }

    /// Records waiting.
    package var depth: Int64 { tally.depth }

    /// Stores records, frees acknowledged ones and sets rejected ones aside, in one transaction with
    /// one sync.
    ///
    /// What was freed is taken out of `acknowledged`; at most 1000 rows go at once, the rest stays
    /// for the next call. Returns the numbers given, nil when `records` is empty. When it throws,
    /// nothing was stored, nothing was freed and no number was used; only when the disk refuses a
    /// sync and the file is opened again before another call succeeds, all of it may be found done.
    @discardableResult
    package func append(
        _ records: [OutboxRecord], freeing acknowledged: inout SequenceRanges,
        rejecting rejections: [Rejection] = []
    ) throws(OutboxError) -> ClosedRange<Int64>? {
        if records.isEmpty, acknowledged.isEmpty, rejections.isEmpty, !tally.hasNews { return nil }
        let packed = records.map { PackedRecord($0, coder) }
        let noun = records.count == 1 ? "record" : "records"
        let operation =
            records.isEmpty ? "free acknowledged records" : "store \(records.count) \(noun)"
        let last = tally.next - 1 + Int64(records.count)
        var rest = acknowledged
        let freed = rest.removeLowest(Self.freeLimit)
        var after = tally
        do {
            if !records.isEmpty, !reserve.covers(last) {
                try reserve.extend(past: last, in: file, operation)
            }
            try file.transaction(operation) { () throws(OutboxError) in
                try after.free(freed, in: file)
                try after.reject(rejections, in: file)
                try after.makeRoom(for: packed, budget: budgetBytes, in: file)
                try after.insert(packed, operation, in: file)
                try after.store(in: file)
            }
        } catch {
            hasFailed = true
            tally.failed()
            throw error
        }
        let first = tally.next
        tally = after
        tally.committed()
        acknowledged = rest
        tidy(hasGiven: !records.isEmpty)
        return records.isEmpty ? nil : first...(tally.next - 1)
    }

    /// Sees to the next numbers in time, and to a log that begins anew after a failure: frames of a
    /// transaction that was taken back would look like frames that were lost.
    private func tidy(hasGiven: Bool) {
        if hasGiven, reserve.runsLow(after: tally.next - 1) {
            try? reserve.extend(past: tally.next - 1, in: file, "store a counter")
        }
        if hasFailed, (try? file.database.checkpoint()) == true { hasFailed = false }
    }

    /// Frees acknowledged records in a transaction of their own; see `append`.
    package func free(_ acknowledged: inout SequenceRanges) throws(OutboxError) {
        try append([], freeing: &acknowledged)
    }

    /// Counts records that never reached the disk; stored with the next transaction that works.
    package func recordLoss(_ reason: LossReason, count: Int64) { tally.lose(reason, count) }

    /// Records lost since the file was begun, by reason; costs no look at the file.
    package var losses: [LossReason: Int64] { tally.losses }

    /// Losses of which a stored record tells, by reason; those found at opening are not among them.
    package var toldLosses: [LossReason: Int64] { tally.told }

    /// The next records stored tell of these losses; when their transaction fails they count as untold.
    package func tellLosses(_ counted: [LossReason: Int64]) { tally.tell(counted) }

    /// What the outbox holds and has lost.
    package func status() throws(OutboxError) -> OutboxStatus {
        try tally.status(of: file, budget: budgetBytes)
    }

    /// Sets a damaged file aside and goes on with a new one, after `append` threw `damaged`.
    ///
    /// Records that can still be read go over to the new file under their numbers, and epoch and
    /// numbering go on, so that each stays the record it was. Losses counted so far are kept; records
    /// that cannot be read are counted as lost to `damaged`. Takes as long as reading the file. When
    /// it throws, the damaged file is still in its place.
    @discardableResult
    package func startOver(wallMilliseconds: Int64) throws(OutboxError) -> SetAsideFile {
        let recovery = OutboxRecovery(path: path, vfs: vfs, wallMilliseconds: wallMilliseconds)
        let known = OutboxRecovery.Known(
            epoch: file.epoch, next: tally.next, depth: tally.depth, losses: tally.losses,
            told: tally.told)
        let moved = try recovery.replace(reason: "found damaged while running", known: known)
        setAside = moved
        file = try OutboxFile(path: path, vfs: vfs)
        tally = try OutboxTally(file)
        reserve = try NumberReserve(file)
        return moved
    }
}
