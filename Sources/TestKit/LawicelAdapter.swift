import CANBus

/// Plays a CAN adapter that speaks Lawicel's ASCII protocol: bytes in, answers and frames out.
///
/// Written from the CANUSB manual 1.0D apart from the gateway's own parser, so that the two check
/// each other.
package struct LawicelAdapter: Sendable {
    /// How it behaves.
    package enum Manner: Hashable, Sendable {
        /// As the manual says.
        case polite
        /// Carries out commands and never answers, as some clones do.
        case silent
        /// Answers BELL to every frame, as one whose bus is off.
        case refusing
    }

    /// How it behaves.
    package var manner = Manner.polite
    /// The flags it reports to `F`.
    package var status: UInt8 = 0
    /// Whether its channel is open.
    package private(set) var isOpen = false
    /// Whether it was opened to listen only: it then refuses frames.
    package private(set) var listensOnly = false
    /// The entry of the bit rate table it was given.
    package private(set) var rate: Int?
    /// How often its channel was opened.
    package private(set) var openings = 0
    /// Whether it adds a time stamp to frames (`Z1`).
    package private(set) var hasStamps = false
    private var line = ""

    /// A closed adapter without a bit rate.
    package init() {}

    /// Takes bytes from the host; returns what it answers and the frames for the bus.
    package mutating func hear(_ bytes: some Sequence<UInt8>) -> (answer: String, [CANFrame]) {
        var answer = ""
        var frames: [CANFrame] = []
        for byte in bytes {
            guard byte == 0x0D else {
                line.unicodeScalars.append(Unicode.Scalar(byte))
                continue
            }
            answer += carryOut(line, &frames)
            line = ""
        }
        return (manner == .silent ? "" : answer, frames)
    }

    /// What it tells the host about a frame on the bus; nothing while the channel is closed.
    package func tell(_ frame: CANFrame) -> String {
        guard isOpen else { return "" }
        let parts = frame.compactHex.split(separator: "#", omittingEmptySubsequences: false)
        let letter = frame.identifier.isExtended ? "T" : "t"
        return letter + parts[0] + String(frame.length) + parts[1] + (hasStamps ? "0FA0\r" : "\r")
    }

    private mutating func carryOut(_ line: String, _ frames: inout [CANFrame]) -> String {
        switch line.first {
        case nil: return "\r"
        case "C" where isOpen:
            isOpen = false
            return "\r"
        case "S" where !isOpen:
            rate = Int(line.dropFirst())
            return (0...8).contains(rate ?? 9) ? "\r" : "\u{07}"
        case "O" where !isOpen && rate != nil, "L" where !isOpen && rate != nil:
            isOpen = true
            listensOnly = line.first == "L"
            openings += 1
            return "\r"
        case "Z" where !isOpen:
            hasStamps = line == "Z1"
            return "\r"
        case "F" where isOpen: return "F" + Self.hex(status) + "\r"
        case "V": return "V1013\r"
        case "t" where maySend: return transmit(line, digits: 3, &frames)
        case "T" where maySend: return transmit(line, digits: 8, &frames)
        default: return "\u{07}"
        }
    }

    private var maySend: Bool { isOpen && !listensOnly && manner != .refusing }

    private func transmit(_ line: String, digits: Int, _ frames: inout [CANFrame]) -> String {
        let text = Array(line.dropFirst())
        guard text.count > digits, let length = text[digits].wholeNumberValue,
            text.count == digits + 1 + 2 * length,
            let identifier = CANIdentifier(
                UInt32(String(text[..<digits]), radix: 16) ?? .max, isExtended: digits == 8)
        else { return "\u{07}" }
        let bytes = stride(from: digits + 1, to: text.count, by: 2).compactMap {
            UInt8(String(text[$0...($0 + 1)]), radix: 16)
        }
        guard bytes.count == length, let frame = CANFrame(identifier, bytes) else {
            return "\u{07}"
        }
        frames.append(frame)
        return digits == 8 ? "Z\r" : "z\r"
    }

    private static func hex(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}
