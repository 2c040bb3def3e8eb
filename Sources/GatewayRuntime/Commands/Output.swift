import Glibc

/// Results go to stdout, everything else to stderr.
enum Output {
    /// Prints a line to stderr.
    static func note(_ text: String) { raw(text + "\n") }

    /// Prints a text to stderr as it is, for a line that is shown again and again.
    static func raw(_ text: String) {
        let bytes = Array(text.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    /// Hands what was printed to the reader now, also when it is a pipe.
    static func flush() { fflush(nil) }

    /// Whether colours may be used: on a terminal that wants them (`NO_COLOR`, `TERM=dumb`).
    static var hasColor: Bool {
        guard isatty(STDOUT_FILENO) == 1 else { return false }
        if let wish = getenv("NO_COLOR"), wish.pointee != 0 { return false }
        return getenv("TERM").map { String(cString: $0) } != "dumb"
    }
}

/// The exit codes of the programs, documented in the help.
enum ExitStatus {
    /// The check found problems, or something failed.
    static let failure: Int32 = 1
    /// The command line is wrong (64 in the argument parser's own errors).
    static let usage: Int32 = 2
    /// The configuration, a map or a profile is invalid.
    static let configuration: Int32 = 3
    /// A device, bus or socket cannot be reached.
    static let unreachable: Int32 = 4
}

/// Bytes typed or pasted as hex.
enum HexText {
    /// The bytes of `01 03 00 …`, `010300…` or `01:03:00`; nil when a digit is missing or wrong.
    static func bytes(_ text: String) -> [UInt8]? {
        let digits = text.utf8.filter { !" :,-\n\t".utf8.contains($0) }
        guard digits.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digit(digits[index]), let low = digit(digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
