extension RTUReceiver {
    /// A ranged answer: it repeats start and end and tells its own length.
    mutating func examineAnswer(
        to request: RangedRequest, unit: UInt8, at offset: Int, left: Int
    ) -> Finding {
        let isOurs = unit == replyUnit.rawValue
        guard left >= 8 else { return isOurs ? .needsMore : .nothing }
        guard buffer.bigEndian(at: offset + 2) == request.address,
            buffer.bigEndian(at: offset + 4) == request.end
        else { return .nothing }
        let bytes = Int(buffer.bigEndian(at: offset + 6))
        guard bytes >= 1, bytes <= RangedRequest.mostBytes else { return .nothing }
        let length = bytes + RangedRequest.frameBytes
        guard left >= length else { return isOurs ? .needsMore : .nothing }
        if RTUFrame.hasValidCheck(buffer, offset..<(offset + length)) {
            if isOurs { return .found(.reply, length: length) }
            otherUnit = UnitID(unit)
            return .nothing
        }
        if isOurs { sawBadCheck = true }
        return .nothing
    }

    /// What a triggered pack sends: nil where its head does not stand.
    ///
    /// The payload names no unit; the acknowledgement in the tail does. Adapters lose the last byte
    /// of long answers, so a tail that holds the acknowledgement is enough when the line falls silent.
    mutating func examinePayload(
        of request: TriggerRequest, at offset: Int, left: Int
    ) -> Finding? {
        let shape = request.shape
        for index in 0..<min(left, Int(shape.headLength))
        where buffer[offset + index] != shape.headByte(index) {
            return nil
        }
        let payload = offset..<offset + Int(shape.bytes)
        let length = Int(shape.bytes) + Int(shape.tail)
        guard left >= Int(shape.bytes) else { return .needsMore }
        let last = payload.upperBound - 1
        guard RTUFrame.sum(buffer, offset..<last) == buffer[last] else {
            sawBadCheck = true
            return .nothing
        }
        let tail = payload.upperBound..<min(buffer.count, offset + length)
        guard let unit = acknowledgingUnit(of: request, in: tail) else {
            if left >= length { sawBadCheck = true }
            return left < length ? .needsMore : .nothing
        }
        guard unit == replyUnit else {
            otherUnit = unit
            return .nothing
        }
        unfinishedPayload = payload
        return left < length ? .needsMore : .found(.reply, length: length)
    }

    /// The unit of the acknowledgement that stands somewhere in a tail.
    private func acknowledgingUnit(of request: TriggerRequest, in tail: Range<Int>) -> UnitID? {
        let length = TriggerRequest.acknowledgementLength
        var start = tail.lowerBound
        while start + length <= tail.upperBound {
            if buffer[start + 1] == TriggerRequest.function,
                buffer.bigEndian(at: start + 2) == request.address,
                buffer.bigEndian(at: start + 4) == 1,
                RTUFrame.hasValidCheck(buffer, start..<(start + length))
            {
                return UnitID(buffer[start])
            }
            start += 1
        }
        return nil
    }
}
