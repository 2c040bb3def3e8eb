import Glibc

/// Puts a new file in the place of a damaged one and carries over what can be read.
///
/// A cut at any point leaves the damaged file in its place or the new one complete: the new file is
/// built under a name of its own (`.rescue`), named `.rescued` when it is complete and synced, and
/// takes the place after the damaged one was renamed. `finish` goes on from there.
struct OutboxRecovery {
    /// What the running outbox knows better than the file.
    struct Known {
        let epoch: Int64
        let next: Int64
        let depth: Int64
        let losses: [LossReason: Int64]
        let told: [LossReason: Int64]
    }

    /// Numbers that are passed over when the highest number given cannot be read.
    ///
    /// More than any gateway gives in its life at a hundred records a second, and two million such
    /// leaps fit into 53 bits.
    private static let leap: Int64 = 1 << 32
    /// Rows of one transaction; the log of the new file stays small.
    private static let rowsAtOnce = 1000

    let path: String
    let vfs: String?
    let wallMilliseconds: Int64

    private var building: String { path + ".rescue" }
    private var view: String { path + ".view" }
    private var complete: String { path + ".rescued" }

    /// Ends what a cut interrupted, before the file is opened.
    ///
    /// A log beside an empty or missing file is put aside too: SQLite would delete it. A log that lost
    /// transactions is put aside with its file: SQLite would drop what follows the damage.
    func finish() throws(OutboxError) -> SetAsideFile? {
        let isOrphaned =
            OutboxFolder.size(path) == 0 && OutboxFolder.size(path + "-wal") > 0
        guard access(complete, F_OK) == 0 else {
            guard isOrphaned else {
                guard let damage = OutboxLogDamage(path: path) else { return nil }
                return try replace(reason: damage.reason, log: damage)
            }
            let target = SetAsideFile.freeName(path, wallMilliseconds: wallMilliseconds)
            try SetAsideFile.move(path, to: target)
            return SetAsideFile(
                path: target, reason: "its log has no file", recovered: 0, lost: 0)
        }
        let target = SetAsideFile.freeName(path, wallMilliseconds: wallMilliseconds)
        try takePlace(target)
        return nil
    }

    /// Builds the new file, renames the damaged one and puts the new one in its place.
    ///
    /// On a full disk the new file begins empty: the rows stay in the file that was set aside. `log`
    /// tells what is wrong with the log, when it is the log.
    func replace(
        reason: String, known: Known? = nil, log: OutboxLogDamage? = nil
    ) throws(OutboxError) -> SetAsideFile {
        if access(complete, F_OK) == 0 { unlink(complete) }
        OutboxLogDamage.remove(view)
        defer { OutboxLogDamage.remove(view) }
        // what the file alone knows came before the log
        let folded = log?.mend(path, at: view, hasLog: false).flatMap {
            OutboxSalvage(path: $0, vfs: vfs).highest
        }
        let source = log?.mend(path, at: view) ?? path
        let result: (recovered: Int64, lost: Int64)
        do {
            result = try build(source, known, log, folded, carriesRows: true)
        } catch .diskFull {
            result = try build(source, known, log, folded, carriesRows: false)
        }
        let operation = "complete the rescued file"
        guard OutboxFolder.size(building + "-wal") == 0 else {
            throw .failed(
                path: path, operation: operation, detail: "its log could not be folded in")
        }
        unlink(building + "-wal")
        try OutboxFolder.rename(building, to: complete, of: path, operation)
        OutboxFolder.sync(around: path)
        let target = SetAsideFile.freeName(path, wallMilliseconds: wallMilliseconds)
        try takePlace(target)
        return SetAsideFile(
            path: target, reason: reason, recovered: result.recovered, lost: result.lost)
    }

    private func takePlace(_ target: String) throws(OutboxError) {
        try SetAsideFile.move(path, to: target)
        try OutboxFolder.rename(complete, to: path, of: path, "put the rescued file in place")
        OutboxFolder.sync(around: path)
    }

    private func build(
        _ source: String, _ known: Known?, _ log: OutboxLogDamage?, _ folded: Int64?,
        carriesRows: Bool
    ) throws(OutboxError) -> (recovered: Int64, lost: Int64) {
        // left by a cut or by a full disk; holds copies only
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(building + suffix) }
        let salvage = OutboxSalvage(path: source, vfs: vfs)
        let epoch = known?.epoch ?? salvage.epoch
        let file = try OutboxFile(path: building, vfs: vfs, epoch: epoch)
        var tally = try OutboxTally(file)
        // a document carries its epoch, so without it a row would be another record
        var newer: Int64 = 0
        if carriesRows, epoch != nil {
            newer = try carry(salvage, known, newerThan: folded, into: file, &tally)
        }
        let recovered = tally.depth
        let seen = tally.span
        let highest = max(salvage.highest ?? 0, tally.next - 1)
        if let next = known?.next {
            tally.goOn(at: next)
        } else if let last = salvage.reserved ?? salvage.highest {
            tally.goOn(at: max(last, highest) + 1)
        } else if epoch != nil {
            tally.goOn(at: tally.next + Self.leap)
        }
        // when nobody knows how many there were, the loss is at least not passed over in silence
        let expected = known?.depth ?? salvage.depth ?? max(seen, recovered + 1)
        var lost = max(0, expected - recovered)
        // rows freed since then may be back in the place of lost ones, so each missing one counts
        if let log, !log.isMadeGood, let folded {
            let first = max(folded + 1, tally.oldestAdopted ?? 0)
            lost = max(lost, highest + 1 - first - newer)
        }
        // the numbers written off include those that were given
        if log?.isEndKnown == false { lost += max(1, (salvage.reserved ?? 0) - highest) }
        tally.lose(known?.losses ?? salvage.losses)
        tally.tell(known?.told ?? salvage.told)
        tally.lose(.damaged, lost)
        try file.transaction("count what was lost") { () throws(OutboxError) in
            try tally.store(in: file)
        }
        // closing does it too, but tells nobody when the disk refuses
        try file.database.execute("PRAGMA wal_checkpoint(TRUNCATE)", "complete the rescued file")
        return (recovered, lost)
    }

    /// Stores what can be read; returns how many records have numbers above `folded`.
    private func carry(
        _ salvage: OutboxSalvage, _ known: Known?, newerThan folded: Int64?, into file: OutboxFile,
        _ tally: inout OutboxTally
    ) throws(OutboxError) -> Int64 {
        var newer: Int64 = 0
        var rows: [(Int64, PackedRecord)] = []
        let coder = PayloadCoder()
        var bytes = 0
        var copy = tally
        func flush() throws(OutboxError) {
            try file.transaction("carry records over") { () throws(OutboxError) in
                for (sequence, record) in rows { try copy.adopt(record, sequence, in: file) }
            }
            rows.removeAll(keepingCapacity: true)
            bytes = 0
        }
        try salvage.rows(below: known?.next) { (sequence, record) throws(OutboxError) in
            rows.append((sequence, PackedRecord(record, coder)))
            bytes += record.payload.count
            if let folded, sequence > folded { newer += 1 }
            if rows.count >= Self.rowsAtOnce || bytes >= 1 << 20 { try flush() }
        }
        try flush()
        tally = copy
        try file.transaction("carry rejected records over") { () throws(OutboxError) in
            try salvage.rejected { (recordClass, record) throws(OutboxError) in
                try tally.adopt(record, recordClass, coder, in: file)
            }
        }
        return newer
    }
}
