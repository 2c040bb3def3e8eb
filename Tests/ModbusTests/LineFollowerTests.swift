import Modbus
import TestKit
import Testing

/// Reading along with another master; the numbers are those of `LineFollower`.
@Suite struct LineFollowerTests {
    private func read(_ unit: UInt8, at address: UInt16 = 0, _ count: UInt16) throws -> ReadRequest
    {
        try read(unit, .readHoldingRegisters, count, at: address)
    }

    private func read(
        _ unit: UInt8, _ function: FunctionCode, _ count: UInt16, at address: UInt16 = 0
    ) throws -> ReadRequest {
        try #require(
            ReadRequest(unit: UnitID(unit), function: function, address: address, count: count))
    }

    private func answer(_ request: ReadRequest, _ fill: UInt8 = 7) -> [UInt8] {
        request.answer([UInt8](repeating: fill, count: request.dataLength))
    }

    @Test func `a recorded conversation is followed request by request`() throws {
        var follower = LineFollower()
        for exchange in try Transcript.load("seplos-v3_pack-blocks").exchanges {
            let asked = try #require(RTUFrame.decodeRequest(FrameBytes(exchange.request)))
            let data = exchange.answer[3..<(exchange.answer.count - 2)]
            #expect(
                follower.hear(exchange.request + exchange.answer) == [
                    .request(.read(asked)), .reply(.read(asked), Array(data)),
                ])
        }
        #expect(follower.strayBytes == 0)
    }

    @Test func `a master that finds nobody is heard with every unit it asks`() throws {
        let lines = try Transcript.load("jk-pb_bus-master-scan").exchanges[0].answerLines
        let status = try Self.trigger(0x1620, type: 2)
        var follower = LineFollower(forms: [status])
        let heard = follower.hear(lines.flatMap(\.self))
        let asked = heard.compactMap { if case .request(let request) = $0 { request } else { nil } }
        #expect(asked.map(\.unit.rawValue) == [1, 2, 10, 11, 12, 13, 14, 15])
        let missed = heard.count { if case .unanswered = $0 { true } else { false } }
        #expect(missed == 7)
        #expect(follower.open?.unit == UnitID(15))
        #expect(follower.strayBytes == 0)
    }

    @Test func `noise around frames and transceiver glitches lose nothing`() throws {
        let request = try read(1, 8)
        var follower = LineFollower()
        var bytes: [UInt8] = [0xFF, 0x00, 0x13]
        bytes += request.bytes + [0x00, 0xFF]
        bytes += answer(request) + [0x00, 0xFF]
        bytes += request.bytes + answer(request)
        #expect(
            follower.hear(bytes) == [
                .request(.read(request)), .reply(.read(request), [UInt8](repeating: 7, count: 16)),
                .request(.read(request)), .reply(.read(request), [UInt8](repeating: 7, count: 16)),
            ])
        #expect(follower.strayBytes == 7)
    }

    @Test func `rule 1: a reply with a wrong check brings nothing`() throws {
        let request = try read(1, 8)
        var damaged = answer(request)
        damaged[5] ^= 0x10
        var follower = LineFollower()
        #expect(follower.hear(request.bytes + damaged) == [.request(.read(request))])
        #expect(
            follower.hear(request.bytes) == [.damaged(.read(request)), .request(.read(request))])
        #expect(follower.hear(answer(request)).count == 1)
    }

    @Test func `rule 1: two frames over one another bring nothing and cost only themselves`() throws
    {
        let request = try read(1, 8)
        let one = answer(request)
        let other = try answer(read(2, 8), 9)
        let collision = zip(one, other).map { first, second in first & second }
        var follower = LineFollower()
        let heard = follower.hear(request.bytes + collision)
        #expect(heard == [.request(.read(request))])
        #expect(follower.silence().isEmpty)
        #expect(
            follower.hear(request.bytes + one).last
                == .reply(.read(request), [UInt8](repeating: 7, count: 16)))
    }

    @Test func `rule 2: a reply of another unit, function or length is not the request's`() throws {
        let request = try read(1, 8)
        for other in [try read(2, 8), try read(1, .readInputRegisters, 8)] {
            var follower = LineFollower()
            let heard = follower.hear(request.bytes + answer(other))
            #expect(
                heard.last == .unasked(other.unit, other.function, [UInt8](repeating: 7, count: 16))
            )
        }
        var follower = LineFollower()
        #expect(follower.hear(request.bytes + answer(try read(1, 9))).last == .other)
    }

    @Test func `rule 2: a reply behind a damaged request is nobody's`() throws {
        let (first, second) = (try read(1, at: 0, 8), try read(1, at: 100, 8))
        var damaged = second.bytes
        damaged[3] ^= 1
        var follower = LineFollower()
        let heard = follower.hear(first.bytes + damaged + answer(second))
        #expect(heard == [.request(.read(first)), .other])
    }

    @Test func `rule 3: ranged frames tell what they are, asked or not`() throws {
        let form = try #require(
            RangedRequest(unit: UnitID(0), function: 0x78, address: 0x1000, end: 0x10A0, bytes: 156)
        )
        let asked = try #require(
            RangedRequest(unit: UnitID(3), function: 0x78, address: 0x1000, end: 0x10A0, bytes: 156)
        )
        let reply = RTUFrame.encodeRangedReply(
            unit: UnitID(3), function: 0x78, address: 0x1000, end: 0x10A0,
            payload: FrameBytes([1, 2, 3])
        ).array
        var follower = LineFollower(forms: [.ranged(form)])
        #expect(
            follower.hear(RTUFrame.encode(.ranged(asked)).array + reply) == [
                .request(.ranged(asked)), .reply(.ranged(asked), [1, 2, 3]),
            ])
        #expect(follower.hear(reply) == [.reply(.ranged(asked), [1, 2, 3])])
    }

    static func trigger(_ address: UInt16, type: UInt8, unit: UInt8 = 0) throws -> LineRequest {
        let shape = try #require(
            TriggerShape(head: [0x55, 0xAA, 0xEB, 0x90, type], bytes: 300, tail: 10))
        return .trigger(TriggerRequest(unit: UnitID(unit), address: address, shape: shape))
    }

    static func payload(type: UInt8) -> [UInt8] {
        var payload: [UInt8] = [0x55, 0xAA, 0xEB, 0x90, type] + [UInt8](repeating: 3, count: 294)
        payload.append(payload.reduce(0, &+))
        return payload
    }

    @Test func `rule 3: the acknowledgement says who sent a triggered frame`() throws {
        let forms = [try Self.trigger(0x1620, type: 2), try Self.trigger(0x161E, type: 1)]
        let asked = try Self.trigger(0x1620, type: 2, unit: 4)
        let payload = Self.payload(type: 2)
        let reply = RTUFrame.encodeTriggerReply(
            unit: UnitID(5), address: 0x1620, payload: FrameBytes(payload), tail: 10
        ).array
        var follower = LineFollower(forms: forms)
        let heard = follower.hear(RTUFrame.encode(asked).array + reply)
        #expect(
            heard == [
                .request(asked), .reply(try Self.trigger(0x1620, type: 2, unit: 5), payload),
            ])
        #expect(follower.open == asked)
    }

    @Test func `rule 3: a frame that names no unit is left, and so is a request it stands behind`()
        throws
    {
        let asked = try Self.trigger(0x1620, type: 2, unit: 4)
        var follower = LineFollower(forms: [try Self.trigger(0x1620, type: 2)])
        let next = RTUFrame.encode(try Self.trigger(0x1620, type: 2, unit: 6)).array
        let heard = follower.hear(
            RTUFrame.encode(asked).array + Self.payload(type: 2) + next)
        #expect(
            heard == [
                .request(asked), .other, .unanswered(asked),
                .request(try Self.trigger(0x1620, type: 2, unit: 6)),
            ])
        #expect(follower.hear(Self.payload(type: 2)).isEmpty)
        #expect(follower.silence() == [.other])
    }

    @Test func `rule 4: a late answer is not taken for one to other addresses`() throws {
        let (first, second) = (try read(1, at: 0, 8), try read(1, at: 100, 8))
        let third = try read(2, 8)
        var follower = LineFollower()
        let heard = follower.hear(
            first.bytes + second.bytes + answer(first) + second.bytes + answer(second))
        #expect(
            heard == [
                .request(.read(first)), .unanswered(.read(first)), .request(.read(second)), .other,
                .request(.read(second)), .other,
            ])
        // An exchange with another unit says that no answer is under way any more.
        let after = follower.hear(third.bytes + answer(third) + second.bytes + answer(second))
        #expect(after.count { if case .reply = $0 { true } else { false } } == 2)
    }

    @Test func `rule 4: after a silence nothing can come late`() throws {
        let (first, second) = (try read(1, at: 0, 8), try read(1, at: 100, 8))
        var follower = LineFollower()
        _ = follower.hear(first.bytes)
        #expect(follower.giveUp().map(Heard.init) == .unanswered(.read(first)))
        let heard = follower.hear(second.bytes + answer(second))
        #expect(heard.last == .reply(.read(second), [UInt8](repeating: 7, count: 16)))
    }

    @Test func `rule 5: bytes that are a reply and a request are neither`() throws {
        let request = try read(1, .readCoils, 24)
        // Read as a request it asks for one bit at 0x0300.
        let both = request.answer([0, 0, 1])
        var follower = LineFollower()
        #expect(follower.hear(request.bytes + both) == [.request(.read(request)), .other])
        #expect(follower.open == nil)
        #expect(
            follower.hear(request.bytes + request.answer([0, 0x80, 1])).last
                == .reply(.read(request), [0, 0x80, 1]))
    }

    @Test func `a refusal closes the request it refuses`() throws {
        let request = try read(1, 8)
        var follower = LineFollower()
        let refusal = RTUFrame.encodeException(
            unit: UnitID(1), function: 3, exception: .illegalDataAddress
        ).array
        #expect(
            follower.hear(request.bytes + refusal) == [
                .request(.read(request)), .refusal(.read(request), 2),
            ])
        #expect(follower.hear(refusal) == [.other])
    }

    @Test func `a broken answer does not hold up what follows a silence`() throws {
        let request = try read(1, 60)
        var follower = LineFollower()
        _ = follower.hear(request.bytes + answer(request).prefix(50))
        #expect(follower.holdsBytes)
        #expect(follower.silence().isEmpty)
        #expect(!follower.holdsBytes)
        let next = try read(2, 8)
        #expect(follower.hear(next.bytes + answer(next)).count == 3)
    }

    @Test func `a request that begins like the awaited answer is found once it cannot be it`()
        throws
    {
        let request = try read(1, at: 0x2000, 8)  // 16 bytes, as the next request's high address
        let next = try read(1, at: 0x1000, 2)
        var follower = LineFollower()
        let heard = follower.hear(request.bytes + next.bytes + answer(next)) + follower.silence()
        #expect(
            heard == [
                .request(.read(request)), .unanswered(.read(request)), .request(.read(next)),
                .reply(.read(next), [7, 7, 7, 7]),
            ])
    }

    @Test func `units that answer from another id are known by the id they are asked at`() throws {
        let request = try read(0x81, 8)
        var follower = LineFollower(replyOffset: -0x30)
        let reply = request.answer([UInt8](repeating: 7, count: 16), from: UnitID(0x51))
        #expect(
            follower.hear(request.bytes + reply).last
                == .reply(.read(request), [UInt8](repeating: 7, count: 16)))
        #expect(
            follower.hear(reply).last
                == .unasked(
                    UnitID(0x81), .readHoldingRegisters, [UInt8](repeating: 7, count: 16)))
    }
}
