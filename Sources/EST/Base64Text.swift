/// Base64 (RFC 4648 section 4) as bodies of EST carry it.
package enum Base64Text {
    private static let alphabet = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")

    /// The value of each character; 0xFF where it has none.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, character) in alphabet.enumerated() {
            values[Int(character)] = UInt8(truncatingIfNeeded: value)
        }
        return values
    }()

    /// Writes bytes as base64, in one line unless `wrappedAt` tells how long a line is.
    ///
    /// One line is what RFC 8951 advises and what strongSwan needs; libest reads nothing but lines of 64,
    /// each with its end. A length below 4 counts as 4.
    package static func encode(_ bytes: [UInt8], wrappedAt line: Int? = nil) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count / 3 * 4 + 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for byte in group { word = word << 8 | UInt32(byte) }
            word <<= UInt32(8 * (3 - group.count))
            for place in 0..<4 {
                let value = Int(word >> UInt32(18 - 6 * place) & 0x3F)
                text.append(place <= group.count ? alphabet[value] : padding)
            }
        }
        guard let line else { return text }
        return stride(from: 0, to: text.count, by: max(4, line)).flatMap {
            text[$0..<min($0 + max(4, line), text.count)] + [0x0A]
        }
    }

    /// Reads base64; spaces, tabs and line ends may stand anywhere (RFC 8951 section 2).
    package static func decode(_ text: [UInt8]) throws(ESTError) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var (word, characters, padded) = (UInt32(0), 0, 0)
        for (place, character) in text.enumerated() where !isSpace(character) {
            if character == padding {
                padded += 1
                continue
            }
            let value = values[Int(character)]
            guard value != 0xFF, padded == 0 else { throw strange(character, at: place) }
            word = (word << 6 | UInt32(value)) & 0xFF_FFFF
            characters += 1
            if characters % 4 == 0 {
                bytes += [16, 8, 0].map { UInt8(truncatingIfNeeded: word >> $0) }
            }
        }
        try finish(word, characters, padded, &bytes)
        return bytes
    }

    /// Adds what the last group of fewer than four characters stands for.
    private static func finish(
        _ word: UInt32, _ characters: Int, _ padded: Int, _ bytes: inout [UInt8]
    ) throws(ESTError) {
        let left = characters % 4
        guard left != 1, padded == (4 - left) % 4 else {
            throw .base64(
                "expected groups of four characters, found \(characters) characters and \(padded) '='"
            )
        }
        if left == 0 { return }
        let spare = UInt32(left == 2 ? 4 : 2)
        guard word & (1 << spare - 1) == 0 else {
            throw .base64("the last character has bits that stand for nothing")
        }
        let rest = word >> spare
        if left == 3 { bytes.append(UInt8(truncatingIfNeeded: rest >> 8)) }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private static func strange(_ character: UInt8, at place: Int) -> ESTError {
        if character == UInt8(ascii: "-") {
            return .base64("found '-' at byte \(place), expected base64 without PEM lines")
        }
        return .base64("found 0x\(String(character, radix: 16)) at byte \(place)")
    }

    private static func isSpace(_ character: UInt8) -> Bool {
        character == 0x20 || (0x09...0x0D).contains(character)
    }
}
