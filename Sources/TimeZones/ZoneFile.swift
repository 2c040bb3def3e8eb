/// The offsets of a zone from UTC, out of a file of the time zone database (RFC 9636).
package struct ZoneFile: Sendable {
    private let moments: [Int64]
    private let kinds: [UInt8]
    private let offsets: [Int32]
    private let after: ZoneRule?

    /// Reads a file of version 2 or later; nil when it is none, or not whole.
    package init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let first = reader.header(), first.version >= 0x32,
            reader.skip(first.length(wide: false)), let counts = reader.header()
        else { return nil }
        let start = reader.position
        guard reader.skip(counts.length(wide: true)), counts.kinds > 0 else { return nil }
        let kindStart = start + counts.moments * 8
        let offsetStart = kindStart + counts.moments
        moments = (0..<counts.moments).map { reader.number(at: start + $0 * 8, bytes: 8) }
        kinds = Array(bytes[kindStart..<offsetStart])
        offsets = (0..<counts.kinds).map {
            Int32(truncatingIfNeeded: reader.number(at: offsetStart + $0 * 6, bytes: 4))
        }
        guard kinds.allSatisfy({ Int($0) < counts.kinds }) else { return nil }
        let footer = bytes[reader.position...].dropFirst().prefix { $0 != 0x0A }
        after = footer.isEmpty ? nil : ZoneRule(Array(footer))
    }

    /// Seconds to add to UTC at a moment in seconds since 1970.
    package func offset(at seconds: Int64) -> Int32 {
        var (low, high) = (0, moments.count)
        while low < high {
            let middle = (low + high) / 2
            if moments[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        if low == moments.count, let after { return after.offset(at: seconds) }
        return low == 0 ? offsets[0] : offsets[Int(kinds[low - 1])]
    }

    private struct Counts {
        let version: UInt8
        let utc, standard, leaps, moments, kinds, letters: Int

        func length(wide: Bool) -> Int {
            let width = wide ? 8 : 4
            return moments * (width + 1) + kinds * 6 + letters + leaps * (width + 4) + standard
                + utc
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func header() -> Counts? {
            guard bytes.count - position >= 44,
                bytes[position..<position + 4].elementsEqual("TZif".utf8)
            else { return nil }
            let numbers = (0..<6).map { Int(number(at: position + 20 + $0 * 4, bytes: 4)) }
            guard numbers.allSatisfy({ (0...100_000).contains($0) }) else { return nil }
            let version = bytes[position + 4]
            position += 44
            return Counts(
                version: version, utc: numbers[0], standard: numbers[1], leaps: numbers[2],
                moments: numbers[3], kinds: numbers[4], letters: numbers[5])
        }

        mutating func skip(_ count: Int) -> Bool {
            guard bytes.count - position >= count else { return false }
            position += count
            return true
        }

        /// A number of the file, which is there: the caller has counted.
        func number(at place: Int, bytes count: Int) -> Int64 {
            let start: Int64 = bytes[place] & 0x80 == 0 ? 0 : -1
            return bytes[place..<place + count].reduce(start) { $0 << 8 | Int64($1) }
        }
    }
}
