/// What was heard on a line on which nobody should be talking.
package enum ForeignTraffic: Hashable, Sendable {
    /// Nothing.
    case silence
    /// Requests of another master, with the unit it asked last.
    case master(UnitID)
    /// Text frames that begin with '~' (0x7E): the pack speaks an ASCII protocol.
    case asciiProtocol
    /// Bytes that are none of these.
    case noise(Int)
}

/// Listens before the first request and names what it hears.
///
/// Two masters on one line corrupt each other and mix packs up. The gateway listens first and
/// reports; it does not fight.
package struct TrafficClassifier: Sendable {
    private var window = FrameBytes()
    private var bytes = 0
    private var master: UnitID?
    private var asciiStarts = 0
    private var hexDigits = 0

    /// Has heard nothing.
    package init() {}

    /// Takes one byte.
    package mutating func feed(_ byte: UInt8) {
        bytes += 1
        if byte == 0x7E { asciiStarts += 1 }
        if (0x30...0x39).contains(byte) || (0x41...0x46).contains(byte) { hexDigits += 1 }
        if window.count == 11 { window.removeFirst(1) }
        window.append(byte)
        if let unit = requestAtEnd() { master = unit }
    }

    /// What it was.
    package var verdict: ForeignTraffic {
        if let master { return .master(master) }
        if bytes == 0 { return .silence }
        if asciiStarts > 0, hexDigits * 2 > bytes { return .asciiProtocol }
        return .noise(bytes)
    }

    /// A read request of 8 bytes, a ranged one of 10, or a write of one register of 11 that ends here.
    private func requestAtEnd() -> UnitID? {
        if window.count >= 8,
            let request = RTUFrame.decodeRequest(window, at: window.count - 8)
        {
            return request.unit
        }
        if window.count >= 10, let unit = rangedUnitAtEnd() { return unit }
        if window.count == 11, window[1] == 0x10, window[6] == 2,
            RTUFrame.hasValidCheck(window, 0..<11)
        {
            return UnitID(window[0])
        }
        return nil
    }

    private func rangedUnitAtEnd() -> UnitID? {
        var frame = FrameBytes()
        for index in (window.count - RangedRequest.requestLength)..<window.count {
            frame.append(window[index])
        }
        return RTUFrame.decodeRanged(frame)?.unit
    }
}
