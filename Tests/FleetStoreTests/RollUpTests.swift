import Glibc
import History
import Synchronization
import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct RollUpTests {
    let records = Records()
    let start = Records.start
    let hour: Int64 = 3600

    /// Records of some hours around a change of the clock, every tenth without a trusted clock.
    private func history(
        _ gateway: String, hours: Int64, using generator: inout some RandomNumberGenerator
    ) -> [FleetRecord] {
        var seconds: Int64 = 0
        var all: [FleetRecord] = []
        var sequence: Int64 = 0
        while seconds < hours * hour {
            sequence += 1
            seconds += Int64.random(in: 0...30, using: &generator) == 0 ? 1800 : 40
            let isLost = Int.random(in: 0...9, using: &generator) == 0
            let maker = records.with {
                $0.gateway = gateway
                $0.isTrusted = !isLost
                // 24 October 2026, 12:00 UTC; clocks go back in the night
                $0.start = 1_792_843_200_000
                $0.delay = isLost ? 5 * 86_400_000 : 50
            }
            all.append(maker.lively(sequence, at: seconds, using: &generator))
        }
        return all
    }

    private func check(_ address: String, _ gateways: [String], zone: String) throws {
        let store = try FleetStores.open(address)
        let history = try FleetStores.openHistory(address)
        try history.rollUpAll()
        for gateway in gateways {
            let expected = ExpectedWindows(gateway: gateway, zone: zone)
            for tier in ExpectedWindows.tiers {
                for pack in 0...2 as ClosedRange<Int32> {
                    let found = try history.all(tier, gateway: gateway, pack: pack)
                    let wanted = try expected.windows(tier, pack: pack, in: store)
                    #expect(!wanted.isEmpty)
                    #expect(found == wanted, "\(gateway), \(tier), pack \(pack)")
                }
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func
        `windows are those of all samples at once, however records come and whoever computes (1, 2)`(
            kind: StoreKind
        ) throws
    {
        var generator = SeededGenerator(announcedAs: "roll-ups in \(kind)")
        let address = try kind.address()
        let gateways = ["house-1", "house-2"]
        try addDevices(gateways, zone: "Europe/Berlin", to: address)
        var all = gateways.flatMap { history($0, hours: 30, using: &generator) }
        // one in five comes twice, and the order is that of a bad link
        all += all.filter { _ in Int.random(in: 0...4, using: &generator) == 0 }
        all.shuffle(using: &generator)
        let batches = stride(from: 0, to: all.count, by: 60).map {
            Array(all[$0..<min($0 + 60, all.count)])
        }
        let working = Mutex(2)
        let next = Mutex(0)
        let rolling = (0..<2).map { _ in
            Workers.start {
                let store = try FleetStores.openHistory(address)
                while working.withLock({ $0 > 0 }) {
                    _ = try store.rollUp(now: Records.start + 400 * 86_400_000, most: 3)
                }
            }
        }
        defer { working.withLock { $0 = 0 } }
        try Workers.run(2) { _ in
            defer { working.withLock { $0 -= 1 } }
            let store = try FleetStores.open(address)
            while true {
                let number = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard number < batches.count else { return }
                _ = try store.store(IngestBatch(batches[number]))
            }
        }
        for worker in rolling { if let error = worker.wait() { throw error } }
        try check(address, gateways, zone: "Europe/Berlin")
        // all marks were used
        #expect(try RawSQL.run("SELECT count(*) FROM rollup_mark", in: address) == "0")
        let days = try FleetStores.openHistory(address).all(.day)
        // the 24th ends at 22:00 UTC, the 25th has 25 hours
        #expect(days.map(\.start).contains(1_792_879_200_000))
    }

    private func addDevices(_ ids: [String], zone: String, to address: String) throws {
        let devices = ids.map { id in
            (
                device: Device(id: id, zone: zone, createdMilliseconds: 0),
                token: DeviceToken(
                    hash: "of \(id)", device: id, createdMilliseconds: 0, expiresMilliseconds: 1)
            )
        }
        #expect(try FleetStores.openDevices(address).addDevices(devices).isEmpty)
    }

    @Test(arguments: StoreKind.allCases)
    func `a window waits for its end, and a late record has it computed again`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let history = try FleetStores.openHistory(address)
        // the store's quarter hour ends at 100 s
        let end = start + 100_000
        try store.store(records.telemetry(1), records.telemetry(2))
        #expect(try history.rollUp(now: end + 59_999, most: 9) == 0)
        #expect(try history.all(.quarter).isEmpty)
        #expect(try history.rollUp(now: end + 60_000, most: 9) == 1)
        #expect(try history.all(.quarter).map(\.samples) == [2])
        #expect(try history.all(.minute).map(\.samples).reduce(0, +) == 2)
        #expect(try history.rollUp(now: end + 60_000, most: 9) == 0)
        // the same again changes nothing, a new one does
        try store.store(records.telemetry(1))
        #expect(try history.rollUp(now: end + 60_000, most: 9) == 0)
        try store.store(records.telemetry(3))
        #expect(try history.rollUp(now: end + 60_000, most: 9) == 1)
        #expect(try history.all(.quarter).map(\.samples) == [3])
        #expect(try history.all(.day).isEmpty)
        try history.rollUpAll()
        #expect(try history.all(.day).map(\.samples) == [3])
        // an event makes no window
        try store.store(records.event(4, at: 5000))
        #expect(try history.rollUp(now: end + 86_400_000 * 3, most: 9) == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `samples that get their time later leave the window where they lay`(kind: StoreKind) throws
    {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let history = try FleetStores.openHistory(address)
        let lost = records.with {
            $0.isTrusted = false
            $0.delay = 3 * 86_400_000
        }
        try store.store(lost.telemetry(1), lost.telemetry(2))
        try history.rollUpAll()
        #expect(try history.all(.quarter).map(\.start) == [start + 3 * 86_400_000 - 800_000])
        try store.store(records.telemetry(9))
        try history.rollUpAll()
        #expect(try history.all(.quarter).map(\.start) == [start - 800_000])
        #expect(try history.all(.day).map(\.samples) == [3])
        try check(address, ["house-1"], zone: "UTC")
    }

    @Test(arguments: StoreKind.allCases)
    func `days are cut anew when a site gets its zone`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        let history = try FleetStores.openHistory(address)
        for number in Int64(0)..<40 {
            try store.store(records.telemetry(number + 1, at: number * hour))
        }
        try history.rollUpAll()
        try check(address, ["house-1"], zone: "UTC")
        try addDevices(["house-1"], zone: "Pacific/Auckland", to: address)
        try check(address, ["house-1"], zone: "Pacific/Auckland")
    }

    @Test(arguments: StoreKind.allCases)
    func `tables of before know all their samples`(kind: StoreKind) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        for number in Int64(0)..<40 {
            try store.store(records.telemetry(number + 1, at: number * 600))
        }
        // as the program of yesterday left it
        for table in ["minute", "quarter", "day", "mark", "horizon", "zone"] {
            try RawSQL.run("DROP TABLE rollup_\(table)", in: address)
        }
        for statement in SQLiteSchema.steps.dropFirst(8).joined() {
            let words = statement.split(whereSeparator: \.isWhitespace)
            let isOfEvents = words[1] == "INDEX" && words[4] == "event"
            guard words[0] == "CREATE", words[1] == "TABLE" || isOfEvents else { continue }
            try RawSQL.run("DROP \(words[1]) IF EXISTS \(words[2])", in: address)
        }
        for table in ["bank_sample", "bank_state"] {
            for column in ["charge_pack", "charge_cell", "discharge_pack", "discharge_cell"] {
                try RawSQL.run("ALTER TABLE \(table) DROP COLUMN \(column)", in: address)
            }
        }
        if kind == .postgres {
            try RawSQL.run("ALTER TABLE device DROP COLUMN \(SearchSchema.column)", in: address)
        }
        try RawSQL.run(
            kind == .sqlite
                ? "DELETE FROM grdb_migrations WHERE CAST(identifier AS integer) >= 8"
                : "DELETE FROM schema_version WHERE version >= 8", in: address)
        try FleetStores.open(address).migrate()
        try check(address, ["house-1"], zone: "UTC")
    }

    @Test func `PostgreSQL killed while it rolls up loses and doubles nothing (2)`() throws {
        let server = try PostgresServer()
        let address = try server.database()
        let store = try FleetStores.open(address)
        try store.migrate()
        var generator = SeededGenerator(announcedAs: "roll-ups of a killed server")
        let all = history("house-1", hours: 24, using: &generator)
        for round in 0..<3 {
            let third = all.indices.filter { $0 % 3 == round }.map { all[$0] }
            _ = try store.store(IngestBatch(third))
            let done = Mutex(0)
            let worker = Workers.start {
                let history = try FleetStores.openHistory(address)
                while true {
                    let count = try history.rollUp(
                        now: Records.start + 400 * 86_400_000, most: 2)
                    done.withLock { $0 += count }
                    if count == 0 { usleep(1000) }
                }
            }
            _ = Patience.wait(10_000) { done.withLock { $0 } > 6 ? true : nil }
            usleep(UInt32(round) * 3_000)
            server.kill()
            _ = worker.wait()
            #expect(throws: FleetStoreError.self) { try store.tallies() }
            try server.start()
        }
        try check(address, ["house-1"], zone: "UTC")
    }

    @Test(arguments: StoreKind.allCases)
    func `samples of one time count by epoch and number, in whichever order they came (1)`(
        kind: StoreKind
    ) throws {
        let address = try kind.address()
        let store = try FleetStores.open(address)
        for (epoch, sequence, seconds) in [
            (78, 2, 10), (77, 9, 10), (78, 1, 10), (77, 8, 10), (77, 3, 5), (79, 1, 40),
            (77, 1, 40),
        ] as [(Int64, Int64, Int64)] {
            try store.store(records.with { $0.epoch = epoch }.telemetry(sequence, at: seconds))
        }
        let history = try FleetStores.openHistory(address)
        try history.rollUpAll()
        for pack in 0...2 as ClosedRange<Int32> {
            let minutes = try history.all(.minute, pack: pack)
            #expect(minutes.count == 2)
            let (first, last) = (try #require(minutes.first), try #require(minutes.last))
            #expect(first.samples == 5 && first.values[.voltage]?.last == 52_002)
            #expect(first.first?.epoch == 77 && first.first?.sequence == 3)
            #expect(first.last?.epoch == 78 && first.last?.sequence == 2)
            #expect(last.first?.epoch == 77 && last.last?.epoch == 79)
            let quarters = try history.all(.quarter, pack: pack)
            #expect(quarters.map(\.samples) == [7] && quarters.first?.last?.epoch == 79)
        }
    }
}
