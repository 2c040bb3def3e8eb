import CANBus

/// What a Lawicel adapter has said.
package enum SLCANEvent: Hashable, Sendable {
    /// A data frame; the time stamp counts milliseconds, 0…59999, where the adapter adds one.
    case frame(CANFrame, milliseconds: UInt16?)
    /// A remote request; it carries no data.
    case remoteRequest(CANIdentifier)
    /// A command was carried out (CR alone).
    case acknowledged
    /// A frame was taken for sending (`z` or `Z`).
    case transmitted
    /// A command was refused (BELL).
    case refused
    /// The status flags (`Fxx`).
    case status(UInt8)
    /// Hardware and software version, two digits each (`V1013`).
    case version(hardware: UInt8, software: UInt8)
    /// A line that is none of these: noise, a cut line, an answer to somebody else's question.
    case unintelligible
}

/// Cuts the bytes of an adapter into events; takes any bytes whatever.
///
/// After noise it is back in step at the next CR or BELL. A value type without heap.
package struct SLCANParser: Sendable {
    private var line = InlineArray<32, UInt8>(repeating: 0)
    private var count = 0
    private var isOverlong = false

    /// Begins at the start of a line.
    package init() {}

    /// Takes one byte; returns an event when the byte ends one.
    package mutating func take(_ byte: UInt8) -> SLCANEvent? {
        switch byte {
        case SLCAN.carriageReturn:
            defer { forget() }
            return isOverlong ? .unintelligible : decode()
        case SLCAN.bell:
            forget()
            return .refused
        case SLCAN.lineFeed where count == 0:
            return nil  // some clones end lines with CR LF
        default:
            if count < line.count {
                line[count] = byte
                count += 1
            } else {
                isOverlong = true
            }
            return nil
        }
    }

    /// All events in some bytes; the door for tests and fuzzing.
    package static func events(in bytes: some Sequence<UInt8>) -> [SLCANEvent] {
        var parser = SLCANParser()
        return bytes.compactMap { parser.take($0) }
    }

    /// Drops a line that has begun.
    package mutating func forget() {
        count = 0
        isOverlong = false
    }

    private func decode() -> SLCANEvent {
        guard count > 0 else { return .acknowledged }
        switch line[0] {
        case UInt8(ascii: "t"): return frame(digits: 3) ?? .unintelligible
        case UInt8(ascii: "T"): return frame(digits: 8) ?? .unintelligible
        case UInt8(ascii: "r"): return request(digits: 3) ?? .unintelligible
        case UInt8(ascii: "R"): return request(digits: 8) ?? .unintelligible
        case UInt8(ascii: "z"), UInt8(ascii: "Z"):
            return count == 1 ? .transmitted : .unintelligible
        case UInt8(ascii: "F"): return status() ?? .unintelligible
        case UInt8(ascii: "V"): return version() ?? .unintelligible
        default: return .unintelligible
        }
    }

    private func frame(digits: Int) -> SLCANEvent? {
        guard let identifier = identifier(digits: digits), let length = length(after: digits)
        else { return nil }
        let start = digits + 2
        let end = start + Int(length) * 2
        guard count == end || count == end + 4 else { return nil }
        var bits: UInt64 = 0
        for index in 0..<Int(length) {
            guard let byte = hex(from: start + index * 2, digits: 2) else { return nil }
            bits |= UInt64(byte) << (UInt64(index) * 8)
        }
        guard let frame = CANFrame(identifier, length: length, bits: bits) else { return nil }
        if count == end { return .frame(frame, milliseconds: nil) }
        guard let stamp = hex(from: end, digits: 4) else { return nil }
        return .frame(frame, milliseconds: UInt16(truncatingIfNeeded: stamp))
    }

    private func request(digits: Int) -> SLCANEvent? {
        guard let identifier = identifier(digits: digits), length(after: digits) != nil,
            count == digits + 2 || count == digits + 6
        else { return nil }
        return .remoteRequest(identifier)
    }

    private func status() -> SLCANEvent? {
        guard count == 3, let flags = hex(from: 1, digits: 2) else { return nil }
        return .status(UInt8(truncatingIfNeeded: flags))
    }

    private func version() -> SLCANEvent? {
        guard count == 5, let number = hex(from: 1, digits: 4) else { return nil }
        return .version(
            hardware: UInt8(truncatingIfNeeded: number >> 8),
            software: UInt8(truncatingIfNeeded: number))
    }

    private func identifier(digits: Int) -> CANIdentifier? {
        guard let number = hex(from: 1, digits: digits) else { return nil }
        return CANIdentifier(number, isExtended: digits == 8)
    }

    /// The length digit; nil when it is none or above 8.
    private func length(after digits: Int) -> UInt8? {
        guard let length = hex(from: digits + 1, digits: 1), length <= 8 else { return nil }
        return UInt8(truncatingIfNeeded: length)
    }

    /// Up to eight hex digits, both cases; nil when the line is shorter or holds something else.
    private func hex(from start: Int, digits: Int) -> UInt32? {
        guard start + digits <= count else { return nil }
        var value: UInt32 = 0
        for index in start..<(start + digits) {
            guard let digit = Self.digit(line[index]) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
