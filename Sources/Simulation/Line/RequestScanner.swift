import Modbus

/// What a master asked.
package enum MasterRequest: Hashable, Sendable {
    /// Registers or bits.
    case read(ReadRequest)
    /// A range of addresses with a maker's function.
    case ranged(unit: UnitID, function: UInt8, address: UInt16, end: UInt16)
    /// A word of zero for one address, which some packs answer with a frame of their own.
    case trigger(unit: UnitID, address: UInt16)
    /// Something that is refused with this exception code: a function that writes, or a bad count.
    case refused(unit: UnitID, function: UInt8, code: UInt8)

    /// Who is asked.
    var unit: UnitID {
        switch self {
        case .read(let request): request.unit
        case .ranged(let unit, _, _, _), .trigger(let unit, _): unit
        case .refused(let unit, _, _): unit
        }
    }

    /// Whether the master tried to write; a trigger counts unless the unit knows it.
    var isWrite: Bool {
        if case .trigger = self { return true }
        guard case .refused(_, let function, _) = self else { return false }
        return [5, 6, 15, 16, 22, 23].contains(function)
    }
}

/// Finds requests in what arrives on a serial line, as a unit does: by length and CRC.
package struct RequestScanner: Sendable {
    private var buffer: [UInt8] = []

    /// Has heard nothing.
    package init() {}

    /// Takes one byte; returns the request that ends with it.
    package mutating func feed(_ byte: UInt8) -> MasterRequest? {
        if buffer.count == FrameBytes.capacity { buffer.removeFirst() }
        buffer.append(byte)
        for start in starts() {
            let frame = FrameBytes(buffer[start...])
            guard RTUFrame.hasValidCheck(frame, 0..<frame.count) else { continue }
            let request = Self.request(frame)
            buffer.removeAll(keepingCapacity: true)
            return request
        }
        return nil
    }

    /// Where a request that ends now can begin: 8 bytes back, or as far as a long write says.
    private func starts() -> [Int] {
        guard buffer.count >= 8 else { return [] }
        var starts: [Int] = []
        let short = buffer.count - 8
        if (1...6).contains(buffer[short + 1]) { starts.append(short) }
        let ranged = buffer.count - RangedRequest.requestLength
        if ranged >= 0, RangedRequest.functions.contains(buffer[ranged + 1]) {
            starts.append(ranged)
        }
        for start in buffer.indices where buffer.count - start > 9 {
            let isLongWrite = buffer[start + 1] == 15 || buffer[start + 1] == 16
            if isLongWrite, buffer.count - start == Int(buffer[start + 6]) + 9 {
                starts.append(start)
            }
        }
        return starts
    }

    /// The meaning of a request without its CRC.
    static func request(_ frame: FrameBytes) -> MasterRequest {
        let unit = UnitID(frame[0])
        if let found = RTUFrame.decodeRanged(frame) {
            return .ranged(
                unit: found.unit, function: found.function, address: found.address, end: found.end)
        }
        if let found = RTUFrame.decodeTrigger(frame) {
            return .trigger(unit: found.unit, address: found.address)
        }
        guard let function = FunctionCode(rawValue: frame[1]) else {
            return .refused(unit: unit, function: frame[1], code: 1)
        }
        let request = ReadRequest(
            unit: unit, function: function, address: frame.bigEndian(at: 2),
            count: frame.bigEndian(at: 4))
        return request.map(MasterRequest.read)
            ?? .refused(unit: unit, function: function.rawValue, code: 3)
    }
}

/// Finds requests in a Modbus TCP stream.
package struct TCPRequestScanner: Sendable {
    private var buffer: [UInt8] = []

    /// Has heard nothing.
    package init() {}

    /// Takes one byte; returns the request that ends with it and its transaction number.
    ///
    /// Throws `notModbusTCP` when the stream cannot be Modbus TCP; a server then hangs up.
    package mutating func feed(
        _ byte: UInt8
    ) throws(StreamFault) -> (request: MasterRequest, transaction: UInt16)? {
        buffer.append(byte)
        guard buffer.count >= TCPFrame.headerLength else { return nil }
        let frame = FrameBytes(buffer)
        let length = Int(frame.bigEndian(at: 4))
        guard frame.bigEndian(at: 2) == 0, (2...254).contains(length) else {
            throw .notModbusTCP
        }
        guard buffer.count == TCPFrame.headerLength + length else { return nil }
        buffer.removeAll(keepingCapacity: true)
        let body = FrameBytes((TCPFrame.headerLength..<frame.count).map { frame[$0] })
        return (RequestScanner.request(body), frame.bigEndian(at: 0))
    }

    /// Why a stream is given up.
    package enum StreamFault: Error { case notModbusTCP }
}
