/// Frames of Modbus TCP (messaging on TCP/IP implementation guide V1.0b, section 3.1.3).
package enum TCPFrame {
    /// Bytes before the unit id: transaction, protocol 0, length.
    package static var headerLength: Int { 6 }

    /// Writes a read request.
    package static func encode(_ request: ReadRequest, transaction: UInt16) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(bigEndian: transaction)
        frame.append(bigEndian: 0)
        frame.append(bigEndian: 6)
        frame.append(request.unit.rawValue)
        frame.append(request.function.rawValue)
        frame.append(bigEndian: request.address)
        frame.append(bigEndian: request.count)
        return frame
    }

    /// Writes an answer around a function code and its payload; for the simulator and tests.
    package static func encodeReply(
        transaction: UInt16, unit: UnitID, function: UInt8, payload: FrameBytes
    ) -> FrameBytes {
        var frame = FrameBytes()
        frame.append(bigEndian: transaction)
        frame.append(bigEndian: 0)
        frame.append(bigEndian: UInt16(truncatingIfNeeded: payload.count + 2))
        frame.append(unit.rawValue)
        frame.append(function)
        for index in 0..<payload.count { frame.append(payload[index]) }
        return frame
    }
}

/// What a Modbus TCP connection has brought so far.
package enum TCPReplyState: Hashable, Sendable {
    /// More bytes are needed, or the last frame answered an older request and was dropped.
    case incomplete
    /// The data bytes lie in the receiver's `data`.
    case reply
    /// The unit refused.
    case exception(ModbusException)
    /// A whole frame from a unit that was not asked.
    case wrongUnit(UnitID)
    /// The stream is out of step and must be opened anew: protocol id or length are impossible, as
    /// when a serial server passes bare RTU bytes.
    case notModbusTCP
}

/// Finds the answer to one request in a Modbus TCP stream.
package struct TCPReceiver: Sendable {
    private var buffer = FrameBytes()
    private let request: ReadRequest
    private let transaction: UInt16
    private let replyUnit: UnitID
    private var isReply = false
    /// Frames that answered an earlier request, as after a time-out.
    package private(set) var lateFrames = 0

    /// Waits for the answer to `request` sent as `transaction`.
    package init(request: ReadRequest, transaction: UInt16, replyUnit: UnitID? = nil) {
        self.request = request
        self.transaction = transaction
        self.replyUnit = replyUnit ?? request.unit
    }

    /// The data bytes of the reply; empty unless the state is `reply`.
    package var data: FrameBytes {
        var data = FrameBytes()
        guard isReply else { return data }
        for index in 9..<(9 + request.dataLength) { data.append(buffer[index]) }
        return data
    }

    /// Whether a frame has begun and is not complete; the next one cannot be found then.
    package var isMidFrame: Bool { buffer.count > 0 }

    /// Takes one byte from the stream and tells the state.
    package mutating func feed(_ byte: UInt8) -> TCPReplyState {
        buffer.append(byte)
        guard buffer.count >= TCPFrame.headerLength else { return .incomplete }
        let length = Int(buffer.bigEndian(at: 4))
        guard buffer.bigEndian(at: 2) == 0, length >= 3, length <= 254 else { return .notModbusTCP }
        guard buffer.count == TCPFrame.headerLength + length else { return .incomplete }
        return examine(length: length)
    }

    private mutating func examine(length: Int) -> TCPReplyState {
        guard buffer.bigEndian(at: 0) == transaction else {
            lateFrames += 1
            buffer.removeAll()
            return .incomplete
        }
        let unit = UnitID(buffer[6])
        guard unit == replyUnit else { return .wrongUnit(unit) }
        let function = buffer[7]
        if function == request.function.rawValue | 0x80, length == 3 {
            return .exception(ModbusException(code: buffer[8]))
        }
        guard function == request.function.rawValue, length == request.dataLength + 3,
            Int(buffer[8]) == request.dataLength
        else { return .notModbusTCP }
        isReply = true
        return .reply
    }
}
