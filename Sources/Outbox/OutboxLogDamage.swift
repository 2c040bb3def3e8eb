import Glibc

/// Transactions that a log held when it was synced, and holds no more.
struct OutboxLogDamage {
    /// What is wrong, in words.
    let reason: String
    /// Whether the last transaction is still there, so that the last number given can be read.
    let isEndKnown: Bool
    /// Whether the records can be read as they were, in spite of the damage.
    var isMadeGood: Bool { isEndKnown && log?.isMadeGood == true }
    /// The log as it was found; nil when it is gone.
    private let log: OutboxLog?
    /// The first frame whose page is not in the database file.
    private let first: Int

    /// Looks at the log of the outbox at `path`, before SQLite does; nil when nothing is proved.
    ///
    /// Costs one reading of the log. A database of another program is none of our business.
    init?(path: String) {
        guard Self.isOurs(path) else { return nil }
        // in this order: whoever closes the file properly takes the index away before the log
        let log = OutboxLog(path: path + "-wal")
        var index = OutboxLogIndex(path: path + "-shm")
        if let log, index?.salt != log.salt { index = nil }
        if log == nil, let found = index, found.frames == found.folded { index = nil }
        let believed = log?.believed ?? 0
        let written = log?.written ?? 0
        let known = index?.frames ?? 0
        guard believed < known || log?.provesDamage == true else {
            return nil
        }
        self.log = log
        first = index?.folded ?? 0
        isEndKnown = written >= known
        let whole = max(written, known)
        reason =
            log == nil
            ? "its log is gone, with \(known) frames"
            : "its log is damaged from frame \(believed + 1) of \(whole) on"
    }

    /// Makes a view of the file with every frame that is still whole, at `view`; nil when the file
    /// system or a full disk does not let it, and the caller has to read the file as SQLite sees it.
    ///
    /// The database is linked, not copied; both files are left as they are. Without `hasLog` the view
    /// is that of the file alone.
    func mend(_ path: String, at view: String, hasLog: Bool = true) -> String? {
        Self.remove(view)
        guard link(path, view) == 0 else { return nil }
        guard hasLog, let log else { return view }
        if log.mend(to: view + "-wal", from: first) { return view }
        Self.remove(view)
        return nil
    }

    /// Takes a view away.
    static func remove(_ view: String) {
        for suffix in ["", "-wal", "-shm"] { unlink(view + suffix) }
    }

    private static func isOurs(_ path: String) -> Bool {
        guard let file = fopen(path, "rb") else { return false }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 72)
        guard fread(&bytes, 1, 72, file) == 72 else { return false }
        let mark = bytes[68...].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return mark == OutboxSchema.applicationID
    }
}
