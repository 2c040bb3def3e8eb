/// Whole numbers as the server writes them.
package enum DecimalText {
    /// An array such as `{3301,NULL,3299}`; what is no number of 16 bits is nil.
    package static func eachShort(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (Int16?) -> Void) {
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
    package static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
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
