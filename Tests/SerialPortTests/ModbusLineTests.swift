import Glibc
import Modbus
import SerialPort
import TestKit
import Testing

/// The manners of a line, on a pseudo-terminal with a unit that behaves and misbehaves.
@Suite(.serialized) struct ModbusLineTests {
    private static let expected: [UInt16] = Array(1000..<1008)

    @Test func `an answer arrives with its registers`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2_000) { $0.send($0.answer()) }
        #expect(fixture.ask(try .holding(0, 8)).registers == Self.expected)
        #expect(fixture.line.wireBytes == 8 + 21)
        #expect(fixture.line.strayBytes == 0)
        #expect(fixture.unit.requests.count == 1)
    }

    @Test func `an answer in single bytes arrives whole`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2_000) { turn in
            for byte in turn.answer() {
                turn.pause(milliseconds: 1)
                turn.send([byte])
            }
        }
        #expect(fixture.ask(try .holding(0, 8)).registers == Self.expected)
    }

    @Test func `noise around an answer is survived and counted`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2_000) {
            $0.send([0xFF, 0x00] + $0.answer() + [0x00])
        }
        for _ in 0..<3 { #expect(fixture.ask(try .holding(0, 8)).registers == Self.expected) }
        #expect(fixture.line.strayBytes == 9)
    }

    @Test func `noise instead of an answer is a time-out and counted`() throws {
        let fixture = try LineFixture { $0.send([0xFF, 0x00, 0x01]) }
        #expect(fixture.ask(try .holding(0, 8)).kind == "timeout")
        #expect(fixture.line.strayBytes == 3)
    }

    @Test func `an answer that comes late and slowly is awaited asleep`() throws {
        let fixture = try LineFixture(baud: 9600, turnRoundMilliseconds: 2_000) { turn in
            turn.pause(milliseconds: 150)
            for byte in turn.answer() {
                turn.send([byte])
                turn.pause(milliseconds: 1)
            }
        }
        let before = Self.voluntarySwitches()
        #expect(fixture.ask(try .holding(0, 40)).registers?.count == 40)
        // The answer has 85 bytes; waking for every one would be 85 switches at least.
        #expect(Self.voluntarySwitches() - before < 30)
    }

    /// How often this thread has gone to sleep.
    private static func voluntarySwitches() -> Int {
        var usage = rusage()
        getrusage(1, &usage)  // RUSAGE_THREAD
        return usage.ru_nvcsw
    }

    @Test func `an adapter that echoes is survived`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2_000) {
            $0.send($0.request + $0.answer())
        }
        for _ in 0..<3 { #expect(fixture.ask(try .holding(0, 8)).registers == Self.expected) }
        #expect(fixture.line.strayBytes == 0)
    }

    @Test func `a refusal is told with its code and without waiting for the time-out`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2000) { $0.send($0.refusal(2)) }
        let start = Clock.now()
        #expect(fixture.ask(try .holding(0, 8)).kind == "exception 2")
        #expect(Clock.now() - start < 1_000_000_000)
    }

    @Test func `an answer from another unit is taken where the map says so`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 2_000) {
            $0.send($0.answer(unit: 0x51))
        }
        let request = try ReadRequest.holding(0, 8, unit: 0x81)
        #expect(fixture.ask(request, replyUnit: UnitID(0x51)).registers == Self.expected)
        #expect(fixture.ask(request).kind == "unit 81")
    }

    @Test func `a damaged answer is told from silence`() throws {
        let fixture = try LineFixture { turn in
            var answer = turn.answer()
            answer[7] ^= 0x10
            if turn.number == 0 { turn.send(answer) }
        }
        #expect(fixture.ask(try .holding(0, 8)).kind == "check failed")
        #expect(fixture.ask(try .holding(0, 8)).kind == "timeout")
    }

    @Test func `a silent unit costs the time-out and no more`() throws {
        let fixture = try LineFixture(baud: 9600, turnRoundMilliseconds: 0) { _ in }
        let start = Clock.now()
        #expect(fixture.ask(try .holding(0, 40)).kind == "timeout")
        let cost = Clock.now() - start
        #expect(cost >= fixture.timing.timeout(of: try .holding(0, 40)))
        #expect(cost < 200_000_000)
    }

    @Test(arguments: [(1200, 0), (9600, 0), (115_200, 0), (115_200, 25)])
    func `no request begins before the silence is over`(baud: Int, gap: Int) throws {
        let began = Moments()
        let fixture = try LineFixture(
            baud: baud, gapMilliseconds: gap, turnRoundMilliseconds: 2_000
        ) { turn in
            let answer = turn.answer()
            began.note()
            turn.send(answer)
        }
        for _ in 0..<4 { #expect(fixture.ask(try .holding(0, 1)).registers == [1000]) }
        let pause = fixture.timing.pause
        for (answer, request) in zip(began.all, fixture.unit.requests.dropFirst()) {
            #expect(request.arrivedAt - answer >= pause)
        }
    }

    @Test func `bytes that come late begin the silence anew`() throws {
        let began = Moments()
        let fixture = try LineFixture(baud: 1200) { turn in
            turn.send(turn.answer())
            guard turn.number == 0 else { return }
            // The answer is due 154 ms after the request, the next request 29 ms later.
            turn.pause(milliseconds: 168)
            began.note()
            turn.send([0x00])
        }
        for _ in 0..<2 { #expect(fixture.ask(try .holding(0, 1)).registers == [1000]) }
        let late = try #require(began.all.first)
        #expect(fixture.unit.requests[1].arrivedAt - late >= fixture.timing.pause)
        #expect(fixture.line.strayBytes == 1)
    }

    @Test func `an answer that comes after the time-out is not taken for the next one`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 0) { turn in
            if turn.number == 0 {
                turn.pause(milliseconds: 60)
                turn.send(turn.answer(offset: 7))
            } else {
                turn.send(turn.answer())
            }
        }
        #expect(fixture.ask(try .holding(0, 8)).kind == "timeout")
        #expect(fixture.unit.waitForAnswers(1))
        #expect(fixture.ask(try .holding(0, 8)).registers == Self.expected)
        #expect(fixture.line.strayBytes == 21)
    }

    @Test func `a late answer is not taken for that of a neighbouring block`() throws {
        // The time-out is 381 ms; the answer to the first block comes just after it.
        let fixture = try LineFixture(baud: 1200, turnRoundMilliseconds: 0) { turn in
            if turn.number == 0 { turn.pause(milliseconds: 440) }
            turn.send(turn.answer())
        }
        #expect(fixture.ask(try .holding(0, 8)).kind == "timeout")
        #expect(fixture.ask(try .holding(8, 8)).registers == Array(1008..<1016))
    }

    @Test func `a stop signal ends waiting at once`() throws {
        let fixture = try LineFixture(turnRoundMilliseconds: 20_000) { _ in }
        let stop = fixture.stop
        Background.run {
            Clock.sleep(until: Clock.now() + 30_000_000)
            stop.raise()
        }
        let start = Clock.now()
        #expect(fixture.ask(try .holding(0, 8)).kind == "stopped")
        #expect(Clock.now() - start < 2_000_000_000)
        #expect(fixture.ask(try .holding(0, 8)).kind == "stopped")
    }

    @Test func `an adapter that is unplugged is told from a silent unit`() throws {
        let pty = try Pty()
        let unit = ScriptedUnit(on: pty) { _ in pty.hangUp() }
        let stop = StopSignal()
        let stream = try SerialPort.open(SerialSettings(path: pty.path, baud: 9600))
        let line = ModbusLine(stream: stream, framing: .rtu, stopDescriptor: stop.descriptor)
        let timing = LineTiming(baud: 9600, turnRoundMilliseconds: 5_000)
        let outcome = line.exchange(try .holding(0, 8), replyUnit: UnitID(1), timing: timing)
        #expect(outcome.kind == "lost: lost")
        #expect(unit.requests.count == 1)
        let again = line.exchange(try .holding(0, 8), replyUnit: UnitID(1), timing: timing)
        #expect(again.kind == "lost: lost")
    }

    @Test func `a foreign master is heard before anything is sent`() throws {
        let fixture = try LineFixture { _ in }
        let scan: [UInt8] = [0x0F, 0x10, 0x16, 0x20, 0x00, 0x01, 0x02, 0x00, 0x00, 0x9A, 0x91]
        try fixture.pty.write(scan)
        #expect(try fixture.line.listen(nanoseconds: 50_000_000) == .master(UnitID(15)))
        #expect(try fixture.line.listen(nanoseconds: 20_000_000) == .silence)
        #expect(fixture.unit.requests.isEmpty)
    }
}

/// Moments noted by one thread and read by another.
final class Moments: Sendable {
    private let moments = Guarded<[Int64]>([])

    func note() {
        let now = Clock.now()
        moments.change { $0.append(now) }
    }

    var all: [Int64] { moments.value }
}
