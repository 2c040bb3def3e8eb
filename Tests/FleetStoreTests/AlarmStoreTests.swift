import TestKit
import Testing

@testable import FleetStore

/// The contract of alarms, on both stores, by the numbers of its rules.
@Suite(.folders) struct AlarmStoreTests {
    private struct Stores {
        let address: String
        let fleet: any FleetStore
        let alarms: any AlarmStore

        init(_ kind: StoreKind) throws {
            address = try kind.address()
            fleet = try FleetStores.open(address)
            alarms = try FleetStores.openAlarms(address)
        }

        func keep() throws {
            while try alarms.keepAlarms(limit: 10) > 0 {}
        }

        func lines(_ change: (inout AlarmFilter) -> Void = { _ in }) throws -> [String] {
            var filter = AlarmFilter()
            change(&filter)
            return try alarms.alarms(filter).map { alarm in
                let subject = alarm.subject
                let end = alarm.cleared.map { "\(Self.seconds($0))" } ?? "open"
                return "\(subject.gateway) \(subject.code) \(subject.pack) "
                    + "\(Self.seconds(alarm.raised))-\(end) \(alarm.acknowledgedBy)"
            }
        }

        private static func seconds(_ time: Int64) -> Int64 { (time - Records.start) / 1000 }
    }

    private func event(
        _ change: String, _ sequence: Int64, _ code: String = "pack_silent", pack: Int32 = 1,
        _ records: Records = Records()
    ) -> FleetRecord {
        var record = records.event(sequence)
        record.body = .event(
            EventSample(
                change: change, level: "warning", code: code, pack: pack,
                text: "\(code) \(change)"))
        return record
    }

    private func subject(_ gateway: String = "house-1", _ code: String = "pack_silent")
        -> AlarmSubject
    {
        AlarmSubject(gateway: gateway, code: code, level: "warning", pack: 1)
    }

