/// The identifier of a CAN frame, 11 or 29 bits.
package struct CANIdentifier: Hashable, Sendable {
    /// The number on the bus, without flags.
    package let rawValue: UInt32
    /// Whether it has 29 bits.
    package let isExtended: Bool

    /// The one that wins every arbitration: 0 in 11 bits.
    package static let zero = CANIdentifier()

    private init() {
        rawValue = 0
        isExtended = false
    }

    /// Names an identifier; nil when it does not fit 11 (or 29) bits.
    package init?(_ rawValue: UInt32, isExtended: Bool = false) {
        guard rawValue <= (isExtended ? 0x1FFF_FFFF : 0x7FF) else { return nil }
        self.rawValue = rawValue
        self.isExtended = isExtended
    }
}

/// One classic CAN data frame.
package struct CANFrame: Hashable, Sendable {
    /// The identifier.
    package let identifier: CANIdentifier
    /// How many data bytes are used, 0…8.
    package let length: UInt8
    /// The data bytes, the first on the wire in the lowest byte; unused ones are zero.
    ///
    /// The initialisers see to that; whoever changes the bits does so, too.
    package var bits: UInt64

    /// One without data, identifier 0.
    package static var empty: CANFrame { CANFrame() }

    private init() {
        (identifier, length, bits) = (.zero, 0, 0)
    }

    /// Makes a frame; nil when `length` is above 8.
    ///
    /// Bits beyond the length are dropped.
    package init?(_ identifier: CANIdentifier, length: UInt8, bits: UInt64) {
        guard length <= 8 else { return nil }
        self.identifier = identifier
        self.length = length
        self.bits = length == 8 ? bits : bits & ((1 << (UInt64(length) * 8)) - 1)
    }

    /// Makes a frame from its bytes; nil when there are more than 8.
    package init?(_ identifier: CANIdentifier, _ bytes: some Collection<UInt8>) {
        guard bytes.count <= 8 else { return nil }
        var bits: UInt64 = 0
        var shift: UInt64 = 0
        for byte in bytes {
            bits |= UInt64(byte) << shift
            shift += 8
        }
        self.init(identifier, length: UInt8(bytes.count), bits: bits)
    }

    /// The data byte at `index`; zero beyond the length.
    package subscript(index: Int) -> UInt8 {
        index >= 0 && index < Int(length)
            ? UInt8(truncatingIfNeeded: bits >> (UInt64(index) * 8)) : 0
    }
}
