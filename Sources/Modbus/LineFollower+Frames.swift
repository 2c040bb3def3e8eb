/// A whole frame at the front of the follower's buffer; positions count from its first byte.
enum HeardFrame {
    case request(LineRequest)
    /// An ordinary reply and where its data lie.
    case reply(UnitID, FunctionCode, start: Int, count: Int)
    /// A frame that tells which request it answers.
    case telling(LineRequest, start: Int, count: Int)
    case refusal(UnitID, function: UInt8, code: UInt8)
    case ambiguous
    case other
}

/// What begins at one place of the buffer.
enum HeardFinding {
    case frame(HeardFrame, length: Int)
    /// The awaited answer has begun: nothing behind it is looked at before it is whole.
    case waits
    /// A frame may have begun.
    case mayWait
    /// The awaited answer came with a wrong check.
    case failed
    case nothing
}

extension LineFollower {
    /// Looks for every kind of frame at `offset`.
    func examine(at offset: Int, isSilent: Bool) -> HeardFinding {
        let left = buffer.count - offset
        if let finding = examinePayload(at: offset, left, isSilent: isSilent) { return finding }
        guard left >= 3 else { return isSilent ? .nothing : .mayWait }
        let awaited = examineAwaited(at: offset, left, isSilent: isSilent)
        switch awaited {
        case .frame, .waits: return awaited
        case .mayWait, .failed, .nothing: break
        }
        let function = buffer[offset + 1]
        let finding: HeardFinding =
            if let function = FunctionCode(rawValue: function) {
                examineRead(function, at: offset, left)
            } else if function == TriggerRequest.function || function == 0x06 || function == 0x0F {
                examineWrite(at: offset, left)
            } else if isRanged(function) {
                examineRanged(at: offset, left)
            } else if function & 0x80 != 0 {
                examineRefusal(at: offset, left)
            } else {
                .nothing
            }
        if case .failed = awaited, case .frame = finding { return finding }
        if case .failed = awaited { return .failed }
        return finding
    }

    /// Whether a candidate of this length is complete and was not looked at before.
    private func isDue(_ offset: Int, _ length: Int) -> Bool {
        offset + length <= buffer.count && offset + length > examined
    }

    private func isFrame(_ offset: Int, _ length: Int) -> Bool {
        isDue(offset, length) && RTUFrame.hasValidCheck(buffer, offset..<(offset + length))
    }

    private func isRanged(_ function: UInt8) -> Bool {
        for form in forms {
            if case .ranged(let ranged) = form, ranged.function == function { return true }
        }
        return false
    }

    // MARK: what is awaited

    /// The ordinary or ranged reply to the open request.
    private func examineAwaited(at offset: Int, _ left: Int, isSilent: Bool) -> HeardFinding {
        guard let open, buffer[offset] == replyUnit(of: open).rawValue,
            buffer[offset + 1] == open.function
        else { return .nothing }
        guard case .read(let read) = open, Int(buffer[offset + 2]) == read.dataLength else {
            return .nothing
        }
        let length = read.replyLength
        guard left >= length else { return isSilent ? .nothing : .waits }
        guard isDue(offset, length) else { return .nothing }
        guard isFrame(offset, length) else { return .failed }
        if length == ReadRequest.requestLength, RTUFrame.decodeRequest(buffer, at: offset) != nil {
            return .frame(.ambiguous, length: length)
        }
        let reply = HeardFrame.reply(
            replyUnit(of: open), read.function, start: 3, count: read.dataLength)
        return .frame(reply, length: length)
    }

    // MARK: ordinary frames

    private func examineRead(
        _ function: FunctionCode, at offset: Int, _ left: Int
    ) -> HeardFinding {
        let length = ReadRequest.requestLength
        if isDue(offset, length), let request = RTUFrame.decodeRequest(buffer, at: offset) {
            return .frame(.request(.read(request)), length: length)
        }
        let count = Int(buffer[offset + 2])
        let isPossible = count >= 1 && count <= 250 && (function.readsBits || count % 2 == 0)
        if isPossible, isFrame(offset, count + 5) {
            let reply = HeardFrame.reply(
                UnitID(buffer[offset]), function, start: 3, count: count)
            return .frame(reply, length: count + 5)
        }
        return left < length || isPossible && left < count + 5 ? .mayWait : .nothing
    }

    private func examineRefusal(at offset: Int, _ left: Int) -> HeardFinding {
        guard left >= 5 else { return .mayWait }
        guard isFrame(offset, 5) else { return .nothing }
        let frame = HeardFrame.refusal(
            UnitID(buffer[offset]), function: buffer[offset + 1] & 0x7F, code: buffer[offset + 2])
        return .frame(frame, length: 5)
    }

    // MARK: writes, among them triggers

