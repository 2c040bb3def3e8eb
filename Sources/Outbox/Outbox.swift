import Numbering

/// Records waiting for the fleet, in the order they were made.
///
/// 1. A record is on disk before `append` returns.
/// 2. A record's number never repeats in a file; with the file's random epoch it names the record.
/// 3. A record leaves only when it is freed by its number, or evicted and counted.
/// 4. After a cut at any point records may be handed out again, but none is lost and order holds.
/// 6. The file stays within its byte budget: old measurements are thinned, then the oldest go, alarms
///    last; every loss is counted by its reason. A damaged file is set aside, never deleted.
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

    /// Opens the outbox at `path`, or begins it; makes its folder (mode 0700) when it is missing.
    ///
    /// A damaged file is set aside and a new one begun, which `setAside` then tells. Takes as long
    /// with millions of records as with none. `vfs` names the SQLite file layer that the file is
    /// reached through; nil, the usual case, is the system's own.
    package init(
        path: String, budgetBytes: Int64, wallMilliseconds: Int64, vfs: String? = nil
    ) throws(OutboxError) {
        self.path = path
        self.vfs = vfs
        self.budgetBytes = budgetBytes
        try OutboxFolder.make(for: path)
        lock = try OutboxLock(path: path)
        do {
            file = try OutboxFile(path: path, vfs: vfs)
            tally = try OutboxTally(file)
        } catch .damaged(_, _, let detail) {
            setAside = try SetAsideFile.move(path, wallMilliseconds: wallMilliseconds, detail)
            file = try OutboxFile(path: path, vfs: vfs)
            tally = try OutboxTally(file)
        }
        if (try? file.counter("budget")) != budgetBytes {
            try? file.setCounter("budget", budgetBytes)  // shown to readers; a full disk may refuse
        }
    }

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
    /// nothing was stored, nothing was freed and no number was used.
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
        var rest = acknowledged
        let freed = rest.removeLowest(Self.freeLimit)
        var after = tally
        try file.transaction(operation) { () throws(OutboxError) in
            try after.free(freed, in: file)
            try after.reject(rejections, in: file)
            try after.makeRoom(for: packed, budget: budgetBytes, in: file)
            try after.insert(packed, operation, in: file)
            try after.store(in: file)
        }
        let first = tally.next
        tally = after
        tally.committed()
        acknowledged = rest
        return records.isEmpty ? nil : first...(tally.next - 1)
    }

    /// Frees acknowledged records in a transaction of their own; see `append`.
    package func free(_ acknowledged: inout SequenceRanges) throws(OutboxError) {
        try append([], freeing: &acknowledged)
    }

    /// Counts records that never reached the disk; stored with the next transaction that works.
    package func recordLoss(_ reason: LossReason, count: Int64) { tally.lose(reason, count) }

    /// Records lost since the file was begun, by reason; costs no look at the file.
    package var losses: [LossReason: Int64] { tally.losses }

    /// What the outbox holds and has lost.
    package func status() throws(OutboxError) -> OutboxStatus {
        try tally.status(of: file, budget: budgetBytes)
    }

    /// Sets a damaged file aside and goes on with a new one, after `append` threw `damaged`.
    ///
    /// Numbering goes on where it was, so that an acknowledgement still on its way cannot free a
    /// record of the new file. Losses counted so far are kept; the records left in the old file are
    /// counted as lost to `damaged`.
    @discardableResult
    package func startOver(wallMilliseconds: Int64) throws(OutboxError) -> SetAsideFile {
        let moved = try SetAsideFile.move(
            path, wallMilliseconds: wallMilliseconds, "found damaged while running")
        setAside = moved
        file = try OutboxFile(path: path, vfs: vfs)
        tally.startOver()
        var nothing = SequenceRanges()
        try append([], freeing: &nothing)
        return moved
    }
}
