/// Rows in the binary format of `COPY`, as PostgreSQL's manual describes it.
struct CopyBuffer: RowSink {
    /// The type number of `smallint`, which an array names.
    private static let smallint: Int32 = 21
    private static let signature: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)

    private(set) var bytes: [UInt8]
    private(set) var rows = 0
    private let columns: Int16

    /// An empty buffer for rows of `columns` values.
    init(columns: Int, expectedRows: Int) {
        self.columns = Int16(columns)
        bytes = Self.signature
        bytes.reserveCapacity(expectedRows * (columns * 8 + 128) + 64)
    }

    mutating func beginRow() {
        rows += 1
        append(columns)
    }

    /// Ends the data; nothing may follow.
    mutating func finish() { append(Int16(-1)) }

    mutating func put(_ value: Int32?) {
        guard let value else { return putNull() }
        // length and value in one piece
        append(4 << 32 | UInt64(UInt32(bitPattern: value)))
    }

    mutating func put(_ value: Int64?) {
        guard let value else { return putNull() }
        append(Int32(8))
        append(value)
    }

    mutating func put(_ value: Bool?) {
        guard let value else { return putNull() }
        append(Int32(1))
        bytes.append(value ? 1 : 0)
    }

    /// A text; PostgreSQL keeps no NUL characters, they become U+FFFD.
    mutating func put(_ value: String?) {
        guard var value else { return putNull() }
        value = value.withoutNul
        value.withUTF8 { utf8 in
            append(Int32(utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    mutating func put(_ values: [Int16?]) {
        let unknown = values.count { $0 == nil || $0 == .min }
        let count = values.count
        append(Int32(count == 0 ? 12 : 20 + count * 6 - unknown * 2))
        append(Int32(count == 0 ? 0 : 1))
        append(Int32(unknown > 0 ? 1 : 0))
        append(Self.smallint)
        guard count > 0 else { return }
        // numbered from 1
        append(UInt64(count) << 32 | 1)
        withUnsafeTemporaryAllocation(byteCount: count * 6, alignment: 1) { raw in
            var end = 0
            for value in values {
                let known = value != nil && value != .min
                raw.storeBytes(
                    of: Int32(known ? 2 : -1).bigEndian, toByteOffset: end, as: Int32.self)
                end += 4
                guard known, let value else { continue }
                raw.storeBytes(of: value.bigEndian, toByteOffset: end, as: Int16.self)
                end += 2
            }
            bytes.append(contentsOf: raw[..<end])
        }
    }

    mutating func put(small value: Int32) {
        append(Int32(2))
        append(Int16(truncatingIfNeeded: value))
    }

    mutating func putNulls(_ count: Int) { for _ in 0..<count { putNull() } }

    private mutating func putNull() { append(Int32(-1)) }

    private mutating func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

extension String {
    /// The text with U+FFFD in place of NUL characters, which PostgreSQL does not keep.
    var withoutNul: String {
        guard utf8.contains(0) else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
    }
}
