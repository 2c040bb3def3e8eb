/// Frames of Modbus RTU (serial line guide V1.02, section 2.5).
package enum RTUFrame {
    /// Writes a read request with its CRC.
    package static func encode(_ request: ReadRequest) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(request.unit.rawValue)
        frame.append(request.function.rawValue)
        frame.append(bigEndian: request.address)
        frame.append(bigEndian: request.count)
        appendCheck(to: &frame)
        return frame
    }

    /// Writes the answer to a read request; for units played by the simulator and by tests.
    package static func encodeReply(
        unit: UnitID, function: FunctionCode, data: FrameBytes
    ) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(unit.rawValue)
        frame.append(function.rawValue)
        frame.append(UInt8(truncatingIfNeeded: data.count))
        for index in 0..<data.count { frame.append(data[index]) }
        appendCheck(to: &frame)
        return frame
    }

    /// Writes an exception reply.
    package static func encodeException(
        unit: UnitID, function: UInt8, exception: ModbusException
    ) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(unit.rawValue)
        frame.append(function | 0x80)
        frame.append(exception.code)
        appendCheck(to: &frame)
        return frame
    }

    /// Reads a request of 8 bytes at `start`; nil when it is none or its CRC is wrong.
    package static func decodeRequest(_ bytes: FrameBytes, at start: Int = 0)
        -> ReadRequest?
    {
        guard bytes.count >= start + ReadRequest.requestLength,
            hasValidCheck(bytes, start..<(start + ReadRequest.requestLength)),
            let function = FunctionCode(rawValue: bytes[start + 1])
        else { return nil }
        return ReadRequest(
            unit: UnitID(bytes[start]), function: function, address: bytes.bigEndian(at: start + 2),
            count: bytes.bigEndian(at: start + 4))
    }

    /// Whether the last two bytes of a part are the CRC of those before.
    package static func hasValidCheck(
        _ bytes: FrameBytes, _ range: Range<Int>
    ) -> Bool {
        guard range.count >= 4, range.upperBound <= bytes.count else { return false }
        let end = range.upperBound - 2
        let crc = CRC16.compute(bytes, range.lowerBound..<end)
        return bytes[end] == UInt8(truncatingIfNeeded: crc)
            && bytes[end + 1] == UInt8(truncatingIfNeeded: crc >> 8)
    }

    static func appendCheck(to frame: inout FrameBytes) {
        let crc = CRC16.compute(frame, 0..<frame.count)
        frame.append(UInt8(truncatingIfNeeded: crc))
        frame.append(UInt8(truncatingIfNeeded: crc >> 8))
    }
}
