internal import CPostgres

/// What a statement gave; freed with the last reference.
final class PostgresResult {
    private let handle: OpaquePointer?

    init(_ handle: OpaquePointer?) { self.handle = handle }

    deinit { PQclear(handle) }

    /// Whether the statement did what it should.
    var isGood: Bool {
        switch PQresultStatus(handle) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN, PGRES_SINGLE_TUPLE: true
        default: false
        }
    }

    /// The SQLSTATE of an error; empty when the server sent none.
    var state: String { field("C").map { String(cString: $0) } ?? "" }

    /// The server's sentence on one line.
    var message: String {
        let text = field("M") ?? PQresultErrorMessage(handle)
        return text.map { PostgresTrouble.line(String(cString: $0)) } ?? "no answer"
    }

    /// Reads all rows.
    func rows<Value: RowReadable>() -> [Value] {
        (0..<PQntuples(handle)).map { row in
            var source = Source(result: self, row: row)
            return Value(from: &source)
        }
    }

    /// A field of an error; its names are characters, in macros that Swift does not import.
    private func field(_ name: Unicode.Scalar) -> UnsafeMutablePointer<CChar>? {
        PQresultErrorField(handle, Int32(name.value))
    }

    /// The columns of one row, which the server sends as text.
    private struct Source: RowSource {
        let result: PostgresResult
        let row: Int32
        var column: Int32 = -1

        /// The next value; nil when it is NULL.
        private mutating func next() -> String? {
            column += 1
            guard PQgetisnull(result.handle, row, column) == 0,
                let start = PQgetvalue(result.handle, row, column)
            else { return nil }
            return String(cString: start)
        }

        mutating func int32() -> Int32? { int64().flatMap { Int32(exactly: $0) } }
        mutating func int64() -> Int64? {
            column += 1
            guard PQgetisnull(result.handle, row, column) == 0,
                let start = PQgetvalue(result.handle, row, column)
            else { return nil }
            let count = Int(PQgetlength(result.handle, row, column))
            return start.withMemoryRebound(to: UInt8.self, capacity: count) {
                DecimalText.number(UnsafeBufferPointer(start: $0, count: count))
            }
        }
        mutating func bool() -> Bool? { next().map { $0 == "t" } }
        mutating func text() -> String? { next() }

        mutating func eachShort(_ body: (Int16?) -> Void) {
            column += 1
            guard PQgetisnull(result.handle, row, column) == 0,
                let start = PQgetvalue(result.handle, row, column)
            else { return }
            let count = Int(PQgetlength(result.handle, row, column))
            start.withMemoryRebound(to: UInt8.self, capacity: count) {
                DecimalText.eachShort(UnsafeBufferPointer(start: $0, count: count), body)
            }
        }
    }
}
