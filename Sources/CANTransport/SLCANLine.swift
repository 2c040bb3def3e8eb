import CANBus

/// One line to a Lawicel adapter, ready to be written: at most 27 bytes, no heap.
///
/// The commands are those of the CANUSB manual, version 1.0D: `tiiildd…` for 11-bit identifiers,
/// `Tiiiiiiiildd…` for 29-bit ones, upper-case hex, each line ended by CR.
package struct SLCANLine: Sendable {
    /// How many bytes are used.
    package private(set) var count = 0
    private var text = InlineArray<32, UInt8>(repeating: 0)

    /// The line that sends a data frame.
    package init(_ frame: CANFrame) {
        let isExtended = frame.identifier.isExtended
        append(UInt8(ascii: isExtended ? "T" : "t"))
        append(hex: frame.identifier.rawValue, digits: isExtended ? 8 : 3)
        append(hex: UInt32(frame.length), digits: 1)
        for index in 0..<Int(frame.length) { append(hex: UInt32(frame[index]), digits: 2) }
        append(SLCAN.carriageReturn)
    }

    /// A command, without its end; what is beyond 31 characters is cut off.
    package init(command: StaticString) {
        command.withUTF8Buffer { for byte in $0 { append(byte) } }
        append(SLCAN.carriageReturn)
    }

    /// The command that chooses an entry of the bit rate table.
    package init(rate: SLCANBitRate) {
        append(UInt8(ascii: "S"))
        append(UInt8(ascii: "0") + rate.code)
        append(SLCAN.carriageReturn)
    }

    /// The byte at `index`; zero beyond the end.
    package subscript(index: Int) -> UInt8 { index >= 0 && index < count ? text[index] : 0 }

    /// The bytes, for tests and logs.
    package var bytes: [UInt8] { (0..<count).map { self[$0] } }

    private mutating func append(_ byte: UInt8) {
        guard count < text.count else { return }
        text[count] = byte
        count += 1
    }

    private mutating func append(hex value: UInt32, digits: Int) {
        for position in stride(from: digits - 1, through: 0, by: -1) {
            let digit = UInt8(truncatingIfNeeded: value >> UInt32(position * 4)) & 0x0F
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "A") + digit - 10)
        }
    }
}

/// The two bytes that end whatever an adapter says.
enum SLCAN {
    static let carriageReturn: UInt8 = 0x0D
    static let bell: UInt8 = 0x07
    static let lineFeed: UInt8 = 0x0A
}

/// A bit rate of the adapter's table, S0 to S8.
package struct SLCANBitRate: Hashable, Sendable {
    /// The number behind `S`, 0…8.
    package let code: UInt8

    /// Bits per second by code.
    package static let table = [
        10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000,
    ]

    /// Finds the entry for a rate in bits per second.
    package init(bitsPerSecond: Int) throws(BusError) {
        guard let index = Self.table.firstIndex(of: bitsPerSecond) else {
            throw .badBitRate(bitsPerSecond)
        }
        code = UInt8(index)
    }
}
