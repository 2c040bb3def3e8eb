import Testing

@testable import GatewayRuntime

/// The clock that lets a reliability test live through days.
@Suite struct FastClockTests {
    @Test func `three days go by in nine minutes and then it runs as fast as others`() throws {
        let clock = try #require(FastClock("0 500 259200"))
        let second: Int64 = 1_000_000_000
        #expect(clock.lead(after: 0) == 0)
        #expect(clock.lead(after: second) == 499 * second)
        #expect(clock.lead(after: 519 * second) == 258_981 * second)
        #expect(clock.lead(after: 520 * second) == 259_200 * second)
        #expect(clock.lead(after: .max) == 259_200 * second)
        #expect(clock.lead(after: -second) == 0)
    }

    @Test func `a start after the days goes on from there`() throws {
        let clock = try #require(FastClock("259200 500 259200"))
        #expect(clock.lead(after: 0) == 259_200_000_000_000)
        #expect(clock.lead(after: 1_000_000_000) == 259_200_000_000_000)
    }

    @Test(arguments: ["", "1 2", "a b c", "-1 2 3", "5 2 4", "0 0 5", "0 2 9223372036854775807"])
    func `numbers without sense are no clock`(_ text: String) {
        #expect(FastClock(text) == nil)
    }
}
