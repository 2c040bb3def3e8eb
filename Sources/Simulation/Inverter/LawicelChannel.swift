import CANBus

/// Plays a serial CAN adapter that speaks the Lawicel protocol (CAN232 manual, 2004).
///
/// Understands what gateways and can-utils use: S, s, O, L, C, t, T, r, R, F, V, N, X, Z, M, m, U, W.
/// Every command ends with CR and is answered with CR (good) or BELL (bad).
package struct LawicelChannel: Sendable {
    /// What a command leads to.
    package enum Action: Hashable, Sendable {
        /// Bytes to the computer.
        case reply([UInt8])
        /// A data frame to the bus.
        case frame(CANFrame)
    }

    private static let good: [UInt8] = [0x0D]
    private static let bad: [UInt8] = [0x07]

    private var line: [UInt8] = []
    /// Whether the channel is open.
    package private(set) var isOpen = false
    /// Whether it may send.
    package private(set) var isListenOnly = false
    /// The bit rate that was chosen, bits per second; nil before S or with s.
    package private(set) var bitRate: Int?
    /// Whether accepted frames are answered with z or Z.
    private var isAutoPoll = true
    /// Whether the controller has left the bus: sending fails and F says so.
    package var isBusOff = false
    /// Commands that were refused.
    package private(set) var refusals: UInt64 = 0

    /// Just switched on.
    package init() {}

    private static let rates = [
        10_000, 20_000, 50_000, 100_000, 125_000, 250_000, 500_000, 800_000, 1_000_000,
    ]

    /// Takes one byte from the computer.
    package mutating func receive(_ byte: UInt8) -> [Action] {
        guard byte == 0x0D else {
            if byte != 0x0A, line.count < 64 { line.append(byte) }
            return []
        }
        defer { line.removeAll(keepingCapacity: true) }
        guard let letter = line.first else { return [.reply(Self.good)] }
        let rest = String(decoding: line.dropFirst(), as: UTF8.self)
        let actions = obey(Character(UnicodeScalar(letter)), rest)
        if actions == [.reply(Self.bad)] { refusals += 1 }
        return actions
    }

    private mutating func obey(_ letter: Character, _ rest: String) -> [Action] {
        switch letter {
        case "S", "s":
            guard !isOpen else { return [.reply(Self.bad)] }
            if letter == "s" { return [.reply(Self.good)] }
            guard let index = Int(rest), Self.rates.indices.contains(index) else {
                return [.reply(Self.bad)]
            }
            bitRate = Self.rates[index]
            return [.reply(Self.good)]
        case "O", "L":
            guard !isOpen else { return [.reply(Self.bad)] }
            (isOpen, isListenOnly) = (true, letter == "L")
            return [.reply(Self.good)]
        case "C":
            isOpen = false
            return [.reply(Self.good)]
        case "t", "T", "r", "R": return transmit(letter, rest)
        case "V": return [.reply(Array("V1013\r".utf8))]
        case "N": return [.reply(Array("NSIM1\r".utf8))]
        case "F":
            guard isOpen else { return [.reply(Self.bad)] }
            return [.reply(Array((isBusOff ? "FA0\r" : "F00\r").utf8))]
        case "X":
            isAutoPoll = rest != "0"
            return [.reply(Self.good)]
        case "Z", "M", "m", "U", "W", "Q": return [.reply(Self.good)]
        default: return [.reply(Self.bad)]
        }
    }

    private func transmit(_ letter: Character, _ rest: String) -> [Action] {
        let isExtended = letter == "T" || letter == "R"
        let isRemote = letter == "r" || letter == "R"
        guard isOpen, !isListenOnly, !isBusOff,
            let frame = Self.frame(rest, isExtended: isExtended, isRemote: isRemote)
        else { return [.reply(Self.bad)] }
        let accepted: [UInt8] = isAutoPoll ? [isExtended ? 0x5A : 0x7A, 0x0D] : Self.good
        return isRemote ? [.reply(accepted)] : [.frame(frame), .reply(accepted)]
    }

    private static func frame(_ text: String, isExtended: Bool, isRemote: Bool) -> CANFrame? {
        let digits = Array(text)
        let width = isExtended ? 8 : 3
        guard digits.count > width, let number = UInt32(String(digits[..<width]), radix: 16),
            let identifier = CANIdentifier(number, isExtended: isExtended),
            let length = digits[width].hexDigitValue, length <= 8,
            isRemote || digits.count == width + 1 + length * 2
        else { return nil }
        guard !isRemote else { return CANFrame(identifier, []) }
        var bytes: [UInt8] = []
        for index in 0..<length {
            let at = width + 1 + index * 2
            guard let byte = UInt8(String(digits[at...(at + 1)]), radix: 16) else { return nil }
            bytes.append(byte)
        }
        return CANFrame(identifier, bytes)
    }

    /// A frame from the bus as the computer gets it; nil while the channel is closed.
    package func deliver(_ frame: CANFrame) -> [UInt8]? {
        guard isOpen, !isBusOff else { return nil }
        var text = (frame.identifier.isExtended ? "T" : "t") + frame.identifier.description
        text += String(frame.length)
        text += frame.compactHex.split(separator: "#", omittingEmptySubsequences: false).last ?? ""
        return Array((text + "\r").utf8)
    }
}
