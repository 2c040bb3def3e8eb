import Bank
import Modbus
import Quantities
import TestKit
import Testing

@testable import GatewayRuntime

/// Readings and words out of a line that another master polls.
@Suite struct LineListenerTests {
    private func at(_ second: Int64) -> Instant { Instant(nanoseconds: second * 1_000_000_000) }

    /// What a Seplos master sends to each pack, and of itself without asking.
    private func seplos(_ unit: UInt8) throws -> [LineRequest] {
        [
            try ListenFixture.read(unit, .readInputRegisters, 0x1000, 18),
            try ListenFixture.read(unit, .readInputRegisters, 0x1100, 26),
            try ListenFixture.read(unit, .readCoils, 0x1200, 144),
        ]
    }

    private func seplosLine(units: [Int], answering: [UInt8]) throws -> ListenFixture {
        var line = try ListenFixture(map: "seplos-v3", units: units, answering: answering)
        for unit in answering { line.images[unit]?.set(.readInputRegisters, 0x1011, to: 1000) }
        return line
    }

    @Test func `rule 1: packs are complete by the blocks another master cuts`() throws {
        let line = try seplosLine(units: [1, 2], answering: [1, 2])
        var (listener, follower) = (line.listener(), line.follower())
        for (second, unit) in [(1, UInt8(1)), (2, 2)] {
            for request in try seplos(unit) {
                #expect(!line.slot(Int(unit) - 1).isComplete)
                listener.hear(line.exchange(request), &follower, Int64(second))
            }
        }
        for position in 0...1 {
            let slot = line.slot(position)
            #expect(slot.isComplete)
            #expect(slot.reading.voltage == .millivolts(53_010 + Int32(position) * 10))
            #expect(slot.reading.cell(15) == .millivolts(3325))
            #expect(slot.answeredAt == at(Int64(position) + 1))
            #expect(slot.findings.isEmpty)
        }
        let status = line.status.get()
        #expect(status.state == .listening)
        #expect(status.units.map(\.statistics.replies) == [3, 3])
        #expect(status.units.map(\.state) == [.answering, .answering])
        #expect(follower.strayBytes == 0)
    }

    @Test func `the master's own values are taken once their shape is proved`() throws {
        let line = try seplosLine(units: [0, 1], answering: [0, 1])
        var (listener, follower) = (line.listener(), line.follower())
        for second in Int64(1)...4 {
            for request in try seplos(1) {
                listener.hear(line.exchange(request), &follower, second)
            }
            for request in try seplos(0) {  // no request in front
                listener.hear(line.answer(request), &follower, second)
            }
            // Three proofs of each shape are there when the master sends for the third time.
            #expect(line.slot(0).isComplete == (second >= 3))
        }
        #expect(line.slot(0).reading.voltage == .millivolts(53_000))
        #expect(line.slot(1).reading.voltage == .millivolts(53_010))
    }

    @Test func `a unit that is not configured is named and counts nowhere`() throws {
        let line = try seplosLine(units: [1], answering: [1, 4, 5])
        var (listener, follower) = (line.listener(), line.follower())
        for unit in [1, 4, 5, 9] as [UInt8] {
            for request in try seplos(unit) {
                listener.hear(line.exchange(request), &follower, 1)
            }
        }
        listener.tick(strayBytes: 0, at(2))
        #expect(line.status.get().trouble == "other unit ids seen: 4, 5")
        #expect(line.slot(0).reading.voltage == .millivolts(53_010))
    }

