extension RecordReader {
    /// The largest whole number that every JSON reader keeps exactly, 2⁵³ − 1.
    static let largest: Int64 = 9_007_199_254_740_991

    /// Reads a whole number in a range.
    @inline(__always)
    mutating func integer(_ range: ClosedRange<Int64>) throws(RecordFault) -> Int64 {
        try decimal(0, range)
    }

    /// Reads a number with at most `decimals` decimals as that many times ten of its units.
    ///
    /// `52.1` with 3 decimals is 52100. Exponents are not taken: no gateway writes them, and they
    /// would need rounding rules of their own.
    mutating func decimal(
        _ decimals: Int, _ range: ClosedRange<Int64>
    ) throws(RecordFault) -> Int64 {
        let start = position
        let isNegative = peek == UInt8(ascii: "-")
        if isNegative { position += 1 }
        var value: Int64 = 0
        var digits = try takeDigits(&value, words: Self.words(decimals), start: start)
        var places = 0
        if peek == UInt8(ascii: ".") {
            position += 1
            places = try takeDigits(&value, words: Self.words(decimals), start: start, whole: false)
            digits += places
        }
        guard places <= decimals, peek | 0x20 != UInt8(ascii: "e") else {
            throw .expected(Self.words(decimals), at: start)
        }
        while places < decimals {
            value = value &* 10
            places += 1
            digits += 1
        }
        if isNegative { value = -value }
        guard digits <= 18, range.contains(value) else {
            let low = Self.text(range.lowerBound, decimals)
            let high = Self.text(range.upperBound, decimals)
            throw .expected("\(Self.words(decimals)) from \(low) to \(high)", at: start)
        }
        return value
    }

    /// The same, or nil for null.
    @inline(__always)
    mutating func optionalDecimal(
        _ decimals: Int, _ range: ClosedRange<Int64>
    ) throws(RecordFault) -> Int64? {
        if try takeNull() { return nil }
        return try decimal(decimals, range)
    }

    /// A number that 32 bits hold, or nil for null.
    mutating func optionalInt32(_ decimals: Int) throws(RecordFault) -> Int32? {
        try optionalDecimal(decimals, Int64(Int32.min)...Int64(Int32.max)).map {
            Int32(truncatingIfNeeded: $0)
        }
    }

    /// Reads digits behind `value` and gives how many; past 18 the value is meaningless.
    @inline(__always)
    private mutating func takeDigits(
        _ value: inout Int64, words: @autoclosure () -> String, start: Int, whole: Bool = true
    ) throws(RecordFault) -> Int {
        let first = position
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            value = value &* 10 &+ Int64(digit)
            position += 1
        }
        let count = position - first
        // a leading zero stands alone
        guard count > 0, !(whole && count > 1 && bytes[first] == UInt8(ascii: "0")) else {
            throw .expected(words(), at: start)
        }
        return count
    }

    /// Reads a number of any form.
    mutating func skipNumber() throws(RecordFault) {
        let start = position
        if peek == UInt8(ascii: "-") { position += 1 }
        var value: Int64 = 0
        _ = try takeDigits(&value, words: "a number", start: start)
        if peek == UInt8(ascii: ".") {
            position += 1
            _ = try takeDigits(&value, words: "a number", start: start, whole: false)
        }
        if peek | 0x20 == UInt8(ascii: "e") {
            position += 1
            if peek == UInt8(ascii: "+") || peek == UInt8(ascii: "-") { position += 1 }
            _ = try takeDigits(&value, words: "a number", start: start, whole: false)
        }
    }

    private static func words(_ decimals: Int) -> String {
        switch decimals {
        case 0: "a whole number"
        case 1: "a number with at most 1 decimal"
        default: "a number with at most \(decimals) decimals"
        }
    }

    /// `units` ÷ 10^`decimals` without needless zeros.
    static func text(_ units: Int64, _ decimals: Int) -> String {
        guard decimals > 0 else { return "\(units)" }
        var scale: UInt64 = 1
        for _ in 0..<decimals { scale *= 10 }
        let fraction = String(units.magnitude % scale)
        var places = String(repeating: "0", count: decimals - fraction.count) + fraction
        while places.last == "0" { places.removeLast() }
        let whole = "\(units < 0 ? "-" : "")\(units.magnitude / scale)"
        return places.isEmpty ? whole : "\(whole).\(places)"
    }
}
