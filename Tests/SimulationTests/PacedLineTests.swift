import Modbus
import TestKit
import Testing

@testable import Simulation

@Suite struct PacedLineTests {
    @Test func `an answer takes the time its characters take`() throws {
        let bank = try BankFixture(packs: 1, baud: 9600)
        let line = try FarEnd(bank.link)
        let character = 10.0 / 9600
        let wire = Int64((8 + 3.5 + 31) * character * 1e9)
        var shortest = Int64.max
        for _ in 0..<5 {
            let begun = Clock.now()
            line.write(BankFixture.request(1))
            var reply: [UInt8] = []
            while reply.count < 31 {
                let more = line.read(quiet: 0)
                guard !more.isEmpty else { break }
                reply += more
            }
            let taken = Clock.now() - begun
            #expect(BankFixture.isWhole(reply))
            #expect(taken >= wire)
            shortest = min(shortest, taken)
            Clock.sleep(until: Clock.now() + 5_000_000)
        }
        #expect(shortest < wire + 20_000_000)
        let status = try bank.tell("status")
        #expect(status.contains("\"silence_violations\": 0"))
    }

    @Test func `a request too soon after an answer is noticed`() throws {
        let bank = try BankFixture(packs: 1, baud: 1200)
        let line = try FarEnd(bank.link)
        // A loaded machine may wake this test later than the 29 ms of silence: then it tries again.
        for _ in 0..<20 {
            line.write(BankFixture.request(1, 0, 1))
            var reply: [UInt8] = []
            while reply.count < 7 {
                let more = line.read(quiet: 0)
                if more.isEmpty { break }
                reply += more
            }
            line.write(BankFixture.request(1, 0, 1))
            #expect(line.read(quiet: 100).count == 7)
            if try !bank.tell("status").contains("\"silence_violations\": 0") { return }
        }
        Issue.record("no violation was counted in 20 attempts")
    }

    @Test func `a request into an answer is lost`() throws {
        let bank = try BankFixture(packs: 2, baud: 1200)
        let line = try FarEnd(bank.link)
        line.write(BankFixture.request(1, 0, 13))
        #expect(!line.read(quiet: 0).isEmpty)
        line.write(BankFixture.request(2, 0, 1))
        let rest = line.read(quiet: 100)
        #expect(rest.count < 31)
        #expect(try bank.tell("status").contains("\"collisions\": 1"))
    }
}

@Suite struct RequestScannerTests {
    private func scan(_ bytes: [UInt8]) -> [MasterRequest] {
        var scanner = RequestScanner()
        return bytes.compactMap { scanner.feed($0) }
    }

    @Test func `requests are found between stray bytes`() {
        let found = scan([0xFF, 0x00] + BankFixture.request(3) + [0x00] + BankFixture.request(4))
        #expect(found.map(\.unit) == [UnitID(3), UnitID(4)])
    }

    @Test func `a request for too many registers is refused with code 3`() {
        var frame = FrameBytes([1, 3, 0, 0, 0, 126])
        let check = CRC16.compute(frame, 0..<6)
        frame.append(UInt8(truncatingIfNeeded: check))
        frame.append(UInt8(truncatingIfNeeded: check >> 8))
        #expect(
            scan(BankFixture.bytes(frame)) == [.refused(unit: UnitID(1), function: 3, code: 3)])
    }

    @Test func `a long write is one request`() {
        var frame = FrameBytes([1, 16, 0, 60, 0, 2, 4, 1, 2, 3, 4])
        let check = CRC16.compute(frame, 0..<11)
        frame.append(UInt8(truncatingIfNeeded: check))
        frame.append(UInt8(truncatingIfNeeded: check >> 8))
        let found = scan(BankFixture.bytes(frame))
        #expect(found == [.refused(unit: UnitID(1), function: 16, code: 1)])
        #expect(found.allSatisfy { $0.isWrite })
    }

    @Test func `random bytes never stop the scanners`() {
        var random = SeededGenerator(announcedAs: "RequestScannerTests")
        for _ in 0..<300 {
            let bytes = random.bytes(400)
            _ = scan(bytes)
            var tcp = TCPRequestScanner()
            for byte in bytes {
                do { _ = try tcp.feed(byte) } catch { break }
            }
        }
    }
}
