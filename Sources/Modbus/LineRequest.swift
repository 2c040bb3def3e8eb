/// One request of any form that a pack map can name.
package enum LineRequest: Hashable, Sendable {
    /// Registers or bits, as the standard has them.
    case read(ReadRequest)
    /// A range of addresses with a function of the maker's own.
    case ranged(RangedRequest)
    /// A word of zero that makes a pack send its own frame.
    case trigger(TriggerRequest)

    /// The unit that is asked.
    package var unit: UnitID {
        switch self {
        case .read(let request): request.unit
        case .ranged(let request): request.unit
        case .trigger(let request): request.unit
        }
    }

    /// The function code on the wire.
    package var function: UInt8 {
        switch self {
        case .read(let request): request.function.rawValue
        case .ranged(let request): request.function
        case .trigger: TriggerRequest.function
        }
    }

    /// The first address.
    package var address: UInt16 {
        switch self {
        case .read(let request): request.address
        case .ranged(let request): request.address
        case .trigger(let request): request.address
        }
    }

    /// How many bytes the request has on the wire, CRC included.
    package var requestLength: Int {
        switch self {
        case .read: ReadRequest.requestLength
        case .ranged: RangedRequest.requestLength
        case .trigger: TriggerRequest.requestLength
        }
    }

    /// How many data bytes the answer of a usual pack carries.
    package var dataLength: Int {
        switch self {
        case .read(let request): request.dataLength
        case .ranged(let request): Int(request.bytes)
        case .trigger(let request): Int(request.shape.bytes)
        }
    }

    /// How many bytes the answer of a usual pack has, unit id to CRC.
    package var replyLength: Int {
        switch self {
        case .read(let request): request.replyLength
        case .ranged(let request): Int(request.bytes) + RangedRequest.frameBytes
        case .trigger(let request): Int(request.shape.bytes) + Int(request.shape.tail)
        }
    }

    /// How many bytes the longest answer has; ranged answers follow what is fitted in the pack.
    package var longestReplyLength: Int {
        guard case .ranged = self else { return replyLength }
        return RangedRequest.mostBytes + RangedRequest.frameBytes
    }
}

/// A request for a range of addresses: unit, function, start, end, a length of zero, CRC.
///
/// The answer repeats start and end, then tells the length of its payload in two bytes.
package struct RangedRequest: Hashable, Sendable {
    /// The functions that may be used.
    ///
    /// The standard leaves some of them to makers and assigns none of the others. None writes while
    /// the request carries no data.
    package static var functions: ClosedRange<UInt8> { 0x41...0x7F }
    /// How many bytes the request has.
    package static var requestLength: Int { 10 }
    /// What an answer has around its payload.
    package static var frameBytes: Int { 10 }
    /// The longest payload.
    package static var mostBytes: Int { 244 }

    /// The unit that is asked.
    package let unit: UnitID
    /// The function code.
    package let function: UInt8
    /// The first address.
    package let address: UInt16
    /// The last address.
    package let end: UInt16
    /// The payload of a usual pack, 1…244 bytes.
    package let bytes: UInt16

    /// Makes a request; nil for a standard function, an end before the start, or a bad length.
    package init?(unit: UnitID, function: UInt8, address: UInt16, end: UInt16, bytes: UInt16) {
        guard Self.functions.contains(function), end >= address, bytes >= 1,
            bytes <= UInt16(Self.mostBytes)
        else { return nil }
        self.unit = unit
        self.function = function
        self.address = address
        self.end = end
        self.bytes = bytes
    }
}

/// The frame that a triggered pack sends.
package struct TriggerShape: Hashable, Sendable {
    /// The most bytes of payload and tail together.
    package static var mostBytes: Int { 330 }

    /// The first bytes of the payload, the first in the lowest byte.
    private let head: UInt64
    /// How many there are, 1…8.
    package let headLength: UInt8
    /// The whole payload; its last byte is the sum of the others modulo 256.
    package let bytes: UInt16
    /// What follows the payload and holds the acknowledgement of 8 bytes.
    package let tail: UInt8

    /// Describes a frame; nil when it is shorter than its head, too long, or has no room for the
    /// acknowledgement, which is the only proof of who answered.
    package init?(head: some Sequence<UInt8>, bytes: Int, tail: Int) {
        var packed: UInt64 = 0
        var count = 0
        for byte in head {
            guard count < 8 else { return nil }
            packed |= UInt64(byte) << UInt64(8 * count)
            count += 1
        }
        guard count >= 1, bytes > count, tail >= 8, tail <= 64, bytes + tail <= Self.mostBytes
        else { return nil }
        self.head = packed
        headLength = UInt8(count)
        self.bytes = UInt16(bytes)
        self.tail = UInt8(tail)
    }

    /// Byte `index` of the head; zero beyond it.
    package func headByte(_ index: Int) -> UInt8 {
        index >= 0 && index < Int(headLength)
            ? UInt8(truncatingIfNeeded: head >> UInt64(8 * index)) : 0
    }
}

/// A word of 0x0000 for one address, to which a pack answers with a frame of its own.
///
/// This is the only thing like a write that the gateway can send. Its data is zero here and
/// nowhere else to be set, and its address comes from a map whose loader refuses addresses that the
/// same map lists among its forbidden writes.
package struct TriggerRequest: Hashable, Sendable {
    /// 16, write several registers.
    package static var function: UInt8 { 0x10 }
    /// How many bytes the request has.
    package static var requestLength: Int { 11 }
    /// How many bytes the acknowledgement has.
    package static var acknowledgementLength: Int { 8 }

    /// The unit that is asked.
    package let unit: UnitID
    /// The address that triggers.
    package let address: UInt16
    /// What the pack sends.
    package let shape: TriggerShape

    /// Makes a request.
    package init(unit: UnitID, address: UInt16, shape: TriggerShape) {
        self.unit = unit
        self.address = address
        self.shape = shape
    }
}