    @Test func `a master that finds none of the configured packs is told with whom it asks`() throws
    {
        let line = try ListenFixture(map: "jk-pb-trigger", units: [3], answering: [])
        var (listener, follower) = (line.listener(), line.follower())
        for unit in [1, 2, 10] as [UInt8] {
            listener.hear(line.exchange(try line.block("status", of: unit)), &follower, 1)
        }
        listener.tick(strayBytes: 0, at(2))
        #expect(
            line.status.get().trouble == "other unit ids seen, none of which answers: 1, 2, 10")
    }

    @Test func `a JK master's packs are told apart, and its own nameless frames are left`() throws {
        let line = try ListenFixture(map: "jk-pb-trigger", units: [1, 2], answering: [1, 2])
        var (listener, follower) = (line.listener(), line.follower())
        for unit in [1, 2, 3] as [UInt8] {
            listener.hear(line.exchange(try line.block("status", of: unit)), &follower, 1)
        }
        #expect(line.slot(0).reading.voltage == .millivolts(53_010))
        #expect(line.slot(1).reading.voltage == .millivolts(53_020))
        // Unit 1's frame without its acknowledgement, as the master sends its own.
        let nameless = line.answer(try line.block("status", of: 2)).prefix(300)
        let asked = try line.block("status", of: 1)
        listener.hear(
            line.exchange(asked).prefix(11) + nameless
                + line.exchange(try line.block("status", of: 3)),
            &follower, 5)
        #expect(line.slot(0).reading.voltage == .millivolts(53_010))
        #expect(line.slot(0).answeredAt == at(1))
        #expect(line.status.get().units[0].trouble == "no answer to the other master")
        #expect(line.status.get().units[0].state == .missed)
    }

    @Test func `ranged frames are read along`() throws {
        let line = try ListenFixture(map: "jbd-up16s", units: [1], answering: [1])
        var (listener, follower) = (line.listener(), line.follower())
        listener.hear(line.exchange(try line.block("status", of: 1)), &follower, 1)
        #expect(line.slot(0).reading.voltage == .millivolts(53_010))
    }

    @Test func `units that answer from another id are read along`() throws {
        let line = try ListenFixture(map: "daly-p81", units: [0x81], answering: [0x81])
        var (listener, follower) = (line.listener(), line.follower())
        for index in line.setup.plan.blocks.indices {
            let request = try line.block(line.setup.map.blockNames[index], of: 0x81)
            listener.hear(line.exchange(request), &follower, 1)
        }
        #expect(line.slot(0).isComplete)
    }

    @Test func `a block that the other master does not read is named`() throws {
        let line = try seplosLine(units: [1, 2], answering: [1])
        var (listener, follower) = (line.listener(), line.follower())
        for second in stride(from: Int64(1), through: 40, by: 3) {
            for request in try seplos(1).dropLast() {
                listener.hear(line.exchange(request), &follower, second)
            }
        }
        listener.tick(strayBytes: 0, at(41))
        #expect(!line.slot(0).isComplete)
        let troubles = line.status.get().units.map(\.trouble)
        #expect(
            troubles == [
                "waits for block 'states', which the other master does not read whole",
                "not heard; the other master does not ask this unit, or it does not answer",
            ])
    }

    @Test func `a pack that was away for long must be read whole again`() throws {
        let line = try seplosLine(units: [1], answering: [1])
        var (listener, follower) = (line.listener(), line.follower())
        for request in try seplos(1) { listener.hear(line.exchange(request), &follower, 1) }
        #expect(line.slot(0).isComplete)
        listener.hear(line.exchange(try seplos(1)[0]), &follower, 60)
        #expect(!line.slot(0).isComplete)
    }

    @Test func `impossible values reach nobody and make a pack implausible`() throws {
        var line = try seplosLine(units: [1], answering: [1])
        line.images[1]?.set(.readInputRegisters, 0x1000, to: 60_000)
        var (listener, follower) = (line.listener(), line.follower())
        for second in Int64(1)...3 {
            listener.hear(line.exchange(try seplos(1)[0]), &follower, second)
        }
        #expect(line.slot(0).reading.voltage == nil)
        #expect(line.slot(0).isImplausible)
        #expect(line.status.get().units[0].statistics.implausible == 3)
    }

    @Test(arguments: [
        ([], "nothing heard: nobody polls on this line"),
        (
            [UInt8](repeating: 0x55, count: 40),
            "40 bytes of noise; check wiring, termination and baud rate"
        ),
        (
            Array("~20004642E00201FD31\r".utf8),
            "a pack speaks an ASCII protocol; switch its protocol to Modbus"
        ),
    ])
    func `a line on which no frame is heard says what it has`(bytes: [UInt8], words: String) throws
    {
        let line = try seplosLine(units: [1], answering: [])
        var (listener, follower) = (line.listener(), line.follower())
        listener.hear(bytes, &follower, 1)
        listener.tick(strayBytes: 0, at(9))
        #expect(line.status.get().trouble == "")
        listener.tick(strayBytes: 0, at(11))
        #expect(line.status.get().trouble == words)
    }
}
