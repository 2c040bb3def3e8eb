import FleetStore
import History
import Testing

@testable import FleetRuntime

@Suite struct HistoryCommandTests {
    private let now: Int64 = 1_790_035_200_000

    private func request(_ options: String...) throws -> SeriesRequest {
        let words = ["history", "chart", "house-1", "--store", "sqlite:/tmp/x"] + options
        let command = try #require(FleetCommand.parseAsRoot(words) as? HistoryChartCommand)
        return try command.request(now: now)
    }

    @Test func `a chart is of the last day and of power unless told`() throws {
        #expect(
            try request()
                == SeriesRequest(
                    gateway: "house-1", quantity: .power, from: now - 86_400_000, to: now,
                    pixels: 400))
        #expect(
            try request(
                "--quantity", "spread", "--pack", "3", "--from", "2026-03-29T00:00:00+01:00",
                "--to", "2026-03-30T00:00:00+02:00", "--points", "23")
                == SeriesRequest(
                    gateway: "house-1", pack: 3, quantity: .spread, from: 1_774_738_800_000,
                    to: 1_774_738_800_000 + 23 * 3_600_000, pixels: 23))
    }

    @Test(arguments: [
        (
            ["--quantity", "joy"],
            "'--quantity' is 'joy', expected one of 'power', 'voltage', 'current', 'charge', 'temperature', 'spread', 'deviation'"
        ),
        (["--points", "0"], "'--points' is 0, allowed 1…4000"),
        (["--pack", "17"], "'--pack' is 17, allowed 0…16"),
        (["--repeat", "1"], "'--repeat' is 1, allowed 2…10000"),
        (["--to", "noon"], "'--to' is 'noon', expected a time such as '2026-11-24T13:05:00Z'"),
        (
            ["--from", "2027-01-01T00:00:00Z"],
            "'--from' is 2027-01-01T00:00:00.000Z, expected a time before 2026-09-22T00:00:00.000Z"
        ),
    ])
    func `a wrong option says what is allowed`(options: [String], words: String) throws {
        let command = try #require(
            FleetCommand.parseAsRoot(
                ["history", "chart", "house-1", "--store", "sqlite:/tmp/x"] + options)
                as? HistoryChartCommand)
        let fault = #expect(throws: HistoryFault.self) { try command.request(now: now) }
        #expect(fault?.description == words)
    }

    @Test func `days that are kept may be for ever, and quarter hours outlive samples`() throws {
        let now: Int64 = 1_000_000_000
        func limits(_ options: String...) throws -> Retention {
            let words = ["retention", "run", "--store", "sqlite:/tmp/x"] + options
            return try #require(FleetCommand.parseAsRoot(words) as? RetentionRunCommand)
                .limits(nowSeconds: now)
        }
        let usual = try limits()
        #expect(usual.samplesBefore == (now - 90 * 86_400) * 1000)
        #expect(usual.quartersBefore == (now - 1100 * 86_400) * 1000)
        #expect(try limits("--audit", "10").auditBefore == (now - 10 * 86_400) * 1000)
        let all = try limits("--samples", "keep", "--quarters", "keep", "--minutes", "keep")
        #expect(all.samplesBefore == nil && all.quartersBefore == nil && all.minutesBefore == nil)
        for wrong in [
            ["--samples", "keep"], ["--samples", "0"], ["--events", "36501"],
            ["--samples", "30", "--quarters", "31"],
        ] {
            #expect(throws: (any Error).self) {
                try FleetCommand.parseAsRoot(
                    ["retention", "run", "--store", "sqlite:/tmp/x"] + wrong)
            }
        }
    }
}
