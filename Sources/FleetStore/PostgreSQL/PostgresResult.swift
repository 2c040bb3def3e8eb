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

/// Whole numbers as the server writes them.
enum DecimalText {
    /// An array such as `{3301,NULL,3299}`; what is no number of 16 bits is nil.
    static func eachShort(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Int16?) -> Void) {
        var start = 0
        for (place, byte) in bytes.enumerated()
        where byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "{") {
            if place > start {
                let word = UnsafeBufferPointer(rebasing: bytes[start..<place])
                body(number(word).flatMap { Int16(exactly: $0) })
            }
            start = place + 1
        }
    }

    /// Nil when the bytes are none, or one that has no place in 64 bits.
    ///
    /// A chart reads tens of thousands; without a text made for each it takes a fifth of the time.
    static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        let isMinus = bytes.first == UInt8(ascii: "-")
        var number: Int64 = 0
        let digits = bytes.dropFirst(isMinus ? 1 : 0)
        for byte in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            let (tens, isTooMuch) = number.multipliedReportingOverflow(by: 10)
            let digit = Int64(byte - UInt8(ascii: "0"))
            // downwards, for there is one more negative number than positive ones
            let (sum, isTooFar) = tens.subtractingReportingOverflow(digit)
            guard !isTooMuch, !isTooFar else { return nil }
            number = sum
        }
        guard !digits.isEmpty else { return nil }
        if isMinus { return number }
        let (positive, isTooMuch) = (0 as Int64).subtractingReportingOverflow(number)
        return isTooMuch ? nil : positive
    }
}
