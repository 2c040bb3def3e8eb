import Bank
import Logging
import Modbus
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime

/// The listening thread on a pseudo-terminal: what a tap on the wire would bring.
@Suite struct ListenLineTests {
    @Test func `bytes in any pieces become readings and nothing is ever sent`() throws {
        let pty = try Pty()
        let line = try ListenFixture(
            map: "pace-v1.3", units: [1, 2], answering: [1, 2], device: pty.path)
        let worker = try line.line.start()
        defer { worker.stopAndJoin() }
        var generator = SeededGenerator(announcedAs: "listening pieces")
        let isOpen = Patience.wait(5000) { line.status.get().state == .listening ? true : nil }
        #expect(isOpen == true)
        let isDone = Patience.wait(20_000) { () -> Bool? in
            for unit in [1, 2] as [UInt8] {
                for name in line.setup.map.blockNames {
                    guard let request = try? line.block(name, of: unit) else { continue }
                    let wire = line.exchange(request)
                    for piece in generator.pieces(of: wire, longest: 9) { try? pty.write(piece) }
                }
            }
            return line.slot(0).isComplete && line.slot(1).isComplete ? true : nil
        }
        #expect(isDone == true)
        #expect(line.slot(0).reading.voltage == .millivolts(53_010))
        #expect(line.slot(1).reading.voltage == .millivolts(53_020))
        #expect(MachineClock.now().since(line.slot(0).answeredAt) < .seconds(20))
        #expect(try pty.read(within: 300).isEmpty)
    }

    @Test func `a broken reply ends with the silence behind it`() throws {
        let pty = try Pty()
        let line = try ListenFixture(
            map: "pace-v1.3", units: [1], answering: [1], device: pty.path)
        let worker = try line.line.start()
        defer { worker.stopAndJoin() }
        _ = Patience.wait(5000) { line.status.get().state == .listening ? true : nil }
        let wire = line.exchange(try line.block(line.setup.map.blockNames[0], of: 1))
        try pty.write(Array(wire.dropLast(3)))
        // One second after the last byte no answer can come any more.
        let isMissed = Patience.wait(10_000) {
            line.status.get().units[0].statistics.timeouts == 1 ? true : nil
        }
        #expect(isMissed == true)
        #expect(line.slot(0).answeredAt == .never)
        #expect(line.status.get().units[0].state == .backedOff)
    }
}
