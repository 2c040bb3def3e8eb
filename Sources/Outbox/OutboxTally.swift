import Numbering

/// What the outbox knows without looking: numbers, depth, losses.
///
/// A value: `append` changes a copy and keeps it only when the transaction went through.
struct OutboxTally {
    /// The number of the next record.
    private(set) var next: Int64
    /// Records in the file.
    private(set) var depth: Int64
    private var highestStored: Int64
    private var holesStored: Int64
    /// Losses, those not yet stored with them.
    private(set) var losses: [LossReason: Int64]
    private var lossesStored: [LossReason: Int64]
    /// Losses of which a record tells that is stored, or is about to be.
    private(set) var told: [LossReason: Int64]
    private var toldStored: [LossReason: Int64]
    private var hasDeleted = false
    /// The last number's row left before older ones, so the next row opens a hole.
    private var isTopGone = false
    private var pressure = OutboxPressure()
    /// The lowest number carried over; nil when there is none.
    private(set) var oldestAdopted: Int64?

    /// Numbers passed over since the file was not closed properly; nil when it was.
    private(set) var passedOver: ClosedRange<Int64>?

    /// Reads the counters of a file.
    ///
    /// Numbers written off in a file that was not closed properly may have been given, whatever the
    /// log says (outbox rule 2).
    init(_ file: OutboxFile) throws(OutboxError) {
        let lowest = try file.lowest()
        let highest = try file.highest()
        highestStored = try file.counter("highest") ?? 0
        holesStored = try file.counter("holes") ?? 0
        let reserved = try file.counter(NumberReserve.counter) ?? 0
        let range = 0...OutboxSchema.highestNumber
        guard
            [lowest, highest, highestStored, holesStored, reserved].allSatisfy({
                range.contains($0 ?? 0)
            })
        else { throw Self.contradiction(file) }
        let known = max(highest ?? 0, highestStored)
        next = max(known, reserved) + 1
        if reserved > known {
            passedOver = known + 1...reserved
            hasDeleted = true  // the next `store` counts the holes
        }
        losses = [:]
        told = [:]
        for reason in LossReason.allCases {
            let count = try file.counter("lost." + reason.rawValue) ?? 0
            if range.contains(count), count > 0 { losses[reason] = count }
            let counted = try file.counter("told." + reason.rawValue) ?? 0
            if range.contains(counted), counted > 0 { told[reason] = counted }
        }
        (lossesStored, toldStored) = (losses, told)
        depth = 0
        if let lowest, let highest {
            depth = highest - lowest + 1 - holesStored
            isTopGone = highest < highestStored
        }
        guard depth >= 0, (lowest ?? 1) > 0 else { throw Self.contradiction(file) }
    }

    private static func contradiction(_ file: OutboxFile) -> OutboxError {
        .damaged(
            path: file.database.path, operation: "open the file",
            detail: "its counters contradict its rows")
    }

    /// Whether there is something to store although no record came or went.
    var hasNews: Bool {
        losses != lossesStored || told != toldStored || next - 1 > highestStored && depth == 0
    }

    /// Deletes acknowledged rows (outbox rule 3).
    mutating func free(
        _ ranges: [ClosedRange<Int64>], in file: OutboxFile
    ) throws(OutboxError) {
        for range in ranges {
            file.deleteRange.bind(1, range.lowerBound)
            file.deleteRange.bind(2, range.upperBound)
            try file.deleteRange.run("free acknowledged records")
            removed(file.database.changes)
        }
    }

    /// Makes room until `records` fit into the budget (outbox rule 6).
    ///
    /// A sixteenth more than needed goes, so that a full outbox does not evict at every append.
    mutating func makeRoom(
        for records: [PackedRecord], budget: Int64, in file: OutboxFile
    ) throws(OutboxError) {
        guard !records.isEmpty else { return }
        let incoming = records.reduce(Int64(0)) { $0 + Int64($1.bytes.count) + 64 }
        guard try file.usedBytes() + incoming > budget else { return }
        let goal = budget - budget / 16 - incoming
        pressure.begin()
        while depth > 0, try file.usedBytes() > goal {
            guard let removal = try pressure.relieve(file, next: next) else { return }
            removed(removal.count)
            lose(removal.reason, removal.count)
        }
    }

    /// Sets aside what the fleet refused; it is not sent again.
    mutating func reject(
        _ rejections: [Rejection], in file: OutboxFile
    ) throws(OutboxError) {
        for rejection in rejections {
            file.copyRejected.bind(1, rejection.sequence)
            file.copyRejected.bind(2, rejection.reason)
            try file.copyRejected.run("set a rejected record aside")
            file.deleteRange.bind(1, rejection.sequence)
            file.deleteRange.bind(2, rejection.sequence)
            try file.deleteRange.run("set a rejected record aside")
            let count = file.database.changes
            removed(count)
            lose(.rejected, count)
        }
        guard !rejections.isEmpty else { return }
        file.trimRejected.bind(1, Self.rejectedKept)
        try file.trimRejected.run("forget old rejected records")
    }

    /// Rejected records kept for whoever looks into them.
    static let rejectedKept: Int64 = 200

