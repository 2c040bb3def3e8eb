import SwiftASN1
import X509

/// The number of a certificate, unique under its authority.
package struct SerialNumber: Hashable, Sendable, CustomStringConvertible {
    /// Big-endian, without leading zeros.
    package let bytes: [UInt8]

    /// A new one: 128 bits of which 126 are random; positive and always 16 bytes long.
    static func random() -> SerialNumber {
        var random = SystemRandomNumberGenerator()
        var bytes = (0..<16).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
        bytes[0] = bytes[0] & 0x7F | 0x40
        return SerialNumber(bytes: bytes)
    }

    /// The number of a certificate.
    package init(_ number: Certificate.SerialNumber) {
        self.init(bytes: Array(number.bytes.drop { $0 == 0 }))
    }

    private init(bytes: [UInt8]) { self.bytes = bytes }

    /// Parses hexadecimal digits, with colons or without; nil when it is none or longer than 20 bytes.
    package init?(hex text: some StringProtocol) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: ":") }
        let even = digits.count % 2 == 0 ? digits : [UInt8(ascii: "0")] + digits
        guard (1...40).contains(digits.count) else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: even.count, by: 2) {
            guard let high = Self.value(even[index]), let low = Self.value(even[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.init(bytes: Array(bytes.drop { $0 == 0 }))
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// For certificates.
    var certificateNumber: Certificate.SerialNumber { Certificate.SerialNumber(bytes: bytes) }

    /// Small hexadecimal digits, two for each byte.
    package var description: String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
