import TestKit
import Testing

@testable import FleetStore

@Suite(.folders) struct TimeMendingTests {
    let trusted = Records()
    let untrusted = Records(isTrusted: false)
    let start = Records.start

    @Test(arguments: StoreKind.allCases)
    func `a record without trust lands at its own time once its boot is known`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        try store.store(trusted.telemetry(5))
        try store.store(untrusted.with { $0.delay = 86_400_000 }.telemetry(2))
        #expect(try store.times() == [[2, start + 20_000], [5, start + 50_000]])
        #expect(try store.qualities() == [.mended, .trusted])
        #expect(try store.tallies().map(\.unmended) == [0])
    }

    @Test(arguments: StoreKind.allCases)
    func `records that came before the trusted one move to their own time, with all they brought`(
        kind: StoreKind
    ) throws {
        let store = try kind.store()
        let late = untrusted.with { $0.delay = 86_400_000 * 3 }
        try store.store(late.telemetry(1), late.event(2), late.telemetry(3))
        #expect(try store.qualities() == [.unmended, .unmended])
        #expect(try store.tallies().map(\.unmended) == [3])
        try store.store(trusted.telemetry(9))
        #expect(
            try store.times() == [
                [1, start + 10_000], [3, start + 30_000], [9, start + 90_000],
            ])
        #expect(try store.qualities() == [.mended, .mended, .trusted])
        let packs = try store.packSamples(
            gateway: "house-1", pack: 2, from: start, to: start + 40_000, limit: 9)
        #expect(packs.map(\.timeMilliseconds) == [start + 10_000, start + 30_000])
        let events = try store.events(gateway: "house-1", from: .min, to: .max, limit: 9)
        #expect(events.map(\.timeMilliseconds) == [start + 20_000])
        #expect(try store.tallies().map(\.unmended) == [0])
    }

    @Test(arguments: StoreKind.allCases)
    func `one batch with both is mended at once`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(untrusted.telemetry(1), trusted.telemetry(2), untrusted.telemetry(3))
        #expect(try store.times().map { $0[1] - start } == [10_000, 20_000, 30_000])
        #expect(try store.qualities() == [.mended, .trusted, .mended])
    }

    @Test(arguments: StoreKind.allCases)
    func `another boot and another gateway are not mended by it`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(
            untrusted.with { $0.boot = Records.bootB }.telemetry(1),
            untrusted.with { $0.gateway = "house-2" }.telemetry(1))
        try store.store(trusted.telemetry(2))
        #expect(try store.tallies().map(\.unmended) == [1, 1])
    }

    @Test(arguments: StoreKind.allCases)
    func `records whose time is not known keep the order of their numbers, however they come`(
        kind: StoreKind
    ) throws {
        var generator = SeededGenerator(announcedAs: "FleetStore order")
        for round in 1...3 {
            let store = try kind.store()
            // three boots without trust, received live or as a backlog, in any order
            let boots = [Records.bootA, Records.bootB, Records.bootC]
            var records = (1...30).map { number -> FleetRecord in
                var record = untrusted.with { $0.boot = boots[(number - 1) / 10] }
                    .telemetry(Int64(number))
                record.receivedMilliseconds = 0
                return record
            }
            records.shuffle(using: &generator)
            for (index, piece) in generator.pieces(of: records, longest: 8).enumerated() {
                var piece = piece
                for position in piece.indices {
                    piece[position].receivedMilliseconds = start + Int64(index) * 60_000
                }
                _ = try store.store(IngestBatch(piece))
                let times = try store.times()
                #expect(times.map { $0[0] } == times.map { $0[0] }.sorted(), "round \(round)")
                #expect(times.allSatisfy { $0[1] <= start + Int64(index) * 60_000 })
            }
            // the second boot becomes known: it moves, and the first stays before it
            let known = trusted.with {
                $0.boot = Records.bootB
                $0.start = start - 500_000
                $0.epoch = 78
            }
            try store.store(known.event(1, at: 205))
            let times = try store.times()
            #expect(times.map { $0[0] } == times.map { $0[0] }.sorted())
            #expect(times[10] == [11, start - 500_000 + 110_000])
            #expect(try store.qualities().filter { $0 == .unmended }.count == 20)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func `late data lands at its own time`(kind: StoreKind) throws {
        let store = try kind.store()
        let year: Int64 = 365 * 86_400_000
        try store.store(trusted.telemetry(100))
        let late = trusted.with {
            $0.start -= year
            $0.delay = year
        }
        try store.store(late.telemetry(1), late.telemetry(2))
        #expect(
            try store.times().map { $0[1] } == [
                start - year + 10_000, start - year + 20_000, start + 1_000_000,
            ])
    }

    @Test(arguments: StoreKind.allCases)
    func `when the clock of a boot jumps, its newest word counts`(kind: StoreKind) throws {
        let store = try kind.store()
        try store.store(trusted.with { $0.start -= 631_152_000_000 }.telemetry(1))
        try store.store(trusted.with { $0.start += 3_600_000 }.telemetry(2))
        try store.store(trusted.telemetry(3))
        try store.store(untrusted.telemetry(4))
        // an older word that comes late changes nothing
        try store.store(trusted.with { $0.start += 3_600_000 }.telemetry(1, at: 11))
        try store.store(untrusted.telemetry(5))
        let times = try store.times()
        #expect(times.first == [1, start - 631_152_000_000 + 10_000])
        #expect(times.contains([4, start + 40_000]) && times.contains([5, start + 50_000]))
        #expect(times.last == [2, start + 3_600_000 + 20_000])
    }

    @Test(arguments: StoreKind.allCases)
    func `two workers leave no record behind when one brings its clock`(kind: StoreKind) throws {
        let address = try kind.address()
        let trusted = self.trusted
        let untrusted = self.untrusted
        for round in 0..<20 {
            let boot = Records.bootA.dropLast(2) + String(10 + round)
            try Workers.run(2) { worker in
                let store = try FleetStores.open(address)
                let own = (worker == 0 ? trusted : untrusted).with { $0.boot = String(boot) }
                let first = Int64(round * 100 + worker * 50 + 1)
                _ = try store.store(IngestBatch((first...first + 9).map { own.telemetry($0) }))
            }
        }
        let store = try FleetStores.open(address)
        #expect(try store.tallies().map(\.unmended) == [0])
        #expect(try store.times().allSatisfy { $0[1] == start + $0[0] * 10_000 })
        #expect(try store.times().count == 400)
    }
}
