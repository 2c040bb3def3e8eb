import Modbus
import TestKit
import Testing

/// Ranged and triggered answers in what a line delivers.
@Suite struct FormReceiverTests {
    private static let ranged = RangedRequest(
        unit: UnitID(1), function: 0x78, address: 0x1000, end: 0x10A0, bytes: 8)
    private static let shape = TriggerShape(
        head: [0x55, 0xAA, 0xEB, 0x90, 2], bytes: 300, tail: 10)

    private func bytes(_ frame: FrameBytes) -> [UInt8] { (0..<frame.count).map { frame[$0] } }

    private func rangedRequest() throws -> LineRequest { .ranged(try #require(Self.ranged)) }

    private func rangedReply(_ count: Int, unit: UInt8 = 1, end: UInt16 = 0x10A0) -> [UInt8] {
        bytes(
            RTUFrame.encodeRangedReply(
                unit: UnitID(unit), function: 0x78, address: 0x1000, end: end,
                payload: FrameBytes((0..<count).map { UInt8($0) })))
    }

    private func triggerRequest() throws -> LineRequest {
        .trigger(
            TriggerRequest(unit: UnitID(2), address: 0x1620, shape: try #require(Self.shape)))
    }

    private func payload() -> FrameBytes {
        var payload = FrameBytes([0x55, 0xAA, 0xEB, 0x90, 2] + (5..<299).map { UInt8($0 & 0x7F) })
        payload.append(RTUFrame.sum(payload, 0..<299))
        return payload
    }

    private func triggerReply(unit: UInt8 = 2, tail: Int = 10) -> [UInt8] {
        bytes(
            RTUFrame.encodeTriggerReply(
                unit: UnitID(unit), address: 0x1620, payload: payload(), tail: tail))
    }

    private func feed(
        _ request: LineRequest, _ bytes: [UInt8]
    ) -> (state: ReplyState, receiver: RTUReceiver) {
        var receiver = RTUReceiver(request: request)
        var state = ReplyState.incomplete
        for byte in bytes where state == .incomplete { state = receiver.feed(byte) }
        return (state, receiver)
    }

    @Test func `requests are those that were recorded`() throws {
        #expect(
            bytes(RTUFrame.encode(try rangedRequest()))
                == [0x01, 0x78, 0x10, 0x00, 0x10, 0xA0, 0x00, 0x00, 0x7F, 0xB2])
        #expect(
            bytes(RTUFrame.encode(try triggerRequest()))
                == [0x02, 0x10, 0x16, 0x20, 0x00, 0x01, 0x02, 0x00, 0x00, 0xC2, 0x01])
        let ranged = RTUFrame.decodeRanged(RTUFrame.encode(try rangedRequest()))
        #expect(ranged?.function == 0x78 && ranged?.end == 0x10A0)
        #expect(RTUFrame.decodeTrigger(RTUFrame.encode(try triggerRequest()))?.address == 0x1620)
    }

    /// Safety: nothing but zero can be written, and only as a trigger.
    @Test func `a word that is not zero is no trigger`() {
        var frame = FrameBytes([2, 0x10, 0x16, 0x20, 0, 1, 2, 0, 1])
        let check = CRC16.compute(frame, 0..<9)
        frame.append(UInt8(truncatingIfNeeded: check))
        frame.append(UInt8(truncatingIfNeeded: check >> 8))
        #expect(RTUFrame.hasValidCheck(frame, 0..<11) && RTUFrame.decodeTrigger(frame) == nil)
    }

    @Test func `standard functions, turned ranges and bad lengths make no request`() {
        func make(_ function: UInt8, _ address: UInt16, _ end: UInt16, _ bytes: UInt16) -> Bool {
            RangedRequest(
                unit: UnitID(1), function: function, address: address, end: end, bytes: bytes)
                != nil
        }
        #expect(make(0x78, 0, 0, 1) && make(0x41, 0, 9, 244) && make(0x7F, 0, 9, 244))
        #expect(!make(0x40, 0, 9, 8) && !make(0x80, 0, 9, 8) && !make(0x10, 0, 9, 8))
        #expect(!make(0x78, 10, 9, 8) && !make(0x78, 0, 9, 0) && !make(0x78, 0, 9, 245))
        #expect(TriggerShape(head: [], bytes: 300, tail: 10) == nil)
        #expect(TriggerShape(head: [1], bytes: 300, tail: 7) == nil)
        #expect(TriggerShape(head: [1], bytes: 321, tail: 10) == nil)
    }

    @Test func `a ranged answer of any length is found behind noise and an echo`() throws {
        let request = try rangedRequest()
        for count in [1, 7, 8, 9, 156, 244] {
            let noise: [UInt8] = [0xFF, 0x01, 0x00]
            let (state, receiver) = feed(
                request, noise + bytes(RTUFrame.encode(request)) + rangedReply(count))
            #expect(state == .reply && receiver.sawEcho && receiver.strayBytes == 3)
            #expect(bytes(receiver.data) == (0..<count).map { UInt8($0) })
        }
    }

    @Test func `a ranged answer for another range or from another unit is not taken`() throws {
        let request = try rangedRequest()
        #expect(feed(request, rangedReply(8, end: 0x10A1)).state == .incomplete)
        let (state, receiver) = feed(request, rangedReply(8, unit: 3))
        #expect(state == .incomplete && receiver.verdictAtTimeout == .wrongUnit(UnitID(3)))
        #expect(feed(request, rangedReply(8, unit: 3) + rangedReply(8)).state == .reply)
        let refusal = RTUFrame.encodeException(
            unit: UnitID(1), function: 0x78, exception: .illegalDataAddress)
        #expect(feed(request, bytes(refusal)).state == .exception(.illegalDataAddress))
    }

    @Test func `a triggered frame is found by head, sum and acknowledgement`() throws {
        let request = try triggerRequest()
        let echo = bytes(RTUFrame.encode(request))
        let (state, receiver) = feed(request, [0, 0x55] + echo + triggerReply())
        #expect(state == .reply && receiver.sawEcho)
        #expect(bytes(receiver.data) == bytes(payload()))
        let refusal = RTUFrame.encodeException(
            unit: UnitID(2), function: 0x10, exception: .illegalDataAddress)
        #expect(feed(request, bytes(refusal)).state == .exception(.illegalDataAddress))
    }

    @Test func `a triggered frame of which only the last byte is lost is taken at the end`() throws
    {
        let (state, receiver) = feed(try triggerRequest(), triggerReply().dropLast())
        #expect(state == .incomplete && receiver.verdictAtTimeout == .reply)
        #expect(receiver.data.count == 300)
    }

    @Test func `a triggered frame that another unit acknowledges is not taken`() throws {
        let (state, receiver) = feed(try triggerRequest(), triggerReply(unit: 3))
        #expect(state == .incomplete && receiver.verdictAtTimeout == .wrongUnit(UnitID(3)))
    }

    @Test func `a triggered frame without its acknowledgement or with a wrong sum is damaged`()
        throws
    {
        var cut = triggerReply()
        cut.replaceSubrange(300..., with: [UInt8](repeating: 0, count: 10))
        #expect(feed(try triggerRequest(), cut).receiver.verdictAtTimeout == .checkFailed)
        for place in [5, 150, 298, 299] {
            var wrong = triggerReply()
            wrong[place] ^= 1
            let (state, receiver) = feed(try triggerRequest(), wrong)
            #expect(state == .incomplete && receiver.verdictAtTimeout == .checkFailed)
        }
    }

    @Test func `a master that asks ranges is a master, its answers alone are none`() throws {
        var asking = TrafficClassifier()
        for byte in bytes(RTUFrame.encode(try rangedRequest())) + rangedReply(20) {
            asking.feed(byte)
        }
        #expect(asking.verdict == .master(UnitID(1)))
        var answering = TrafficClassifier()
        for byte in rangedReply(20) + rangedReply(156, unit: 2) { answering.feed(byte) }
        #expect(answering.verdict == .noise(196))
    }

    @Test func `random bytes never crash the receiver`() throws {
        var generator = SeededGenerator(seed: 41)
        for request in [try rangedRequest(), try triggerRequest()] {
            for _ in 0..<200 {
                var receiver = RTUReceiver(request: request)
                let head: [UInt8] =
                    generator.next() % 2 == 0 ? [0x55, 0xAA, 0xEB, 0x90, 2] : [1, 0x78, 0x10, 0]
                for byte in head { _ = receiver.feed(byte) }
                for _ in 0..<600 {
                    _ = receiver.feed(UInt8(truncatingIfNeeded: generator.next()))
                }
                _ = (receiver.verdictAtTimeout, receiver.data, receiver.missingBytes)
            }
        }
    }
}