    /// Stores records under the next numbers (outbox rules 1 and 2).
    mutating func insert(
        _ records: [PackedRecord], _ operation: String, in file: OutboxFile
    ) throws(OutboxError) {
        for record in records {
            file.insertRow.bind(1, next)
            file.insertRow.bind(2, record.recordClass.rawValue)
            file.insertRow.bind(3, record.wallMilliseconds)
            file.insertRow.bind(5, record.size)
            try file.insertRow.run(operation, blob: record.bytes, at: 4)
            next += 1
            depth += 1
        }
    }

    /// Writes the counters that changed, inside the transaction.
    ///
    /// The highest number is stored only when its own row is gone: as long as it is there, it says
    /// so itself (outbox rule 2).
    mutating func store(in file: OutboxFile) throws(OutboxError) {
        for (reason, count) in losses where lossesStored[reason] != count {
            try file.setCounter("lost." + reason.rawValue, count)
        }
        for (reason, count) in told where toldStored[reason] != count {
            try file.setCounter("told." + reason.rawValue, count)
        }
        guard hasDeleted || hasNews || isTopGone else { return }
        let highest = try file.highest() ?? 0
        isTopGone = highest < next - 1
        if isTopGone, highestStored < next - 1 {
            try file.setCounter("highest", next - 1)
            highestStored = next - 1
        }
        let holes = try file.lowest().map { highest - $0 + 1 - depth } ?? 0
        if holes != holesStored {
            try file.setCounter("holes", holes)
            holesStored = holes
        }
    }

    /// The transaction went through.
    mutating func committed() {
        (lossesStored, toldStored) = (losses, told)
        hasDeleted = false
    }

    /// A record of these losses goes with the next transaction.
    mutating func tell(_ counted: [LossReason: Int64]) { told = counted }

    /// The transaction did not go through, and what it was to tell was not told.
    mutating func failed() { told = toldStored }

    /// Counts lost records.
    mutating func lose(_ reason: LossReason, _ count: Int64) {
        guard count > 0 else { return }
        losses[reason, default: 0] += count
    }

    /// Counts losses that another file counted before.
    mutating func lose(_ counted: [LossReason: Int64]) {
        for (reason, count) in counted { lose(reason, count) }
    }

    /// Stores a record carried over from a damaged file under the number it has.
    mutating func adopt(
        _ record: PackedRecord, _ sequence: Int64, in file: OutboxFile
    ) throws(OutboxError) {
        let top = max(next, sequence + 1)
        next = sequence
        try insert([record], "carry records over", in: file)
        next = top
        oldestAdopted = min(oldestAdopted ?? sequence, sequence)
        // the next `store` counts the holes
        hasDeleted = true
    }

    /// Stores a rejected record carried over from a damaged file; it was counted there.
    func adopt(
        _ rejected: RejectedRecord, _ recordClass: RecordClass, _ coder: PayloadCoder,
        in file: OutboxFile
    ) throws(OutboxError) {
        let packed = PackedRecord(
            OutboxRecord(
                recordClass, wallMilliseconds: rejected.wallMilliseconds,
                payload: rejected.payload), coder)
        file.adoptRejected.bind(1, rejected.sequence)
        file.adoptRejected.bind(2, recordClass.rawValue)
        file.adoptRejected.bind(3, rejected.wallMilliseconds)
        file.adoptRejected.bind(4, packed.size)
        file.adoptRejected.bind(6, rejected.reason)
        try file.adoptRejected.run("carry rejected records over", blob: packed.bytes, at: 5)
    }

    /// Numbers from the oldest record carried over to the newest; 0 when there is none.
    var span: Int64 { oldestAdopted.map { next - $0 } ?? 0 }

    /// Gives no number below `number` any more.
    mutating func goOn(at number: Int64) {
        next = max(next, number)
        hasDeleted = true
    }

    /// The counters together with what the file says.
    func status(of file: OutboxFile, budget: Int64) throws(OutboxError) -> OutboxStatus {
        let oldest = try file.oldest()
        return OutboxStatus(
            path: file.database.path, epoch: file.epoch, depth: depth,
            oldestSequence: oldest?.sequence, oldestWallMilliseconds: oldest?.wallMilliseconds,
            nextSequence: next, fileBytes: OutboxFolder.bytes(of: file.database.path),
            usedBytes: try file.usedBytes(), budgetBytes: budget, losses: losses)
    }

    private mutating func removed(_ count: Int64) {
        depth -= count
        if count > 0 { hasDeleted = true }
    }
}

/// A record as it is stored.
struct PackedRecord {
    let recordClass: RecordClass
    let wallMilliseconds: Int64
    let bytes: [UInt8]
    /// The payload's size when it was deflated, otherwise 0.
    let size: Int64

    init(_ record: OutboxRecord, _ coder: PayloadCoder) {
        recordClass = record.recordClass
        wallMilliseconds = record.wallMilliseconds
        (bytes, size) = coder.packed(record.payload)
    }
}

/// The record that has waited longest.
struct OldestRecord {
    let sequence: Int64
    let wallMilliseconds: Int64

    /// The statement that looks for it.
    static let query = "SELECT sequence, wall_ms FROM record ORDER BY sequence LIMIT 1"

    init?(_ statement: Statement) throws(OutboxError) {
        defer { statement.reset() }
        guard try statement.step("look at the oldest record") else { return nil }
        sequence = statement.integer(0)
        wallMilliseconds = statement.integer(1)
    }
}