    @Test(arguments: StoreKind.allCases)
    func `alarms follow from events, whatever order they come in (rule 1)`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        // cleared before raised, and the next raising before both
        try stores.fleet.store(event("raised", 90))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 pack_silent 1 900-open "])
        try stores.fleet.store(event("cleared", 40))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 pack_silent 1 900-open "])
        try stores.fleet.store(event("raised", 10), Records().telemetry(11))
        try stores.keep()
        #expect(
            try stores.lines() == [
                "house-1 pack_silent 1 900-open ", "house-1 pack_silent 1 100-400 ",
            ])
        // twice is once
        try stores.fleet.store(event("raised", 10), event("cleared", 40))
        try stores.keep()
        #expect(try stores.lines().count == 2)
        #expect(try stores.alarms.keepAlarms(limit: 10) == 0)
    }

    @Test(arguments: StoreKind.allCases, [1, 2, 3] as [UInt64])
    func `batches in any order, kept at any time, give the same alarms (rules 1 and 2)`(
        kind: StoreKind, seed: UInt64
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let stores = try Stores(kind)
        var records: [FleetRecord] = []
        for gateway in ["house-1", "house-2"] {
            let source = Records().with { $0.gateway = gateway }
            for sequence in 1...60 as ClosedRange<Int64> {
                let code = sequence % 17 == 0 ? "started" : "pack_silent"
                let change =
                    code == "started"
                    ? "noticed" : Bool.random(using: &generator) ? "raised" : "cleared"
                records.append(
                    event(
                        change, sequence * 9, code, pack: .random(in: 1...3, using: &generator),
                        source))
            }
        }
        let expected = ["house-1", "house-2"].flatMap { gateway in
            AlarmFold.alarms(
                of: gateway,
                from: records.filter { $0.key.gateway == gateway }.map(Self.entry))
        }
        var rest = records.shuffled(using: &generator)
        while !rest.isEmpty {
            let count = Int.random(in: 1...20, using: &generator)
            _ = try stores.fleet.store(IngestBatch(Array(rest.prefix(count))))
            rest = Array(rest.dropFirst(count))
            if Bool.random(using: &generator) { _ = try stores.alarms.keepAlarms(limit: 1) }
        }
        // another program goes on where the first one ended
        let next = try FleetStores.openAlarms(stores.address)
        while try next.keepAlarms(limit: 1) > 0 {}
        var filter = AlarmFilter()
        filter.limit = 1000
        #expect(Set(try next.alarms(filter)) == Set(expected))
        #expect(try next.alarms(filter).count == expected.count)
    }

    private static func entry(_ record: FleetRecord) -> AlarmFold.Entry {
        guard case .event(let event) = record.body else { return .init(change: .started, time: 0) }
        let change: AlarmFold.Entry.Change =
            event.change == "raised" ? .raised : event.change == "cleared" ? .cleared : .started
        return AlarmFold.Entry(
            change: change, code: event.code, level: event.level, pack: event.pack,
            time: record.clock.wallMilliseconds, epoch: record.key.epoch,
            sequence: record.key.sequence, text: event.text)
    }

    @Test(arguments: StoreKind.allCases)
    func `an alarm whose time was not known moves to its own time`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        let blind = Records().with { $0.isTrusted = false }
        try stores.fleet.store(event("raised", 3, blind))
        try stores.keep()
        #expect(try stores.lines().count == 1)
        try stores.fleet.store(Records().telemetry(500))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 pack_silent 1 30-open "])
    }

    @Test(arguments: StoreKind.allCases)
    func `silence ends nothing, a new beginning does (rule 3)`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        try stores.fleet.store(event("raised", 10), event("raised", 11, pack: 2))
        for sequence in 12...20 as ClosedRange<Int64> {
            try stores.fleet.store(Records().telemetry(sequence))
        }
        try stores.keep()
        #expect(try stores.lines { $0.isOpenOnly = true }.count == 2)
        try stores.fleet.store(
            event("noticed", 90, "started", pack: 0), event("raised", 91, pack: 2))
        try stores.keep()
        #expect(
            try stores.lines() == [
                "house-1 pack_silent 2 110-open ", "house-1 pack_silent 1 100-900 ",
            ])
    }

    @Test(arguments: StoreKind.allCases)
    func `an open alarm outlives the event that raised it, a closed one goes with it (rule 3)`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        try stores.fleet.store(
            event("raised", 10), event("raised", 11, pack: 2), event("cleared", 20, pack: 2))
        try stores.keep()
        var limits = Retention()
        limits.eventsBefore = Records.start + 1_000_000
        _ = try stores.fleet.retain(limits)
        #expect(try stores.lines() == ["house-1 pack_silent 1 100-open "])
        try stores.fleet.store(event("raised", 200, pack: 3))
        try stores.keep()
        #expect(
            try stores.lines() == [
                "house-1 pack_silent 3 2000-open ", "house-1 pack_silent 1 100-open ",
            ])
        try stores.fleet.store(event("cleared", 210))
        try stores.keep()
        #expect(
            try stores.lines() == [
                "house-1 pack_silent 3 2000-open ", "house-1 pack_silent 1 100-2100 ",
            ])
    }

    @Test(arguments: StoreKind.allCases)
    func `a word is kept, counts for the newest alarm, and nobody speaks of a stranger`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        try stores.fleet.store(event("raised", 10))
        try stores.keep()
        // this one's clock is an hour behind the gateway's
        let made = Records.start - 3_600_000
        #expect(
            try stores.alarms.add(AlarmWord(subject(), .acknowledged, made: made, author: "anna")))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 pack_silent 1 100-open anna"])
        try stores.fleet.store(event("cleared", 20), event("raised", 25))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 pack_silent 1 100-open anna"])
        #expect(
            try !stores.alarms.add(AlarmWord(subject("moon"), .raised, made: 1, author: "fleet")))
        #expect(try stores.alarms.keepAlarms(limit: 10) == 0)
    }

    @Test(arguments: StoreKind.allCases)
    func `the fleet raises and clears what no gateway can tell`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        try stores.fleet.store(Records().telemetry(1), event("noticed", 900, "started", pack: 0))
        let silent = AlarmSubject(
            gateway: "house-1", code: "gateway_silent", level: "warning", pack: 0)
        let raised = Records.start + 4_000_000
        #expect(
            try stores.alarms.add(AlarmWord(silent, .raised, made: raised, author: "fleet")))
        try stores.keep()
        // another server has found it too
        #expect(
            try stores.alarms.add(AlarmWord(silent, .raised, made: raised + 500, author: "fleet")))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 gateway_silent 0 4000-open "])
        #expect(try stores.alarms.alarms(AlarmFilter()).map(\.times) == [1])
        #expect(
            try stores.alarms.add(
                AlarmWord(silent, .cleared, made: raised + 9000, author: "fleet")))
        try stores.keep()
        #expect(try stores.lines() == ["house-1 gateway_silent 0 4000-4009 "])
        let newest = try stores.alarms.newestMeasurements()
        #expect(newest.map(\.gateway) == ["house-1"])
        #expect(newest.map(\.made) == [Records.start + 10_000])
    }

    @Test(arguments: StoreKind.allCases)
    func `causes are counted across gateways, the widest first`(kind: StoreKind) throws {
        let stores = try Stores(kind)
        for number in 1...3 {
            let source = Records().with { $0.gateway = "house-\(number)" }
            try stores.fleet.store(
                event("raised", Int64(number), "inverter_silent", pack: 0, source),
                event("raised", 5, pack: 1, source.with { $0.gateway = "house-1" }))
        }
        try stores.keep()
        var word = AlarmWord(
            subject("house-2", "inverter_silent"), .acknowledged, made: Records.start,
            author: "anna")
        word.subject.pack = 0
        #expect(try stores.alarms.add(word))
        try stores.keep()
        let causes = try stores.alarms.alarmCauses()
        #expect(causes.map(\.code) == ["inverter_silent", "pack_silent"])
        #expect(causes.map(\.gateways) == [3, 1])
        #expect(causes.map(\.alarms) == [3, 1])
        #expect(causes.map(\.unacknowledged) == [2, 1])
        #expect(causes.map(\.oldest) == [Records.start + 10_000, Records.start + 50_000])
    }

    @Test(arguments: StoreKind.allCases)
    func `pages follow each other without a gap, and take their filters along`(
        kind: StoreKind
    ) throws {
        let stores = try Stores(kind)
        var records: [FleetRecord] = []
        for number in 0..<25 as Range<Int64> {
            // of each moment five alarms, so that pages end between those of one moment
            records.append(
                event("raised", number / 5 * 40 + 1, "pack_silent", pack: Int32(number % 5)))
            records[Int(number)].key.sequence = number + 1
        }
        _ = try stores.fleet.store(IngestBatch(records))
        try stores.fleet.store(
            event("raised", 3, "foreign_master", Records().with { $0.gateway = "house-2" }))
        try stores.keep()
        var filter = AlarmFilter()
        (filter.limit, filter.gateway) = (4, "house-1")
        var all: [Alarm] = []
        while true {
            let page = try stores.alarms.alarms(filter)
            guard let last = page.last else { break }
            all += page
            filter.after = last
        }
        #expect(all.count == 5)
        #expect(Set(all).count == 5)
        #expect(try stores.lines { $0.code = "foreign_master" }.count == 1)
        #expect(try stores.lines { $0.isOpenOnly = true }.count == 6)
    }
}

extension AlarmStoreTests {
    private func event(_ change: String, _ sequence: Int64, _ records: Records) -> FleetRecord {
        event(change, sequence, "pack_silent", pack: 1, records)
    }

    private func event(
        _ change: String, _ sequence: Int64, _ code: String, _ records: Records
    ) -> FleetRecord {
        event(change, sequence, code, pack: 1, records)
    }
}
