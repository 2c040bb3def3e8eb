internal import CSQLite

/// SQLite's word for "copy it at once", −1 cast to a function pointer that is never called.
///
/// Swift does not import such a macro and has no other way to make the pointer.
private let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

/// Binds the values of a row to a prepared statement, from its first parameter on.
///
/// The statement is one that GRDB has prepared and keeps; binding here spares a box and an array for
/// every value, which is most of the time that a pack sample takes.
struct SQLiteSink: RowSink {
    let statement: OpaquePointer
    private var index: Int32 = 0

    init(_ statement: OpaquePointer) { self.statement = statement }

    mutating func put(_ value: Int32?) {
        index += 1
        if let value {
            sqlite3_bind_int(statement, index, value)
        } else {
            sqlite3_bind_null(statement, index)
        }
    }

    mutating func put(_ value: Int64?) {
        index += 1
        if let value {
            sqlite3_bind_int64(statement, index, value)
        } else {
            sqlite3_bind_null(statement, index)
        }
    }

    mutating func put(small value: Int32) { put(value) }

    mutating func put(_ value: Bool?) { put(value.map { Int32($0 ? 1 : 0) }) }

    mutating func put(_ value: String?) {
        index += 1
        guard var value else {
            sqlite3_bind_null(statement, index)
            return
        }
        value.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                _ = sqlite3_bind_text(
                    statement, index, text.baseAddress, Int32(text.count), transient)
            }
        }
    }

    mutating func put(_ values: [Int16?]) {
        index += 1
        withUnsafeTemporaryAllocation(of: Int16.self, capacity: values.count) { packed in
            for (position, value) in values.enumerated() {
                packed[position] = (value ?? .min).littleEndian
            }
            bindBlob(UnsafeRawBufferPointer(packed))
        }
    }

    mutating func put(_ bytes: [UInt8]) {
        index += 1
        bytes.withUnsafeBytes(bindBlob)
    }

    private func bindBlob(_ bytes: UnsafeRawBufferPointer) {
        if bytes.isEmpty {
            sqlite3_bind_zeroblob(statement, index, 0)
        } else {
            sqlite3_bind_blob(statement, index, bytes.baseAddress, Int32(bytes.count), transient)
        }
    }
}

/// Reads the columns of the row a statement stands on.
struct SQLiteSource: RowSource {
    let statement: OpaquePointer
    private var index: Int32 = -1

    init(_ statement: OpaquePointer) { self.statement = statement }

    /// The next column; nil when it is NULL.
    private mutating func next() -> Int32? {
        index += 1
        return sqlite3_column_type(statement, index) == SQLITE_NULL ? nil : index
    }

    mutating func int32() -> Int32? { next().map { sqlite3_column_int(statement, $0) } }

    mutating func int64() -> Int64? { next().map { sqlite3_column_int64(statement, $0) } }

    mutating func bool() -> Bool? { int32().map { $0 != 0 } }

    mutating func text() -> String? {
        guard let column = next(), let start = sqlite3_column_text(statement, column) else {
            return nil
        }
        let count = Int(sqlite3_column_bytes(statement, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    mutating func eachShort(_ body: (Int16?) -> Void) {
        guard let column = next(), let start = sqlite3_column_blob(statement, column) else {
            return
        }
        let bytes = UnsafeRawBufferPointer(
            start: start, count: Int(sqlite3_column_bytes(statement, column)))
        for offset in stride(from: 0, to: bytes.count - 1, by: 2) {
            let value = Int16(
                littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int16.self))
            body(value == .min ? nil : value)
        }
    }
}

/// Steps of a statement that GRDB has prepared.
struct SQLiteRunner {
    let statement: OpaquePointer
    let store: String

    /// Goes to the next row; false when there are no more, and the statement is ready for the next.
    func step(_ operation: String) throws(FleetStoreError) -> Bool {
        let code = sqlite3_step(statement)
        if code == SQLITE_ROW { return true }
        sqlite3_reset(statement)
        guard code == SQLITE_DONE else {
            throw SQLiteTrouble.error(
                code: code, message: String(cString: sqlite3_errmsg(handle)), store: store,
                operation: operation)
        }
        return false
    }

    /// Ends a run before its last row.
    func reset() { sqlite3_reset(statement) }

    /// Whether the last insert changed anything.
    var hasChanged: Bool { sqlite3_changes(handle) > 0 }

    private var handle: OpaquePointer? { sqlite3_db_handle(statement) }
}
