import Modbus
import SerialPort
import TestKit
import Testing

/// Modbus TCP and serial servers, with a server that behaves and misbehaves.
@Suite(.serialized) struct TCPLineTests {
    private static let expected: [UInt16] = [1000, 1001, 1002]

    private struct Fixture {
        let server: LoopbackServer
        let unit: ScriptedUnit
        let line: ModbusLine
        let stop = StopSignal()

        init(
            _ framing: LineFraming, script: @escaping @Sendable (ScriptedUnit.Turn) -> Void
        ) throws {
            server = try LoopbackServer()
            unit = ScriptedUnit(
                at: server, requestLength: framing == .tcp ? 12 : 8, script: script)
            let stream = try TCPStream.connect(host: "127.0.0.1", port: server.port)
            line = ModbusLine(stream: stream, framing: framing, stopDescriptor: stop.descriptor)
        }

        func ask(_ turnRoundMilliseconds: Int = 2_000) throws -> ExchangeOutcome {
            line.exchange(
                try .holding(0, 3), replyUnit: UnitID(1),
                timing: LineTiming(
                    baud: 115_200, turnRoundMilliseconds: turnRoundMilliseconds))
        }
    }

    @Test func `a Modbus TCP answer arrives in any pieces`() throws {
        let fixture = try Fixture(.tcp) { turn in
            for byte in turn.tcpAnswer() {
                turn.send([byte])
                turn.pause(milliseconds: 1)
            }
        }
        for _ in 0..<3 { #expect(try fixture.ask().registers == Self.expected) }
    }

    @Test func `every Modbus TCP request has a transaction of its own`() throws {
        let fixture = try Fixture(.tcp) { $0.send($0.tcpAnswer()) }
        for _ in 0..<3 { #expect(try fixture.ask().registers == Self.expected) }
        let transactions = fixture.unit.requests.map { Array($0.bytes.prefix(2)) }
        #expect(transactions == [[0, 1], [0, 2], [0, 3]])
    }

    @Test func `a late Modbus TCP answer is not taken for the next one`() throws {
        let fixture = try Fixture(.tcp) { turn in
            if turn.number == 0 { turn.pause(milliseconds: 80) }
            turn.send(turn.tcpAnswer(offset: turn.number == 0 ? 7 : 1000))
        }
        #expect(try fixture.ask(0).kind == "timeout")
        #expect(try fixture.ask().registers == Self.expected)
    }

    @Test func `a late Modbus TCP answer in two parts does not put the stream out of step`() throws
    {
        let parts = Moments()
        let fixture = try Fixture(.tcp) { turn in
            let answer = turn.tcpAnswer(offset: turn.number == 0 ? 7 : 1000)
            guard turn.number == 0 else { return turn.send(answer) }
            turn.pause(milliseconds: 80)
            turn.send(Array(answer.prefix(8)))
            parts.note()
            turn.pause(milliseconds: 60)
            turn.send(Array(answer.dropFirst(8)))
        }
        #expect(try fixture.ask(0).kind == "timeout")
        #expect(Patience.wait(5_000) { parts.all.isEmpty ? nil : true } == true)
        #expect(try fixture.ask().registers == Self.expected)
    }

    @Test func `a Modbus TCP answer that breaks off costs the connection`() throws {
        let fixture = try Fixture(.tcp) { $0.send(Array($0.tcpAnswer().prefix(10))) }
        guard case .lost(let error) = try fixture.ask(0) else {
            Issue.record("expected a lost line")
            return
        }
        #expect(
            error.description
                == "lost '127.0.0.1:\(fixture.server.port)': an answer broke off in the middle")
    }

    @Test func `a Modbus TCP refusal is told with its code`() throws {
        let fixture = try Fixture(.tcp) { turn in
            turn.send(Array(turn.request.prefix(4)) + [0, 3, 1, 0x83, 0x02])
        }
        #expect(try fixture.ask().kind == "exception 2")
    }

    @Test func `a serial server that passes bare bytes is named for what it is`() throws {
        let fixture = try Fixture(.tcp) { $0.send([0x01, 0x03, 0x06, 0, 1, 0, 2, 0, 3, 0, 0]) }
        let outcome = try fixture.ask()
        guard case .lost(let error) = outcome else {
            Issue.record("expected a lost line, found \(outcome.kind)")
            return
        }
        #expect(
            error.description
                == "'127.0.0.1:\(fixture.server.port)' does not answer in Modbus TCP; serial servers "
                + "that pass bytes unchanged need framing = \"rtu-over-tcp\"")
    }

    @Test func `RTU through a serial server arrives in any pieces`() throws {
        let fixture = try Fixture(.rtuOverTCP) { turn in
            let answer = turn.answer()
            turn.send(Array(answer.prefix(4)))
            turn.pause(milliseconds: 15)
            turn.send(Array(answer.dropFirst(4)))
        }
        for _ in 0..<3 { #expect(try fixture.ask().registers == Self.expected) }
        #expect(fixture.line.strayBytes == 0)
    }

    @Test func `a connection that is closed is told from a silent unit`() throws {
        for framing in [LineFraming.tcp, .rtuOverTCP] {
            let fixture = try Fixture(framing) { $0.hangUp() }
            let start = Clock.now()
            #expect(try fixture.ask(5_000).kind == "lost: lost")
            #expect(Clock.now() - start < 2_000_000_000)
            #expect(try fixture.ask(5_000).kind == "lost: lost")
        }
    }

    @Test func `a refused connection names the endpoint`() throws {
        let port = try Peers.freePort()
        let error = #expect(throws: LineError.self) {
            try TCPStream.connect(host: "127.0.0.1", port: port)
        }
        #expect(
            error?.description == "cannot connect to '127.0.0.1:\(port)': Connection refused")
    }

    @Test func `a host that does not exist is named`() {
        let error = #expect(throws: LineError.self) {
            try TCPStream.connect(host: "no-such-host.invalid", port: 502)
        }
        #expect(error?.kind == .notFound)
        #expect(error?.description.hasPrefix("cannot find 'no-such-host.invalid': ") == true)
    }
}

extension ScriptedUnit.Turn {
    /// The right Modbus TCP answer: every register holds its address plus `offset`.
    func tcpAnswer(offset: UInt16 = 1000) -> [UInt8] {
        let words = request.map(UInt16.init)
        let (address, count) = (words[8] << 8 | words[9], words[10] << 8 | words[11])
        var payload = FrameBytes([UInt8(count * 2)])
        for index in 0..<count { payload.append(bigEndian: address + index + offset) }
        let frame = TCPFrame.encodeReply(
            transaction: words[0] << 8 | words[1], unit: UnitID(request[6]),
            function: request[7], payload: payload)
        return (0..<frame.count).map { frame[$0] }
    }
}
