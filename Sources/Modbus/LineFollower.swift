/// What somebody else's conversation on a line brought.
package enum HeardEvent: Sendable {
    /// The other master asked.
    case request(LineRequest)
    /// A reply with its data bytes; the request is known from the line or told by the frame itself.
    case reply(LineRequest, FrameBytes)
    /// The unit refused.
    case refusal(LineRequest, ModbusException)
    /// The request got no answer before the next one, or before the listener gave up.
    case unanswered(LineRequest)
    /// The request was answered with a wrong check.
    case damaged(LineRequest)
    /// The data of an ordinary reply that nobody asked for; it does not tell its addresses.
    case unasked(UnitID, FunctionCode, FrameBytes)
    /// A whole frame that brings no values: a write, an acknowledgement, a refusal of nothing, a frame
    /// that names no unit, or one that can be read in two ways.
    case other
}

/// Follows another master's requests and the answers to them, by bytes alone.
///
/// 1. A frame counts only whole and with the right check.
/// 2. An ordinary reply does not tell its addresses. It belongs to the request right before it when
///    unit, function and length fit, and to nothing when more stray bytes than a switching
///    transceiver makes lie between: they may have been another request.
/// 3. Ranged and triggered frames tell what they are and count with and without a request; of a
///    triggered one the acknowledgement behind it is the only proof of who speaks.
/// 4. When a request was left unanswered and the next asks the same unit for other addresses in a
///    reply of the same shape, a late answer could be taken for the new one. No such reply is taken
///    until an exchange of another shape was whole or the listener gave up.
/// 5. Bytes that can be read as a reply or as a request are taken as neither.
///
/// Take all of ``next()`` after each byte. Nothing here allocates once it is made.
package struct LineFollower: Sendable {
    /// The most stray bytes between a request and its reply.
    private static var mostStrayBytes: UInt64 { 3 }

    var buffer = FrameBytes()
    /// Ranged and triggered requests worth following, of any unit.
    let forms: [LineRequest]
    private let replyOffset: Int16
    /// Complete candidates that end here or before are known to be no frames.
    var examined = 0
    /// The request that waits for its answer.
    package private(set) var open: LineRequest?
    private var isDamaged = false
    /// A request whose late answer may still come.
    private var late: LineRequest?
    private var strayAtRequest: UInt64 = 0
    private var queued: HeardEvent?
    /// Bytes that belonged to no frame.
    package private(set) var strayBytes: UInt64 = 0

    /// Follows ordinary reads and the ranged and triggered requests among `forms`; units answer from
    /// the id they are asked at plus `replyOffset`.
    package init(forms: [LineRequest] = [], replyOffset: Int16 = 0) {
        self.forms = forms
        self.replyOffset = replyOffset
    }

    /// Whether bytes are held in the hope of more.
    package var holdsBytes: Bool { buffer.count > 0 }

    /// Takes one byte.
    package mutating func feed(_ byte: UInt8) {
        if !buffer.append(byte) {
            dropStray(1)
            buffer.append(byte)
        }
    }

    /// What the bytes so far mean, one event after the other; nil when more bytes are needed.
    package mutating func next() -> HeardEvent? { next(isSilent: false) }

    /// As ``next()`` after a silence that no frame can hold: what is incomplete stays so.
    ///
    /// Take all of it; what is left then was noise.
    package mutating func nextAfterSilence() -> HeardEvent? {
        if let event = next(isSilent: true) { return event }
        dropStray(buffer.count)
        return nil
    }

    /// Gives the open request up, and any late answer, after a silence as long as the slowest answer
    /// takes.
    package mutating func giveUp() -> HeardEvent? {
        late = nil
        return close()
    }

    private mutating func next(isSilent: Bool) -> HeardEvent? {
        if let event = queued {
            queued = nil
            return event
        }
        var kept: Int?
        var offset = 0
        while offset < buffer.count {
            switch examine(at: offset, isSilent: isSilent) {
            case .frame(let frame, let length):
                dropStray(offset)
                let event = handle(frame)
                buffer.removeFirst(length)
                examined = 0
                return event
            case .waits:
                dropStray(kept ?? offset)
                return nil
            case .mayWait: kept = kept ?? offset
            case .failed: isDamaged = true
            case .nothing: break
            }
            offset += 1
        }
        dropStray(kept ?? buffer.count)
        examined = buffer.count
        return nil
    }

    private mutating func dropStray(_ count: Int) {
        buffer.removeFirst(count)
        examined = max(0, examined - count)
        strayBytes &+= UInt64(count)
    }
}

// MARK: meaning

extension LineFollower {
    private mutating func handle(_ frame: HeardFrame) -> HeardEvent {
        switch frame {
        case .request(let request): return begin(request)
        case .reply(let unit, let function, let start, let count):
            return take(unit, function, data(start, count))
        case .telling(let request, let start, let count):
            if let open, open.unit == request.unit, open.function == request.function,
                open.address == request.address
            {
                settle()
            }
            return .reply(request, data(start, count))
        case .refusal(let unit, let function, let code):
            guard let open, replyUnit(of: open) == unit, open.function == function else {
                return .other
            }
            settle()
            return .refusal(open, ModbusException(code: code))
        case .ambiguous:
            settle()
            return .other
        case .other: return .other
        }
    }

    private mutating func begin(_ request: LineRequest) -> HeardEvent {
        if let open, !isDamaged, open != request, Self.areAlike(open, request) { late = open }
        let ended = close()
        open = request
        strayAtRequest = strayBytes
        guard let ended else { return .request(request) }
        queued = .request(request)
        return ended
    }

    private mutating func settle() {
        open = nil
        isDamaged = false
    }

    /// Ends the open request without an answer.
    private mutating func close() -> HeardEvent? {
        guard let open else { return nil }
        let event: HeardEvent = isDamaged ? .damaged(open) : .unanswered(open)
        settle()
        return event
    }

    /// An ordinary reply.
    private mutating func take(
        _ unit: UnitID, _ function: FunctionCode, _ data: FrameBytes
    ) -> HeardEvent {
        guard let open, replyUnit(of: open) == unit, open.function == function.rawValue else {
            return .unasked(asked(unit), function, data)
        }
        guard case .read = open, open.dataLength == data.count else { return .other }
        settle()
        guard strayBytes &- strayAtRequest <= Self.mostStrayBytes else { return .other }
        if let late {
            if Self.areAlike(late, open) { return .other }
            self.late = nil
        }
        return .reply(open, data)
    }

    /// Whether the answers to two requests cannot be told apart.
    private static func areAlike(_ one: LineRequest, _ other: LineRequest) -> Bool {
        guard case .read = one, case .read = other else { return false }
        return one.unit == other.unit && one.function == other.function
            && one.dataLength == other.dataLength
    }

    private func data(_ start: Int, _ count: Int) -> FrameBytes {
        var data = FrameBytes()
        for index in start..<(start + count) { data.append(buffer[index]) }
        return data
    }

    /// The unit id from which a request is answered.
    func replyUnit(of request: LineRequest) -> UnitID {
        UnitID(UInt8(truncatingIfNeeded: Int16(request.unit.rawValue) + replyOffset))
    }

    /// The unit id at which the sender of an answer is asked.
    func asked(_ unit: UnitID) -> UnitID {
        UnitID(UInt8(truncatingIfNeeded: Int16(unit.rawValue) - replyOffset))
    }
}
