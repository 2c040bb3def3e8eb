import Modbus
import SerialPort
import TestKit
import Testing

/// Ranged and triggered exchanges on a pseudo-terminal.
@Suite(.serialized) struct FormLineTests {
    private static func bytes(_ frame: FrameBytes) -> [UInt8] {
        (0..<frame.count).map { frame[$0] }
    }

    private static func ranged(unit: UInt8 = 1) throws -> LineRequest {
        .ranged(
            try #require(
                RangedRequest(
                    unit: UnitID(unit), function: 0x78, address: 0x1000, end: 0x10A0, bytes: 156)))
    }

    private static func trigger() throws -> LineRequest {
        let shape = try #require(TriggerShape(head: [0x55, 0xAA], bytes: 300, tail: 10))
        return .trigger(TriggerRequest(unit: UnitID(2), address: 0x1620, shape: shape))
    }

    private static func rangedAnswer(_ count: Int) -> [UInt8] {
        bytes(
            RTUFrame.encodeRangedReply(
                unit: UnitID(1), function: 0x78, address: 0x1000, end: 0x10A0,
                payload: FrameBytes((0..<count).map { UInt8($0) })))
    }

    @Test(arguments: [150, 156, 172, 244])
    func `a ranged answer arrives, shorter and longer than usual`(count: Int) throws {
        let fixture = try LineFixture(requestLength: RangedRequest.requestLength) {
            $0.send([0xFF] + Self.rangedAnswer(count))
        }
        guard case .reply(let data) = fixture.ask(try Self.ranged()) else {
            Issue.record("no reply")
            return
        }
        #expect(data.count == count && fixture.line.strayBytes == 1)
        #expect(
            fixture.unit.requests.first?.bytes == Self.bytes(RTUFrame.encode(try Self.ranged())))
    }

    @Test func `a triggered frame of 310 bytes arrives in pieces`() throws {
        let fixture = try LineFixture(requestLength: TriggerRequest.requestLength) { turn in
            var payload = FrameBytes([0x55, 0xAA] + (2..<299).map { UInt8($0 & 0x3F) })
            payload.append(RTUFrame.sum(payload, 0..<299))
            let frame = Self.bytes(
                RTUFrame.encodeTriggerReply(
                    unit: UnitID(2), address: 0x1620, payload: payload, tail: 10))
            turn.send(Array(frame.prefix(120)))
            turn.pause(milliseconds: 5)
            turn.send(Array(frame.dropFirst(120)))
        }
        guard case .reply(let data) = fixture.ask(try Self.trigger()) else {
            Issue.record("no reply")
            return
        }
        #expect(data.count == 300 && fixture.line.strayBytes == 0)
        #expect(
            fixture.unit.requests.map(\.bytes) == [Self.bytes(RTUFrame.encode(try Self.trigger()))])
    }

    @Test func `Modbus TCP refuses a form it does not carry, with the remedy`() throws {
        let pty = try Pty()
        let stop = StopSignal()
        let stream = try SerialPort.open(SerialSettings(path: pty.path, baud: 115_200))
        let line = ModbusLine(stream: stream, framing: .tcp, stopDescriptor: stop.descriptor)
        let outcome = line.exchange(
            try Self.ranged(), replyUnit: UnitID(1), timing: LineTiming(baud: 115_200))
        guard case .lost(let error) = outcome else {
            Issue.record("not lost")
            return
        }
        #expect(
            error.description
                == "function 120 for '\(pty.path)' has a form that Modbus TCP does not carry; a serial server with framing = \"rtu-over-tcp\" does"
        )
        #expect(line.wireBytes == 0)
    }
}
