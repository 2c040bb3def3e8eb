import Testing

@testable import Simulation

@Suite struct OrderTests {
    @Test(arguments: [
        ("7 silent 10s", BankOrder.raise(.silent, packs: [7], milliseconds: 10_000)),
        (
            "2-4,9 slow 300",
            .raise(.slow(milliseconds: 300), packs: [2, 3, 4, 9], milliseconds: nil)
        ),
        ("3 exception 2 500ms", .raise(.exception(2), packs: [3], milliseconds: 500)),
        ("1 wrong-unit 9 2m", .raise(.wrongUnit(9), packs: [1], milliseconds: 120_000)),
        (
            "4 protection cell_overvoltage",
            .raise(.protection(.cellOvervoltage), packs: [4], milliseconds: nil)
        ),
        ("line foreign 10s", .raise(.foreign(1), packs: [], milliseconds: 10_000)),
        ("line foreign 5 10s", .raise(.foreign(5), packs: [], milliseconds: 10_000)),
        ("line echo", .raise(.echo, packs: [], milliseconds: nil)),
        ("clear 3-4", .clear(packs: [3, 4])), ("clear line", .clear(packs: [0])),
        ("swap 2 5", .swap(2, 5)), ("load -40", .load(.constant(-40))),
        ("load sine:60:600", .load(.sine(amplitude: 60, period: 600))),
        ("ambient 1-2 -5", .ambient(packs: [1, 2], celsius: -5)), ("status", .status),
    ])
    func `a command is understood`(text: String, order: BankOrder) throws {
        #expect(try BankOrder.parse(text, count: 16) == order)
    }

    @Test func `all means every pack and clear alone means the line too`() throws {
        #expect(
            try BankOrder.parse("all noise", count: 3)
                == .raise(.noise, packs: [1, 2, 3], milliseconds: nil))
        #expect(try BankOrder.parse("clear", count: 2) == .clear(packs: [0, 1, 2]))
    }

    @Test(arguments: [
        (
            "",
            "expected a command such as '7 silent 10s', 'clear' or 'status', found 'the end of the command'"
        ),
        ("17 silent", "expected packs 1…16, found '17'"),
        ("5-2 silent", "expected packs 1…16, found '5-2'"),
        ("seven silent", "expected packs such as 7, 2-5, 1,4 or all, found 'seven'"),
        ("1,, silent", "expected packs such as 7, 2-5, 1,4 or all, found '1,,'"),
        ("7 silent 10", "expected a duration such as 500ms, 10s or 2m, found '10'"),
        ("7 silent -1s", "expected a duration such as 500ms, 10s or 2m, found '-1s'"),
        ("7 slow", "expected milliseconds, 1…60000, found 'the end of the command'"),
        ("7 exception 0", "expected an exception code, 1…255, found '0'"),
        ("7 protection fire", "expected a protection such as cell_overvoltage, found 'fire'"),
        ("7 echo", "expected 'line echo', found '7 echo'"),
        ("line silent", "expected packs before 'silent', such as 7, found 'line silent'"),
        ("swap 1 99", "expected a pack number, 1…16, found '99'"),
        ("status now", "expected the end of the command, found 'now'"),
        (
            "load much",
            "'load' is 'much', expected amperes such as -40, 'sine:AMPERES:SECONDS' or 'day:AMPERES'"
        ),
    ])
    func `a command that is not understood is told what was expected`(
        text: String, sentence: String
    ) {
        #expect(throws: SimulationError.self) { try BankOrder.parse(text, count: 16) }
        do { _ = try BankOrder.parse(text, count: 16) } catch {
            #expect(error.description == sentence)
        }
    }

    @Test func `an inverter and a relay understand theirs`() throws {
        #expect(try InverterOrder.parse("keepalive off") == .keepAlive(false))
        #expect(try InverterOrder.parse("disconnect 2s") == .disconnect(milliseconds: 2000))
        #expect(try InverterOrder.parse("silence") == .silence(milliseconds: nil))
        #expect(
            try RelayOrder.parse("delay 200ms 5s")
                == .mode(.delay(milliseconds: 200), milliseconds: 5000))
        #expect(try RelayOrder.parse("cut") == .mode(.cut, milliseconds: nil))
        #expect(throws: SimulationError.command(found: "maybe", expected: "'on' or 'off'")) {
            try InverterOrder.parse("keepalive maybe")
        }
        #expect(throws: SimulationError.self) { try RelayOrder.parse("delay") }
    }

    @Test func `a fault ends when its time is over and replaces its own kind`() {
        var table = FaultTable()
        table.raise(.slow(milliseconds: 100), packs: [1, 2], until: 50)
        table.raise(.slow(milliseconds: 200), packs: [1], until: .max)
        table.raise(.noise, packs: [1], until: .max)
        #expect(table.active(1, at: 10) == [.slow(milliseconds: 200), .noise])
        #expect(table.active(2, at: 49) == [.slow(milliseconds: 100)])
        #expect(table.active(2, at: 50) == [])
        table.clear(packs: [1])
        #expect(table.active(1, at: 10) == [])
    }

    @Test func `a day has sun at noon and a house in the evening`() {
        let day = LoadProfile.day(peak: 100)
        #expect(day.amperes(at: 12 * 3600) > 85)
        #expect(day.amperes(at: 20 * 3600) < -50)
        #expect(day.amperes(at: 3 * 3600) < 0)
    }
}
