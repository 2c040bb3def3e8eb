import ArgumentParser
import FleetIngest
import FleetStore
import Glibc
import History
import Telemetry

/// `history`.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Look at what gateways measured, over any time.",
        subcommands: [HistoryChartCommand.self, HistoryRollUpCommand.self])
}

/// `history chart`.
struct HistoryChartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "chart",
        abstract:
            "Print a quantity over time as CSV, with lowest, mean, highest and last value a point.",
        discussion: """
            There are never more points than --points, and none where nothing was measured: gaps go to \
            standard error with their cause. However long the time, it takes as long.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The gateway's id.")
    var gateway: String

    @Option(help: ArgumentHelp("The pack, 1 to 16; 0 is the bank.", valueName: "number"))
    var pack: Int32 = 0

    @Option(
        help: ArgumentHelp(
            "One of \(Quantity.allCases.map { "\($0)" }.joined(separator: ", ")).",
            valueName: "quantity"))
    var quantity = "power"

    @Option(
        help: ArgumentHelp("Where it begins; a day before --to unless told.", valueName: "RFC 3339")
    )
    var from: String?

    @Option(help: ArgumentHelp("Where it ends; now unless told.", valueName: "RFC 3339"))
    var to: String?

    @Option(help: "Points at most, 1 to 4000.")
    var points = 400

    @Option(
        help: ArgumentHelp(
            "Ask so many times, 2 to 10000, and print as JSON how long the store took.",
            valueName: "times"))
    var `repeat`: Int?

    func run() throws {
        let now = wallMilliseconds()
        let request: SeriesRequest
        do {
            request = try self.request(now: now)
        } catch {
            Output.note("amphora-fleet: \(error)")
            throw ExitCode(ExitStatus.configuration)
        }
        do {
            let store = try FleetStores.openHistory(store.store)
            try store.migrate()
            if let times = `repeat` {
                print(try Self.timed(times) { try store.series(request, now: now) })
            } else {
                Self.show(try store.series(request, now: now), request.quantity)
            }
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }

    func request(now: Int64) throws(HistoryFault) -> SeriesRequest {
        guard let quantity = Quantity.allCases.first(where: { "\($0)" == quantity }) else {
            let names = Quantity.allCases.map { "'\($0)'" }.joined(separator: ", ")
            throw HistoryFault("'--quantity' is '\(quantity)', expected one of \(names)")
        }
        guard SeriesBuilder.pixels.contains(points) else {
            throw HistoryFault("'--points' is \(points), allowed 1…4000")
        }
        guard (0...16).contains(pack) else {
            throw HistoryFault("'--pack' is \(pack), allowed 0…16")
        }
        guard `repeat`.map({ (2...10_000).contains($0) }) ?? true else {
            throw HistoryFault("'--repeat' is \(`repeat` ?? 0), allowed 2…10000")
        }
        let end = try Self.moment(to, "--to") ?? now
        let begin = try Self.moment(from, "--from") ?? end - 86_400_000
        guard begin < end else {
            throw HistoryFault(
                "'--from' is \(RFC3339.text(unixMilliseconds: begin)), expected a time before "
                    + "\(RFC3339.text(unixMilliseconds: end))")
        }
        return SeriesRequest(
            gateway: gateway, pack: pack, quantity: quantity, from: begin, to: end, pixels: points)
    }

    private static func moment(
        _ text: String?, _ option: String
    ) throws(HistoryFault) -> Int64? {
        guard let text else { return nil }
        guard let moment = Timestamp.milliseconds(Array(text.utf8)) else {
            throw HistoryFault(
                "'\(option)' is '\(text)', expected a time such as '2026-11-24T13:05:00Z'")
        }
        return moment
    }

    private static func show(_ series: HistorySeries, _ quantity: Quantity) {
        let names = ["min", "mean", "max", "last"].map { "\(quantity.rawValue)_\($0)" }
        print("time,samples,\(names.joined(separator: ","))")
        for point in series.points {
            let time = RFC3339.text(unixMilliseconds: point.from)
            print(
                "\(time),\(point.samples),\(point.minimum),\(point.mean),\(point.maximum),\(point.last)"
            )
        }
        for gap in series.gaps {
            let from = RFC3339.text(unixMilliseconds: gap.from)
            let to = RFC3339.text(unixMilliseconds: gap.to)
            Output.note("nothing from \(from) to \(to): \(gap.cause.rawValue)")
        }
        if series.isBehind {
            Output.note(
                "the newest samples are missing: nobody rolls up, start 'amphora-fleet ingest'")
        }
    }

    private static func timed(_ times: Int, _ ask: () throws -> HistorySeries) throws -> String {
        var spent: [Double] = []
        var points = 0
        for _ in 0..<times {
            let began = ContinuousClock.now
            points = try ask().points.count
            spent.append(began.duration(to: .now) / .milliseconds(1))
        }
        spent.sort()
        func text(_ share: Int) -> String {
            let microseconds = Int((spent[(times - 1) * share / 100] * 1000).rounded())
            let rest = String(microseconds % 1000)
            return "\(microseconds / 1000)."
                + String(repeating: "0", count: 3 - rest.utf8.count) + rest
        }
        return
            "{\"points\":\(points),\"times\":\(times),\"p50_ms\":\(text(50)),\"p99_ms\":\(text(99))}"
    }
}

/// `history roll-up`.
struct HistoryRollUpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roll-up",
        abstract:
            "Compute what is still to be computed, and end; 'ingest' does the same all the time.",
        discussion:
            "Of use after a store of an older version was opened. Others may store meanwhile.")

    @OptionGroup var store: StoreOptions

    func run() throws {
        do {
            let store = try FleetStores.openHistory(store.store)
            try store.migrate()
            var windows = 0
            while true {
                let done = try store.rollUp(now: wallMilliseconds(), most: 16)
                guard done > 0 else { break }
                windows += done
            }
            print("computed \(windows) windows")
        } catch {
            Output.note("\(error)")
            throw ExitCode(ExitStatus.unreachable)
        }
    }
}

/// What is wrong with the options of `history`.
struct HistoryFault: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Unix time in milliseconds.
func wallMilliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
}
