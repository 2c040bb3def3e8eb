import Numbering
import Outbox
import TestKit

/// One step in the life of an outbox.
enum OutboxStep {
    /// Appends records of a payload size, freeing ranges in the same transaction.
    case append(Int, size: Int, RecordClass, freeing: [ClosedRange<Int64>])
    /// Frees ranges in a transaction of their own.
    case free([ClosedRange<Int64>])
    /// Counts records lost before they came.
    case loss(LossReason, Int64)
    /// Folds the log back into the file.
    case checkpoint
    /// Closes the outbox and opens it again.
    case reopen
    /// Sets the file aside as if damage had been met.
    case startOver
}

/// A life of an outbox that can be lived again and again in the same way.
struct OutboxScript {
    let budget: Int64
    let steps: [OutboxStep]

    /// What a gateway's day brings, in small: groups, alarms, acknowledgements in order and out of
    /// it, pressure, an empty table, a log folded back, restarts, a file set aside.
    static let day = OutboxScript(
        budget: 24 << 10,
        steps: [
            .append(3, size: 200, .telemetry, freeing: []),
            .append(1, size: 120, .event, freeing: []),
            .append(2, size: 200, .telemetry, freeing: [1...2]),
            .append(4, size: 900, .telemetry, freeing: []),
            .free([5...5, 7...8]),
            .loss(.diskFull, 3),
            .append(1, size: 30, .event, freeing: []),
            .checkpoint,
            .append(2, size: 300, .telemetry, freeing: [3...3]),
            .free([13...13]),
            .append(1, size: 0, .event, freeing: []),
            .reopen,
            .append(6, size: 1500, .telemetry, freeing: []),
            .append(6, size: 1500, .telemetry, freeing: [14...14]),
            .append(1, size: 100, .event, freeing: []),
            .append(1, size: 5000, .event, freeing: []),
            .startOver,
            .append(2, size: 400, .telemetry, freeing: []),
            .free([1...40]),
            .reopen,
            .append(2, size: 300, .telemetry, freeing: [1...60]),
            .checkpoint,
            .append(5, size: 2500, .event, freeing: []),
            .append(5, size: 2500, .event, freeing: []),
            .free([30...34, 44...44]),
            .reopen,
        ])

    /// The same day with room for everything.
    static let untroubled = OutboxScript(budget: 64 << 20, steps: day.steps)

    /// A random life of `count` steps.
    init(_ count: Int, using random: inout SeededGenerator) {
        var next: Int64 = 1
        var steps: [OutboxStep] = []
        for _ in 0..<count {
            let ranges = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let lower = Int64.random(in: max(1, next - 30)...next, using: &random)
                return lower...(lower + Int64.random(in: 0...9, using: &random))
            }
            switch Int.random(in: 0..<20, using: &random) {
            case 0: steps.append(.reopen)
            case 1: steps.append(.checkpoint)
            case 2: steps.append(.startOver)
            case 3: steps.append(.loss(.storeFailed, 2))
            case 4...7: steps.append(.free(ranges.filter { $0.upperBound < next }))
            default:
                let added = Int.random(in: 1...6, using: &random)
                let isEvent = Int.random(in: 0..<4, using: &random) == 0
                let size = Int.random(in: 0...1, using: &random) == 0 ? 300 : 3000
                steps.append(
                    .append(
                        added, size: Int.random(in: 0...size, using: &random),
                        isEvent ? .event : .telemetry,
                        freeing: ranges.filter { $0.upperBound < next }))
                next += Int64(added)
            }
        }
        self.steps = steps
        budget = Int64.random(in: 16...80, using: &random) << 10
    }

    private init(budget: Int64, steps: [OutboxStep]) {
        self.budget = budget
        self.steps = steps
    }
}

/// A row as a reader finds it.
struct OutboxRow: Hashable {
    let sequence: Int64
    let recordClass: RecordClass
    let wallMilliseconds: Int64
    let payload: [UInt8]
}

/// Everything that is to be seen in a file.
struct OutboxState: Hashable {
    var rows: [OutboxRow] = []
    var losses: [LossReason: Int64] = [:]
    var next: Int64 = 1

    init() {}

    /// Looks at a file through a reader of its own.
    init(path: String, vfs: String?) throws(OutboxError) {
        let reader = try OutboxReader(path: path, vfs: vfs)
        var found: [OutboxRow] = []
        _ = try reader.read(after: 0, limit: .max) {
            found.append(
                OutboxRow(
                    sequence: $0.sequence, recordClass: $0.recordClass,
                    wallMilliseconds: $0.wallMilliseconds, payload: Array($0.payload)))
            return true
        }
        let status = try reader.status()
        rows = found
        losses = status.losses
        next = status.nextSequence
    }
}

/// Lives a script on a disk until its end or until something fails.
final class OutboxLife {
    private let script: OutboxScript
    private let disk: FaultyDisk
    private(set) var outbox: Outbox?
    /// The epoch of the file; nil before it was begun.
    private(set) var epoch: Int64?
    /// Numbers that `append` has returned.
    private(set) var highestReturned: Int64 = 0
    /// Steps that came to an end; opening the file is the first.
    private(set) var stepsDone = 0
    /// Why the life ended early.
    private(set) var failure: OutboxError?

    init(_ script: OutboxScript, on disk: FaultyDisk) {
        self.script = script
        self.disk = disk
    }

    /// Lives; `afterStep` is called after opening (nil) and after every step.
    func live(afterStep: (OutboxStep?) throws -> Void) rethrows {
        do throws(OutboxError) {
            try begin()
        } catch {
            failure = error
            return
        }
        try afterStep(nil)
        for step in script.steps {
            do throws(OutboxError) {
                try perform(step)
            } catch {
                failure = error
                return
            }
            stepsDone += 1
            try afterStep(step)
        }
    }

    /// Lives without being looked at.
    func live() { live { _ in } }

    /// Closes the file.
    func end() { outbox = nil }

    private func begin() throws(OutboxError) {
        let opened = try disk.open(budget: script.budget)
        epoch = opened.epoch
        outbox = opened
        stepsDone += 1
    }

    private func perform(_ step: OutboxStep) throws(OutboxError) {
        switch step {
        case .append(let count, let size, let recordClass, let ranges):
            let next = outbox?.nextSequence ?? 0
            let records = (0..<count).map {
                Self.record(next + Int64($0), size: size, recordClass)
            }
            var acknowledged = Self.set(ranges)
            let given = try outbox?.append(records, freeing: &acknowledged)
            highestReturned = given?.upperBound ?? highestReturned
        case .free(let ranges):
            var acknowledged = Self.set(ranges)
            try outbox?.free(&acknowledged)
        case .loss(let reason, let count): outbox?.recordLoss(reason, count: count)
        case .checkpoint: _ = disk.checkpoint()
        case .reopen:
            outbox = nil
            outbox = try disk.open(budget: script.budget)
        case .startOver:
            try outbox?.startOver(wallMilliseconds: 7_000)
            epoch = outbox?.epoch
        }
    }

    static func set(_ ranges: [ClosedRange<Int64>]) -> SequenceRanges {
        var set = SequenceRanges()
        for range in ranges { set.insert(range) }
        return set
    }

    /// The one record that may bear a number.
    static func record(_ sequence: Int64, size: Int, _ recordClass: RecordClass) -> OutboxRecord {
        var bytes = SeededGenerator(seed: UInt64(bitPattern: sequence))
        let payload = Array("{\"n\":\(sequence)}".utf8) + bytes.bytes(size)
        return OutboxRecord(recordClass, wallMilliseconds: sequence * 1000, payload: payload)
    }
}
