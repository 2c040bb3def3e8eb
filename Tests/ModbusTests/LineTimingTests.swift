import Modbus
import Testing

@Suite struct LineTimingTests {
    private static func registers(_ count: UInt16) throws -> ReadRequest {
        try #require(
            ReadRequest(unit: UnitID(1), function: .readHoldingRegisters, address: 0, count: count))
    }

    @Test func `silence is 3.5 characters and 1.75 ms above 19200 baud`() {
        #expect(LineTiming(baud: 1200).silence == 29_166_665)
        #expect(LineTiming(baud: 9600).silence == 3_645_831)
        #expect(LineTiming(baud: 9600, bitsPerCharacter: 11).silence == 4_010_415)
        #expect(LineTiming(baud: 19_200).silence == 1_822_915)
        #expect(LineTiming(baud: 38_400).silence == 1_750_000)
        #expect(LineTiming(baud: 230_400).silence == 1_750_000)
    }

    /// Sixteen packs, in milliseconds: (8 + 5 + 2 N) characters and two silences for each read.
    @Test(
        arguments: [
            (9600, 10, [40], 1667), (9600, 11, [40], 1833), (19_200, 10, [40], 833),
            (38_400, 10, [40], 444), (115_200, 10, [40], 185), (115_200, 11, [40], 198),
            (9600, 10, [18, 39, 25], 3733), (115_200, 10, [18, 39, 25], 450),
            (9600, 10, [125], 4500), (115_200, 10, [125], 421),
        ] as [(Int, Int, [UInt16], Int64)])
    func `the wire limit of a cycle is that of the character times`(
        baud: Int, bits: Int, blocks: [UInt16], milliseconds: Int64
    ) throws {
        let timing = LineTiming(baud: baud, bitsPerCharacter: bits)
        var cycle: Int64 = 0
        for block in blocks { cycle += 16 * timing.wireTime(of: try Self.registers(block)) }
        #expect(abs(cycle - milliseconds * 1_000_000) < 600_000)
    }

    @Test func `a map's gap counts when it is longer than the silence`() throws {
        let request = try Self.registers(8)
        let bare = LineTiming(baud: 9600)
        let paused = LineTiming(baud: 9600, gapMilliseconds: 100)
        #expect(LineTiming(baud: 9600, gapMilliseconds: 1).pause == bare.silence)
        #expect(paused.pause == 100_000_000)
        #expect(paused.wireTime(of: request) - bare.wireTime(of: request) == 96_354_169)
    }

    @Test func `a dead pack of 40 registers at 9600 baud costs at most 0.16 s`() throws {
        let timeout = LineTiming(baud: 9600).timeout(of: try Self.registers(40))
        #expect(timeout <= 160_000_000)
    }

    @Test(arguments: [1200, 9600, 19_200, 115_200, 230_400])
    func `the time-out leaves room for the whole answer and what the unit may think`(
        baud: Int
    ) throws {
        for count: UInt16 in [1, 18, 40, 125] {
            let request = try Self.registers(count)
            let timing = LineTiming(baud: baud, turnRoundMilliseconds: 40)
            #expect(
                timing.timeout(of: request) >= timing.earliestReply(to: request) + 60_000_000)
        }
    }

    @Test func `a fixed time-out counts from the end of the request`() throws {
        let timing = LineTiming(baud: 9600, timeoutMilliseconds: 200)
        #expect(timing.timeout(of: try Self.registers(40)) == 208_333_328)
    }

    @Test func `nonsense rates give a finite timing`() throws {
        let timing = LineTiming(baud: 0)
        #expect(timing.character == 33_333_333)
        #expect(timing.timeout(of: try Self.registers(125)) > 0)
    }
}

@Suite struct LatencyHistogramTests {
    @Test func `a time on a bound falls into the lower bucket`() {
        var histogram = LatencyHistogram()
        histogram.record(1_000_000)
        histogram.record(1_000_001)
        histogram.record(2_000_000_001)
        histogram.record(0)
        #expect(histogram.count(in: 0) == 2)
        #expect(histogram.count(in: 1) == 1)
        #expect(histogram.count(in: 11) == 1)
        #expect(histogram.longest == 2_000_000_001)
        #expect(histogram.last == 0)
    }

    @Test func `buckets that do not exist are empty`() {
        #expect(LatencyHistogram().count(in: -1) == 0)
        #expect(LatencyHistogram().count(in: 12) == 0)
    }
}
