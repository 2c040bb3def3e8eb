/// What a line has brought so far in answer to a request.
package enum ReplyState: Hashable, Sendable {
    /// More bytes are needed.
    case incomplete
    /// The data bytes lie in the receiver's `data`.
    case reply
    /// The unit refused.
    case exception(ModbusException)
    /// A frame with a valid CRC from a unit that was not asked.
    case wrongUnit(UnitID)
    /// A frame of the right shape and length with a wrong CRC.
    case checkFailed
}

/// Finds the answer to one known request in whatever bytes the line delivers.
///
/// RTU has no frame marks. The receiver therefore looks at every offset for the expected unit,
/// function and length with a valid CRC, so that it survives stray bytes of transceivers before and
/// after a frame, an adapter that echoes the request, two frames glued together and a frame in
/// pieces. Nothing here allocates.
package struct RTUReceiver: Sendable {
    private(set) var buffer = FrameBytes()
    private let request: LineRequest
    let replyUnit: UnitID
    private let echo: FrameBytes
    /// Bytes that belonged to no frame.
    package private(set) var strayBytes = 0
    /// Whether the adapter gave our own request back.
    package private(set) var sawEcho = false
    private var payload = 0..<0
    /// As long as fewer bytes are held, a look would end as the last one did.
    private var enough = 0
    var sawBadCheck = false
    var otherUnit: UnitID?
    /// A triggered frame that is proved while the end of its tail is still missing.
    var unfinishedPayload = 0..<0

    /// Waits for the answer to `request`; `replyUnit` differs on maps that answer from another id.
    package init(request: ReadRequest, replyUnit: UnitID? = nil) {
        self.init(request: .read(request), replyUnit: replyUnit)
    }

    /// Waits for the answer to a request of any form.
    package init(request: LineRequest, replyUnit: UnitID? = nil) {
        self.request = request
        self.replyUnit = replyUnit ?? request.unit
        echo = RTUFrame.encode(request)
    }

    /// The data bytes of the reply; empty unless the state is `reply`.
    package var data: FrameBytes {
        var data = FrameBytes()
        for index in payload.isEmpty ? unfinishedPayload : payload { data.append(buffer[index]) }
        return data
    }

    /// How many bytes are held in the hope of a frame; stray ones when the line gives up.
    package var heldBytes: Int { buffer.count }

    /// How many bytes may still be missing; what to wait for before looking again.
    package var missingBytes: Int { max(1, request.replyLength - buffer.count) }

    /// Takes one byte from the line and tells the state.
    package mutating func feed(_ byte: UInt8) -> ReplyState {
        if !buffer.append(byte) {
            buffer.removeFirst(1)
            strayBytes += 1
            buffer.append(byte)
            enough = 0
        }
        return buffer.count < enough ? .incomplete : scan()
    }

    /// The verdict when the line has fallen silent without an answer.
    package var verdictAtTimeout: ReplyState {
        if !unfinishedPayload.isEmpty { return .reply }
        if let otherUnit { return .wrongUnit(otherUnit) }
        return sawBadCheck || looksDamaged ? .checkFailed : .incomplete
    }

    private var looksDamaged: Bool {
        buffer.count >= request.replyLength
    }

    /// Looks at every offset, dropping bytes that can begin no frame.
    private mutating func scan() -> ReplyState {
        var offset = 0
        while offset < buffer.count {
            switch examine(at: offset) {
            case .needsMore: return .incomplete
            case .found(let state, let length):
                strayBytes += offset
                if case .incomplete = state {  // an echo: drop it and go on
                    buffer.removeFirst(offset + length)
                    (offset, enough) = (0, 0)
                    continue
                }
                if case .reply = state { payload = data(at: offset, length) }
                return state
            case .nothing: offset += 1
            }
        }
        return .incomplete
    }

    /// Where the data lie in a frame that was found.
    private func data(at offset: Int, _ length: Int) -> Range<Int> {
        switch request {
        case .read(let read): offset + 3..<offset + 3 + read.dataLength
        case .ranged: offset + 8..<offset + length - 2
        case .trigger(let trigger): offset..<offset + Int(trigger.shape.bytes)
        }
    }

    enum Finding {
        case nothing
        case needsMore
        case found(ReplyState, length: Int)
    }

    private mutating func examine(at offset: Int) -> Finding {
        let left = buffer.count - offset
        if let finding = examineEcho(at: offset, left: left) { return finding }
        if case .trigger(let trigger) = request,
            let finding = examinePayload(of: trigger, at: offset, left: left)
        {
            return finding
        }
        guard left >= 2 else { return isPossibleStart(buffer[offset]) ? .needsMore : .nothing }
        let unit = buffer[offset]
        let function = buffer[offset + 1]
        if function == request.function {
            switch request {
            case .read(let read): return examineReply(to: read, unit: unit, at: offset, left: left)
            case .ranged(let ranged):
                return examineAnswer(to: ranged, unit: unit, at: offset, left: left)
            case .trigger: return .nothing
            }
        }
        if function == request.function | 0x80 {
            return examineException(unit: unit, at: offset, left: left)
        }
        return .nothing
    }

    private func isPossibleStart(_ byte: UInt8) -> Bool { byte == replyUnit.rawValue }

    /// Our own request coming back; only before any answer, and only on adapters that echo.
    private mutating func examineEcho(at offset: Int, left: Int) -> Finding? {
        guard !sawEcho else { return nil }
        let matching = min(left, echo.count)
        for index in 0..<matching where buffer[offset + index] != echo[index] {
            return nil
        }
        // A prefix of the request may also be the head of a reply: wait while both are possible.
        guard matching == echo.count else { return matching >= 3 ? .needsMore : nil }
        sawEcho = true
        return .found(.incomplete, length: echo.count)
    }

    private mutating func examineReply(
        to request: ReadRequest, unit: UInt8, at offset: Int, left: Int
    ) -> Finding {
        guard left >= 3 else { return .needsMore }
        guard Int(buffer[offset + 2]) == request.dataLength else { return .nothing }
        let length = request.replyLength
        guard left >= length else {
            guard unit == replyUnit.rawValue else { return .nothing }
            enough = offset + length
            return .needsMore
        }
        if RTUFrame.hasValidCheck(buffer, offset..<(offset + length)) {
            if unit == replyUnit.rawValue { return .found(.reply, length: length) }
            otherUnit = UnitID(unit)
            return .nothing
        }
        if unit == replyUnit.rawValue { sawBadCheck = true }
        return .nothing
    }

    private mutating func examineException(unit: UInt8, at offset: Int, left: Int) -> Finding {
        guard left >= 5 else { return unit == replyUnit.rawValue ? .needsMore : .nothing }
        guard RTUFrame.hasValidCheck(buffer, offset..<(offset + 5)) else {
            return .nothing
        }
        if unit != replyUnit.rawValue {
            otherUnit = UnitID(unit)
            return .nothing
        }
        let exception = ModbusException(code: buffer[offset + 2])
        return .found(.exception(exception), length: 5)
    }
}
