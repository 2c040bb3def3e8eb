import Numbering
import Outbox
import TestKit
import Testing

@Suite struct PowerCutTests {
    @Test func `outbox rules 1 to 4: a cut at any point of a day loses nothing`() throws {
        let seed = SeededGenerator(announcedAs: "power cuts").seed
        let points = try PowerCuts(.day, seed: seed, name: "a day").enumerate()
        print("power cuts: \(points) points of a day, 5 disks each")
        #expect(points > 100)
    }

    @Test func `outbox rules 1 to 4: a cut at any point of a random life loses nothing`() throws {
        var random = SeededGenerator(announcedAs: "random lives")
        let isLong = Environment.value("AMPHORA_LONG") != nil
        var points: Int64 = 0
        for number in 1...(isLong ? 12 : 1) {
            let script = OutboxScript(isLong ? 12 : 12, using: &random)
            points += try PowerCuts(script, seed: random.next(), name: "life \(number)")
                .enumerate()
        }
        print("power cuts: \(points) points of random lives, 5 disks each")
    }

    @Test func `one append is one sync, with what it frees`() throws {
        let disk = try FaultyDisk(seed: 1)
        let outbox = try disk.open()
        var nothing = SequenceRanges()
        try outbox.append(OutboxFixture.records(5, size: 400), freeing: &nothing)
        for round in Int64(1)...20 {
            var acknowledged = OutboxLife.set([round...round])
            disk.mend()
            try outbox.append(OutboxFixture.records(3, size: 400), freeing: &acknowledged)
            #expect(disk.syncs == 1)
            #expect(disk.bytesWritten > 1200)
        }
        disk.mend()
        try outbox.append([], freeing: &nothing)
        #expect(disk.operations == 0)
    }
}

/// Cuts the power at every operation of a script and holds what is left against the rules.
private struct PowerCuts {
    private let script: OutboxScript
    private let seed: UInt64
    private let name: String
    private let states: [OutboxState]

    init(_ script: OutboxScript, seed: UInt64, name: String) throws {
        self.script = script
        self.seed = seed
        self.name = name
        states = try OutboxModel.states(of: script)
    }

    /// Returns how many points there were.
    func enumerate() throws -> Int64 {
        let disk = try FaultyDisk(seed: seed)
        var point: Int64 = 0
        while true {
            point += 1
            try disk.erase()
            disk.cut(at: point)
            let life = OutboxLife(script, on: disk)
            life.live()
            life.end()
            guard disk.isMet else { return point - 1 }
            let seeds = (0..<3).map { seed &+ UInt64(point) &* 31 &+ $0 }
            let disks: [FaultyDisk.Remains] =
                [.syncedOnly, .all] + seeds.map { .some(seed: $0) }
            for remains in disks {
                try disk.settle(remains)
                try judge(disk, life, "\(name), cut at operation \(point), disk: \(remains)")
            }
        }
    }

    private func judge(_ disk: FaultyDisk, _ life: OutboxLife, _ place: String) throws {
        let outbox: Outbox
        do {
            outbox = try disk.open()
        } catch {
            Issue.record("\(place): \(error)")
            return
        }
        #expect(outbox.setAside == nil, "\(place)")
        let found = try OutboxState(path: disk.path, vfs: disk.vfs)
        let before = life.stepsDone == 0 ? OutboxState() : states[life.stepsDone - 1]
        let after = states[min(life.stepsDone, states.count - 1)]
        #expect(found == before || found == after, "\(place): \(Self.difference(before, found))")
        #expect(outbox.depth == Int64(found.rows.count), "\(place)")
        #expect(outbox.nextSequence > life.highestReturned, "\(place)")
        if let epoch = life.epoch { #expect(outbox.epoch == epoch, "\(place)") }
        try goOn(outbox, found, disk, place)
    }

    /// The outbox works as if nothing had been.
    private func goOn(
        _ outbox: Outbox, _ found: OutboxState, _ disk: FaultyDisk, _ place: String
    ) throws {
        let oldest = found.rows.first?.sequence
        var acknowledged = OutboxLife.set(oldest.map { [$0...$0] } ?? [])
        let next = outbox.nextSequence
        let records = [
            OutboxLife.record(next, size: 50, .telemetry),
            OutboxLife.record(next + 1, size: 50, .event),
        ]
        #expect(try outbox.append(records, freeing: &acknowledged) == next...(next + 1), "\(place)")
        let later = try OutboxState(path: disk.path, vfs: disk.vfs)
        #expect(
            later.rows.map(\.sequence)
                == found.rows.dropFirst().map(\.sequence) + [next, next + 1], "\(place)")
        #expect(later.next == next + 2, "\(place)")
    }

    private static func difference(_ expected: OutboxState, _ found: OutboxState) -> String {
        "expected \(words(expected)) or what the step in flight makes of it, found \(words(found))"
    }

    private static func words(_ state: OutboxState) -> String {
        "\(state.rows.map(\.sequence)) next \(state.next) lost \(state.losses)"
    }
}

/// What a script must lead to, held against an array while it is lived on a healthy disk.
enum OutboxModel {
    /// The states on disk: after opening, then after each step.
    static func states(of script: OutboxScript) throws -> [OutboxState] {
        let disk = try FaultyDisk(seed: 0)
        let life = OutboxLife(script, on: disk)
        var states: [OutboxState] = []
        try life.live { step in
            let found = try OutboxState(path: disk.path, vfs: disk.vfs)
            try judge(step, states.last ?? OutboxState(), found)
            #expect(life.outbox?.depth == Int64(found.rows.count))
            states.append(found)
        }
        #expect(life.failure == nil)
        return states
    }

    private static func judge(
        _ step: OutboxStep?, _ before: OutboxState, _ found: OutboxState
    ) throws {
        var model = before.rows
        var next = before.next
        switch step {
        case .append(let count, let size, let recordClass, let freed):
            let set = OutboxLife.set(freed)
            model.removeAll { set.contains($0.sequence) }
            for _ in 0..<count {
                let record = OutboxLife.record(next, size: size, recordClass)
                model.append(
                    OutboxRow(
                        sequence: next, recordClass: recordClass,
                        wallMilliseconds: record.wallMilliseconds, payload: record.payload))
                next += 1
            }
        case .free(let freed):
            let set = OutboxLife.set(freed)
            model.removeAll { set.contains($0.sequence) }
        case .loss, .checkpoint, .reopen, .startOver, nil: break
        }
        #expect(found.next == next)
        let left = Set(found.rows)
        #expect(left.isSubset(of: model))
        #expect(found.rows.map(\.sequence) == found.rows.map(\.sequence).sorted())
        let evicted = model.filter { !left.contains($0) }
        let reasons: [(RecordClass, [LossReason])] = [
            (.telemetry, [.thinnedTelemetry, .evictedTelemetry]), (.event, [.evictedEvent]),
            (.alarm, [.evictedAlarm]),
        ]
        for (recordClass, reasons) in reasons {
            let gone = evicted.filter { $0.recordClass == recordClass }
            let counted = reasons.reduce(0) {
                $0 + (found.losses[$1] ?? 0) - (before.losses[$1] ?? 0)
            }
            #expect(counted == Int64(gone.count), "every one that made room is counted")
            guard recordClass != .telemetry else { continue }
            let kept = found.rows.first { $0.recordClass == recordClass }?.sequence ?? .max
            #expect(gone.allSatisfy { $0.sequence < kept }, "the oldest go first")
        }
    }
}
