/// Frames in the text forms of can-utils' `candump`.
package enum Candump {
    /// Why a line is no frame.
    package struct LineError: Error, Hashable, Sendable, CustomStringConvertible {
        /// What was expected and found.
        package let description: String
    }

    /// A frame read from a log, with what the log says about it.
    package struct Entry: Hashable, Sendable {
        /// Microseconds of the time stamp, or nil when the line has none.
        package let microseconds: Int64?
        /// The interface, `can0`.
        package let interface: String
        /// The frame.
        package let frame: CANFrame
    }

    /// Reads `(1700000000.123456) can0 351#0102` or `can0  351   [8]  01 02 …`.
    package static func parse(_ line: some StringProtocol) throws(LineError) -> Entry {
        var words = String(line).split(whereSeparator: \.isWhitespace).map(String.init)
        var microseconds: Int64?
        if let first = words.first, first.hasPrefix("("), first.hasSuffix(")") {
            microseconds = stamp(first.dropFirst().dropLast())
            if microseconds == nil {
                throw LineError(
                    description: "expected a time such as (1700000000.123456), found '\(first)'")
            }
            words.removeFirst()
        }
        guard words.count >= 2 else {
            throw LineError(
                description: "expected an interface and a frame, found '\(line.prefix(60))'")
        }
        let frame =
            words[1].contains("#")
            ? try compact(words[1]) : try spaced(Array(words.dropFirst()))
        return Entry(microseconds: microseconds, interface: words[0], frame: frame)
    }

    /// Writes the compact form with a time stamp, without a line end.
    package static func line(
        _ frame: CANFrame, interface: String, microseconds: Int64
    ) -> String {
        let fraction = String(microseconds % 1_000_000)
        let zeros = String(repeating: "0", count: 6 - fraction.count)
        return "(\(microseconds / 1_000_000).\(zeros)\(fraction)) \(interface) \(frame.compactHex)"
    }

    private static func stamp(_ text: some StringProtocol) -> Int64? {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let seconds = Int64(parts[0]), parts[1].count == 6,
            let fraction = Int64(parts[1]), fraction >= 0, seconds >= 0, seconds < 1 << 40
        else { return nil }
        return seconds * 1_000_000 + fraction
    }

    private static func compact(_ text: String) throws(LineError) -> CANFrame {
        let parts = text.split(separator: "#", omittingEmptySubsequences: false)
        guard parts.count == 2 else {
            throw LineError(description: "expected a data frame such as 351#0102, found '\(text)'")
        }
        let digits = parts[1].filter { $0 != "." }
        guard digits.count % 2 == 0, digits.count <= 16 else {
            throw LineError(description: "expected up to 8 bytes in hex, found '\(parts[1])'")
        }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            bytes.append(try byte(rest.prefix(2)))
            rest = rest.dropFirst(2)
        }
        return try frame(parts[0], bytes)
    }

    private static func spaced(_ words: [String]) throws(LineError) -> CANFrame {
        guard words.count >= 2, words[1].hasPrefix("["), words[1].hasSuffix("]"),
            let length = Int(words[1].dropFirst().dropLast()), (0...8).contains(length)
        else {
            throw LineError(
                description: "expected a length such as [8], found '\(words.last ?? "")'")
        }
        let rest = words.dropFirst(2).prefix(length)
        var bytes: [UInt8] = []
        for word in rest { bytes.append(try byte(word[...])) }
        guard bytes.count == length else {
            throw LineError(description: "expected \(length) bytes, found \(bytes.count)")
        }
        return try frame(words[0][...], bytes)
    }

    private static func byte(_ text: some StringProtocol) throws(LineError) -> UInt8 {
        guard text.count == 2, let byte = UInt8(text, radix: 16) else {
            throw LineError(description: "expected a byte in hex, found '\(text)'")
        }
        return byte
    }

    private static func frame(_ id: Substring, _ bytes: [UInt8]) throws(LineError) -> CANFrame {
        guard let number = UInt32(id, radix: 16),
            let identifier = CANIdentifier(number, isExtended: id.count > 3),
            let frame = CANFrame(identifier, bytes)
        else {
            throw LineError(
                description:
                    "expected an identifier of 3 or 8 hex digits and up to 8 bytes, found '\(id)' and \(bytes.count) bytes"
            )
        }
        return frame
    }
}

extension CANIdentifier: CustomStringConvertible {
    /// Three or eight hex digits, as can-utils writes them.
    package var description: String {
        let digits = String(rawValue, radix: 16, uppercase: true)
        let width = isExtended ? 8 : 3
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

extension CANFrame: CustomStringConvertible {
    /// `351#1402740E`.
    package var compactHex: String {
        var text = "\(identifier)#"
        for index in 0..<Int(length) {
            let digits = String(self[index], radix: 16, uppercase: true)
            text += digits.count == 1 ? "0" + digits : digits
        }
        return text
    }

    /// As in a candump log.
    package var description: String { compactHex }
}
