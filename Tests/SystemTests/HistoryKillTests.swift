import FleetStore
import Foundation
import History
import TestKit
import Testing

@Suite(.serialized) struct HistoryKillTests {
    private let start: Int64 = 1_780_000_200_000

    /// Two days of a house of two packs, a record a minute.
    private func fill(_ address: String) throws {
        let store = try FleetStores.open(address)
        try store.migrate()
        var batch = IngestBatch()
        for number in 0..<2880 as Range<Int64> {
            var bank = BankSample()
            bank.watts = Int32(number * 37 % 5000) - 2500
            bank.stateOfCharge = Int32(number % 10_000)
            let packs = (1...2).map { pack in
                var sample = PackSample(pack: Int32(pack))
                sample.status = number % 50 == 0 ? "silent" : "online"
                sample.millivolts = 52_000
                sample.milliamperes = Int32(number * 91 % 90_000) - 45_000
                return sample
            }
            let clock = RecordClock(
                wallMilliseconds: start + number * 60_000, isTrusted: true,
                boot: "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b", monotonicMilliseconds: number * 60_000
            )
            batch.records.append(
                FleetRecord(
                    key: RecordKey(gateway: "house-1", epoch: 1, sequence: number + 1),
                    clock: clock,
                    receivedMilliseconds: start + number * 60_000, body: .telemetry(bank, packs)))
        }
        _ = try store.store(batch)
    }

    private func windows(_ address: String) throws -> [[RollUp]] {
        let store = try FleetStores.openHistory(address)
        while try store.rollUp(now: start + 9 * 86_400_000, most: 8) > 0 {}
        return try HistoryTier.allCases.flatMap { tier in
            try (0...2).map {
                try store.windows(
                    tier, gateway: "house-1", pack: $0, from: .min, to: .max, limit: 100_000)
            }
        }
    }

    @Test func `roll-ups killed again and again are those that nobody disturbed`() throws {
        let folder = try TemporaryDirectory("history")
        let (calm, rough) = (folder.file("calm.db"), folder.file("rough.db"))
        try fill("sqlite:\(calm)")
        try fill("sqlite:\(rough)")
        let before = try left(rough)
        #expect(before >= 192)
        var generator = SeededGenerator(announcedAs: "history kill moments")
        var seen = [before]
        for _ in 0..<40 where seen.last != 0 {
            // nobody listens at that port, so it does nothing but roll up
            let run = try ChildProcess(
                House.programs + "/amphora-fleet",
                [
                    "ingest", "--store", "sqlite:\(rough)", "--broker", "127.0.0.1:9",
                    "--roll-up-s",
                    "1",
                ])
            Thread.sleep(forTimeInterval: .random(in: 1.02...1.25, using: &generator))
            run.signal(SIGKILL)
            #expect(try run.waitForExit() == .signalled(SIGKILL))
            seen.append(try left(rough))
        }
        // it was killed at work, more than once
        #expect(Set(seen).count > 3, "\(seen)")
        #expect(try windows("sqlite:\(rough)") == windows("sqlite:\(calm)"))
        #expect(try left(rough) == 0)
    }

    /// Marks that are left.
    private func left(_ path: String) throws -> Int {
        let shell = try ChildProcess(
            Peers.tool("python3"),
            [
                "-c",
                "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("
                    + "'SELECT count(*) FROM rollup_mark').fetchone()[0])", path,
            ])
        #expect(try shell.waitForExit() == .exited(0), "\(shell.errors)")
        return Int(shell.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    @Test func `retention says what would go, and then removes it`() throws {
        let folder = try TemporaryDirectory("retention")
        let address = "sqlite:" + folder.file("fleet.db")
        try fill(address)
        func run(_ options: String...) throws -> (status: TestKit.ExitStatus, output: String) {
            let run = try ChildProcess(
                House.programs + "/amphora-fleet",
                ["retention", "run", "--store", address] + options)
            return (try run.waitForExit(within: 60_000), run.output + run.errors)
        }
        let words =
            "2880 measurements, 0 windows of a minute, 0 windows of a quarter hour, 0 events, 0 dead letters"
        let dry = try run("--samples", "1", "--dry-run")
        #expect(dry.status == .exited(0) && dry.output.contains("would remove \(words)"), "\(dry)")
        // the windows are made before their samples go; its minutes are older than 90 days
        let wet = try run("--samples", "1", "--minutes", "keep", "--json")
        #expect(wet.status == .exited(0))
        #expect(
            wet.output.contains("{\"dry_run\":false,\"measurements\":2880,\"minutes\":0,"), "\(wet)"
        )
        #expect(try windows(address).map(\.count).reduce(0, +) > 3 * 2880)
        let again = try run("--samples", "1")
        #expect(
            again.output.contains("removed 0 measurements, \(3 * 2880) windows of a minute"),
            "\(again)")
        let wrong = try run("--samples", "3", "--quarters", "4")
        #expect(wrong.status == .exited(64))
        #expect(
            wrong.output.contains(
                "'--quarters' is 4, expected at least two days more than '--samples', which is 3"))
    }
}
