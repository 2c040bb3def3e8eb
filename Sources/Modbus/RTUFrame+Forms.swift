extension RTUFrame {
    /// Writes a request of any form with its CRC.
    package static func encode(_ request: LineRequest) -> FrameBytes {
        switch request {
        case .read(let read): return encode(read)
        case .ranged(let ranged):
            var frame = FrameBytes()
            frame.append(ranged.unit.rawValue)
            frame.append(ranged.function)
            frame.append(bigEndian: ranged.address)
            frame.append(bigEndian: ranged.end)
            frame.append(bigEndian: 0)
            appendCheck(to: &frame)
            return frame
        case .trigger(let trigger):
            var frame = FrameBytes()
            frame.append(trigger.unit.rawValue)
            frame.append(TriggerRequest.function)
            frame.append(bigEndian: trigger.address)
            frame.append(bigEndian: 1)
            frame.append(2)
            frame.append(bigEndian: 0)
            appendCheck(to: &frame)
            return frame
        }
    }

    /// Reads a ranged request of 10 bytes; nil when it is none, carries data or its CRC is wrong.
    package static func decodeRanged(
        _ bytes: FrameBytes
    ) -> (unit: UnitID, function: UInt8, address: UInt16, end: UInt16)? {
        guard bytes.count == RangedRequest.requestLength, hasValidCheck(bytes, 0..<bytes.count),
            RangedRequest.functions.contains(bytes[1]), bytes.bigEndian(at: 6) == 0
        else { return nil }
        return (UnitID(bytes[0]), bytes[1], bytes.bigEndian(at: 2), bytes.bigEndian(at: 4))
    }

    /// Reads a trigger of 11 bytes; nil when it is none, its word is not zero or its CRC is wrong.
    package static func decodeTrigger(
        _ bytes: FrameBytes
    ) -> (unit: UnitID, address: UInt16)? {
        guard bytes.count == TriggerRequest.requestLength, hasValidCheck(bytes, 0..<bytes.count),
            bytes[1] == TriggerRequest.function, bytes.bigEndian(at: 4) == 1, bytes[6] == 2,
            bytes.bigEndian(at: 7) == 0
        else { return nil }
        return (UnitID(bytes[0]), bytes.bigEndian(at: 2))
    }

    /// Writes the answer to a ranged request; for units played by the simulator and by tests.
    package static func encodeRangedReply(
        unit: UnitID, function: UInt8, address: UInt16, end: UInt16, payload: FrameBytes
    ) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(unit.rawValue)
        frame.append(function)
        frame.append(bigEndian: address)
        frame.append(bigEndian: end)
        frame.append(bigEndian: UInt16(truncatingIfNeeded: payload.count))
        for index in 0..<payload.count { frame.append(payload[index]) }
        appendCheck(to: &frame)
        return frame
    }

    /// Writes what a triggered pack sends: the payload, which brings its sum, then a zero, the
    /// acknowledgement and zeros up to the tail's length.
    package static func encodeTriggerReply(
        unit: UnitID, address: UInt16, payload: FrameBytes, tail: Int
    ) -> FrameBytes {
        var acknowledgement = FrameBytes()
        acknowledgement.append(unit.rawValue)
        acknowledgement.append(TriggerRequest.function)
        acknowledgement.append(bigEndian: address)
        acknowledgement.append(bigEndian: 1)
        appendCheck(to: &acknowledgement)
        var frame = payload
        var left = tail - acknowledgement.count
        if left > 0 {
            frame.append(0)
            left -= 1
        }
        for index in 0..<acknowledgement.count { frame.append(acknowledgement[index]) }
        while left > 0 {
            frame.append(0)
            left -= 1
        }
        return frame
    }

    /// The sum of bytes modulo 256.
    package static func sum(_ bytes: FrameBytes, _ range: Range<Int>) -> UInt8 {
        var sum: UInt8 = 0
        for index in range { sum &+= bytes[index] }
        return sum
    }
}
