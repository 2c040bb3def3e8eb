internal import CSQLite
import Glibc

/// One connection to an SQLite file; closed when the last reference goes.
///
/// One thread uses it. Every return code passes `check`, which words the trouble.
final class Database {
    let path: String
    private let handle: OpaquePointer

    /// Opens the file; with `create` it is begun when it does not exist.
    ///
    /// `vfs` names the SQLite file layer to go through, nil for the system's own. A file opened with
    /// `readOnly` stays as it is, its log too.
    init(
        path: String, create: Bool, vfs: String?, readOnly: Bool = false
    ) throws(OutboxError) {
        self.path = path
        let flags =
            SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0)
            | (readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE)
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, flags, vfs)
        guard let opened else {
            throw .failed(path: path, operation: "open the file", detail: "out of memory")
        }
        handle = opened
        sqlite3_extended_result_codes(opened, 1)
        sqlite3_busy_timeout(opened, 2_000)
        try check(code, "open the file")
    }

    deinit { sqlite3_close_v2(handle) }

    /// Throws unless `code` says success.
    func check(_ code: Int32, _ operation: String) throws(OutboxError) {
        guard code != SQLITE_OK, code != SQLITE_ROW, code != SQLITE_DONE else { return }
        throw error(code, operation)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String, _ operation: String) throws(OutboxError) {
        errno = 0
        try check(sqlite3_exec(handle, sql, nil, nil, nil), operation)
    }

    /// Compiles a statement.
    func prepare(_ sql: String) throws(OutboxError) -> Statement {
        var compiled: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        try check(code, "prepare a statement")
        guard let compiled else {
            throw .failed(path: path, operation: "prepare a statement", detail: "it is empty")
        }
        return Statement(compiled, of: self)
    }

    /// The single number a query gives; nil when it gives no row or NULL.
    func number(_ sql: String, _ operation: String) throws(OutboxError) -> Int64? {
        let statement = try prepare(sql)
        defer { statement.reset() }
        guard try statement.step(operation), !statement.isNull(0) else { return nil }
        return statement.integer(0)
    }

    /// Folds the log into the file as far as readers allow, with its syncs; true when all of it is there.
    func checkpoint() throws(OutboxError) -> Bool {
        let statement = try prepare("PRAGMA wal_checkpoint(PASSIVE)")
        defer { statement.reset() }
        guard try statement.step("fold the log into the file") else { return false }
        return statement.integer(0) == 0 && statement.integer(1) >= 0
            && statement.integer(1) == statement.integer(2)
    }

    /// Rows changed by the last statement.
    var changes: Int64 { sqlite3_changes64(handle) }

    /// Whether a transaction is open; SQLite closes it by itself on some errors.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    /// The error of a failed call, in our words where the person can act on it.
    private func error(_ code: Int32, _ operation: String) -> OutboxError {
        // SQLite does not keep the system's reason when a commit fails
        let last = errno
        let kept = sqlite3_system_errno(handle)
        let systemError = kept == 0 ? last : kept
        let detail = String(cString: sqlite3_errmsg(handle))
        switch code & 0xFF {
        case SQLITE_FULL: return .diskFull(path: path, operation: operation)
        case SQLITE_READONLY, SQLITE_PERM: return .readOnly(path: path, operation: operation)
        case SQLITE_BUSY, SQLITE_LOCKED: return .busy(path: path, operation: operation)
        case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT, SQLITE_MISMATCH, SQLITE_ERROR,
            SQLITE_CONSTRAINT, SQLITE_TOOBIG:
            // our statements are constant, so one that fails met a schema that is not ours; a number
            // that is taken or a row longer than memory is none that we stored
            return .damaged(path: path, operation: operation, detail: detail)
        case SQLITE_IOERR, SQLITE_CANTOPEN:
            if systemError == ENOSPC || systemError == EDQUOT {
                return .diskFull(path: path, operation: operation)
            }
            if systemError == EROFS { return .readOnly(path: path, operation: operation) }
            let reason = systemError == 0 ? detail : String(cString: strerror(systemError))
            return .failed(path: path, operation: operation, detail: reason)
        default: return .failed(path: path, operation: operation, detail: detail)
        }
    }
}

/// A compiled statement; freed when the last reference goes.
final class Statement {
    private let handle: OpaquePointer
    private let database: Database

    fileprivate init(_ handle: OpaquePointer, of database: Database) {
        self.handle = handle
        self.database = database
    }

    deinit { sqlite3_finalize(handle) }

    /// Ends a run, and with it the read transaction that the run may hold.
    func reset() { sqlite3_reset(handle) }

    /// Goes to the next row; false when there are no more.
    func step(_ operation: String) throws(OutboxError) -> Bool {
        errno = 0
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code != SQLITE_DONE {
            sqlite3_reset(handle)
            try database.check(code, operation)
        }
        return false
    }

    /// Runs a statement that gives no rows.
    func run(_ operation: String) throws(OutboxError) {
        defer { reset() }
        _ = try step(operation)
    }

    /// Fills in parameter `index`, counted from 1.
    func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

    /// Fills in parameter `index` with a text.
    func bind(_ index: Int32, _ text: String) {
        // SQLITE_TRANSIENT, "copy the text at once", is -1 cast to a function pointer. Swift does not
        // import such a macro and has no other way to make a pointer that is never called.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        sqlite3_bind_text(handle, index, text, -1, transient)
    }

    /// Runs the statement with bytes as parameter `index`; they are not copied.
    func run(
        _ operation: String, blob bytes: [UInt8], at index: Int32
    ) throws(OutboxError) {
        errno = 0
        let code = bytes.withUnsafeBytes { raw -> Int32 in
            let bound =
                raw.isEmpty
                ? sqlite3_bind_zeroblob(handle, index, 0)
                : sqlite3_bind_blob64(handle, index, raw.baseAddress, UInt64(raw.count), nil)
            return bound == SQLITE_OK ? sqlite3_step(handle) : bound
        }
        defer { sqlite3_reset(handle) }
        try database.check(code, operation)
    }

    /// An integer of the current row; columns count from 0.
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    /// Whether a column of the current row is NULL.
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }

    /// Whether a column of the current row holds bytes.
    func isBlob(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_BLOB }

    /// A text of the current row.
    func text(_ column: Int32) -> String {
        sqlite3_column_text(handle, column).map { String(cString: $0) } ?? ""
    }

    /// Bytes of the current row, valid until the next step or reset.
    func blob(_ column: Int32) -> UnsafeRawBufferPointer {
        let start = sqlite3_column_blob(handle, column)
        return UnsafeRawBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(handle, column)))
    }
}
