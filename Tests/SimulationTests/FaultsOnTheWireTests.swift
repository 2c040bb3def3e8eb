import Glibc
import Modbus
import TestKit
import Testing

@testable import Simulation

/// Each fault as a master sees it, on a real pseudo-terminal.
@Suite struct FaultsOnTheWireTests {
    private let bank: BankFixture
    private let line: FarEnd
    /// Unit, function, count, 26 data bytes, CRC.
    private let length = 31

    init() throws {
        bank = try BankFixture()
        line = try FarEnd(bank.link)
    }

    private func ask(_ unit: UInt8, quiet: Int32 = 60, first: Int32 = 1000) -> [UInt8] {
        line.write(BankFixture.request(unit))
        return line.read(quiet: quiet, first: first)
    }

    @Test func `a pack answers with one whole frame`() {
        let reply = ask(2)
        #expect(reply.count == length)
        #expect(reply.starts(with: [2, 3, 26]))
        #expect(BankFixture.isWhole(reply))
    }

    @Test func `a silent pack says nothing and its neighbours go on`() throws {
        #expect(try bank.tell("2 silent") == "ok")
        #expect(ask(2, first: 150) == [])
        #expect(ask(3).count == length)
        #expect(try bank.tell("clear 2") == "ok")
        #expect(ask(2).count == length)
    }

    @Test func `a fault ends by itself after its duration`() throws {
        _ = try bank.tell("2 silent 200ms")
        #expect(ask(2, first: 100) == [])
        let answer = Patience.wait(3000) { () -> [UInt8]? in
            let reply = ask(2, first: 50)
            return reply.isEmpty ? nil : reply
        }
        #expect(answer?.count == length)
    }

    @Test func `a slow pack answers late`() throws {
        _ = try bank.tell("1 slow 150")
        let begun = Clock.now()
        #expect(ask(1).count == length)
        #expect(Clock.now() - begun >= 150_000_000)
    }

    @Test func `noise surrounds a good frame`() throws {
        _ = try bank.tell("1 noise")
        let reply = ask(1)
        #expect(reply.count >= length + 2 && reply.count <= length + 6)
        let starts = (1...3).filter { reply.count >= $0 + length }
        #expect(starts.contains { BankFixture.isWhole(reply[$0..<($0 + length)]) })
    }

    @Test func `a wrong check sum is wrong`() throws {
        _ = try bank.tell("1 crc")
        let reply = ask(1)
        #expect(reply.count == length)
        #expect(!BankFixture.isWhole(reply))
    }

    @Test func `an exception has its code`() throws {
        _ = try bank.tell("1 exception 2")
        let reply = ask(1)
        #expect(reply.starts(with: [1, 0x83, 2]))
        #expect(reply.count == 5 && BankFixture.isWhole(reply))
    }

    @Test func `glued frames come before and after by turns`() throws {
        _ = try bank.tell("1 glued")
        var places: Set<Int> = []
        for _ in 0..<2 {
            let reply = ask(1)
            #expect(reply.count == length * 2)
            guard reply.count == length * 2 else { return }
            #expect(BankFixture.isWhole(reply[..<length]) && BankFixture.isWhole(reply[length...]))
            places.insert(reply[0] == 1 ? 0 : 1)
        }
        #expect(places == [0, 1])
    }

    @Test func `a split frame has a pause in it`() throws {
        _ = try bank.tell("1 split")
        let begun = Clock.now()
        let reply = ask(1, quiet: 200)
        #expect(reply.count == length && BankFixture.isWhole(reply))
        #expect(Clock.now() - begun >= 20_000_000)
    }

    @Test func `zeros come with a valid check sum`() throws {
        _ = try bank.tell("1 zero")
        let reply = ask(1)
        #expect(BankFixture.isWhole(reply))
        #expect(reply.dropFirst(3).dropLast(2).allSatisfy { $0 == 0 })
    }

    @Test func `an answer can come from another unit`() throws {
        _ = try bank.tell("1 wrong-unit 9")
        let reply = ask(1)
        #expect(reply.first == 9 && BankFixture.isWhole(reply))
    }

    @Test func `an adapter that echoes gives the request back before the answer`() throws {
        _ = try bank.tell("line echo")
        let reply = ask(1)
        #expect(reply.count == 8 + length)
        #expect(Array(reply.prefix(8)) == BankFixture.request(1))
    }

    @Test func `another master is heard with the answer it gets`() throws {
        _ = try bank.tell("line foreign 3")
        let heard = line.read(quiet: 100)
        #expect(Array(heard.prefix(8)) == BankFixture.request(3))
        #expect(heard.count == 8 + length)
    }

    @Test func `a protection shows in the registers at once and closes a switch`() throws {
        _ = try bank.tell("1 protection cell_overvoltage")
        let reply = ask(1)
        #expect(reply.count == length)
        guard reply.count == length else { return }
        #expect(reply[3 + 20 + 1] & 0x01 == 1)
        #expect(reply[3 + 22] & 0x0C == 0x08)
        #expect(try bank.tell("status").contains("\"protections\": [\"cell_overvoltage\"]"))
    }

    @Test func `swapped packs show each other's serial numbers`() throws {
        func serial(_ unit: UInt8) -> [UInt8] {
            line.write(BankFixture.request(unit, 170, 10))
            return Array(line.read(quiet: 60).dropFirst(3).dropLast(2))
        }
        let before = (serial(1), serial(2))
        #expect(before.0 != before.1 && !before.0.isEmpty)
        _ = try bank.tell("swap 1 2")
        #expect(serial(1) == before.1)
        #expect(serial(2) == before.0)
    }

    @Test func `an unplugged line goes away and comes back under its name`() throws {
        _ = try bank.tell("line unplugged")
        #expect(throws: SimulationError.self) { _ = try FarEnd(bank.link) }
        var ready = [UInt8](repeating: 0, count: 1)
        #expect(read(line.descriptor, &ready, 1) <= 0)
        _ = try bank.tell("clear line")
        let again = try FarEnd(bank.link)
        again.write(BankFixture.request(1))
        #expect(again.read(quiet: 60).count == length)
    }

    @Test func `an attempt to write is refused and counted`() throws {
        var frame = FrameBytes([1, 6, 0, 60, 0, 1])
        let check = CRC16.compute(frame, 0..<frame.count)
        frame.append(UInt8(truncatingIfNeeded: check))
        frame.append(UInt8(truncatingIfNeeded: check >> 8))
        line.write(BankFixture.bytes(frame))
        #expect(line.read(quiet: 60).starts(with: [1, 0x86, 1]))
        #expect(try bank.tell("status").contains("\"writes\": 1"))
    }

    @Test func `a command that is not understood is answered with a sentence`() throws {
        #expect(try bank.tell("9 silent") == "error: expected packs 1…3, found '9'")
    }
}