    /// A write of one or of several, or its acknowledgement; a word of zero for one of the known
    /// addresses is a trigger.
    private func examineWrite(at offset: Int, _ left: Int) -> HeardFinding {
        let function = buffer[offset + 1]
        if isFrame(offset, 8) { return .frame(.other, length: 8) }
        guard function != 0x06 else { return left < 8 ? .mayWait : .nothing }
        guard left >= 7 else { return .mayWait }
        let length = 9 + Int(buffer[offset + 6])
        guard left >= length else { return .mayWait }
        guard isFrame(offset, length) else { return .nothing }
        guard length == TriggerRequest.requestLength,
            let asked = RTUFrame.decodeTrigger(part(offset, length)),
            let trigger = trigger(at: asked.address)
        else { return .frame(.other, length: length) }
        let request = TriggerRequest(
            unit: asked.unit, address: asked.address, shape: trigger.shape)
        return .frame(.request(.trigger(request)), length: length)
    }

    private func trigger(at address: UInt16) -> TriggerRequest? {
        for form in forms {
            if case .trigger(let trigger) = form, trigger.address == address { return trigger }
        }
        return nil
    }

    private func part(_ offset: Int, _ length: Int) -> FrameBytes {
        var part = FrameBytes()
        for index in offset..<(offset + length) { part.append(buffer[index]) }
        return part
    }

    // MARK: ranged frames

    private func examineRanged(at offset: Int, _ left: Int) -> HeardFinding {
        guard left >= 8 else { return .mayWait }
        let count = Int(buffer.bigEndian(at: offset + 6))
        guard count <= RangedRequest.mostBytes else { return .nothing }
        let length = count + RangedRequest.frameBytes
        guard left >= length else { return .mayWait }
        guard isFrame(offset, length) else { return .nothing }
        let unit = UnitID(buffer[offset])
        guard let known = ranged(at: offset) else { return .frame(.other, length: length) }
        let isRequest = count == 0
        guard
            let request = RangedRequest(
                unit: isRequest ? unit : asked(unit), function: known.function,
                address: known.address, end: known.end, bytes: known.bytes)
        else { return .frame(.other, length: length) }
        if isRequest { return .frame(.request(.ranged(request)), length: length) }
        return .frame(.telling(.ranged(request), start: 8, count: count), length: length)
    }

    private func ranged(at offset: Int) -> RangedRequest? {
        for form in forms {
            if case .ranged(let ranged) = form, ranged.function == buffer[offset + 1],
                ranged.address == buffer.bigEndian(at: offset + 2),
                ranged.end == buffer.bigEndian(at: offset + 4)
            {
                return ranged
            }
        }
        return nil
    }

    // MARK: triggered frames

    /// A frame of the packs' own form; nil where the head of none stands.
    private func examinePayload(at offset: Int, _ left: Int, isSilent: Bool) -> HeardFinding? {
        for form in forms {
            guard case .trigger(let trigger) = form else { continue }
            let shape = trigger.shape
            let head = min(left, Int(shape.headLength))
            var isAlike = true
            for index in 0..<head where buffer[offset + index] != shape.headByte(index) {
                isAlike = false
            }
            guard isAlike else { continue }
            guard left >= Int(shape.headLength) else {
                if isSilent || left < 2 { continue }
                return .mayWait
            }
            if let finding = examinePayload(of: shape, at: offset, left, isSilent: isSilent) {
                return finding
            }
        }
        return nil
    }

    private func examinePayload(
        of shape: TriggerShape, at offset: Int, _ left: Int, isSilent: Bool
    ) -> HeardFinding? {
        let bytes = Int(shape.bytes)
        guard left >= bytes else { return isSilent ? nil : .waits }
        let last = offset + bytes - 1
        guard RTUFrame.sum(buffer, offset..<last) == buffer[last] else {
            if let open, case .trigger = open { return .failed }
            return nil
        }
        let tail = min(left, bytes + Int(shape.tail))
        var start = offset + bytes
        while start + TriggerRequest.acknowledgementLength <= offset + tail {
            if let request = acknowledged(at: start, shape) {
                let length = start - offset + TriggerRequest.acknowledgementLength
                let frame = HeardFrame.telling(.trigger(request), start: 0, count: bytes)
                return .frame(frame, length: length)
            }
            start += 1
        }
        let isWhole = left >= bytes + Int(shape.tail)
        return isWhole || isSilent ? .frame(.other, length: bytes) : .waits
    }

    /// The request that an acknowledgement at `start` belongs to.
    private func acknowledged(at start: Int, _ shape: TriggerShape) -> TriggerRequest? {
        guard buffer[start + 1] == TriggerRequest.function, buffer.bigEndian(at: start + 4) == 1,
            let known = trigger(at: buffer.bigEndian(at: start + 2)), known.shape == shape,
            RTUFrame.hasValidCheck(
                buffer, start..<(start + TriggerRequest.acknowledgementLength))
        else { return nil }
        return TriggerRequest(
            unit: asked(UnitID(buffer[start])), address: known.address, shape: shape)
    }
}
