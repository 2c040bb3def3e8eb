/// What can be read of a damaged outbox file, row by row.
///
/// The only place that reads rows of a file which is not trusted. The file is opened read-only and
/// stays as it is.
struct OutboxSalvage {
    private static let highestNumber = OutboxSchema.highestNumber
    /// Looks in a row that found nothing, after which the rest is given up.
    ///
    /// A damaged leaf costs about one for each of its rows, a damaged root one for every number.
    private static let patience = 1000

    /// The random number of the file; nil when it cannot be read.
    let epoch: Int64?
    /// Losses counted in the file, as far as they can be read.
    let losses: [LossReason: Int64]
    /// Those of which a record tells.
    let told: [LossReason: Int64]
    /// The highest number that the rows and their counter tell of; nil when the end of the table cannot
    /// be read.
    let highest: Int64?
    /// The highest number written off, see `NumberReserve`; nil when it cannot be read.
    let reserved: Int64?
    /// Records the file should hold by its counters; nil when they cannot be read.
    let depth: Int64?
    private let database: Database?

    /// Looks at a file; what cannot be read is nil, a file that cannot be opened gives nothing.
    init(path: String, vfs: String?) {
        let opened = try? Self.open(path, vfs)
        database = opened
        let number = (try? Self.counter("epoch", opened)) ?? 0
        epoch = (1...Self.highestNumber).contains(number) ? number : nil
        func counts(_ prefix: String) -> [LossReason: Int64] {
            var counts: [LossReason: Int64] = [:]
            for reason in LossReason.allCases {
                let count = (try? Self.counter(prefix + reason.rawValue, opened)) ?? 0
                if (1...Self.highestNumber).contains(count) { counts[reason] = count }
            }
            return counts
        }
        losses = counts("lost.")
        told = counts("told.")
        let reserved = (try? Self.counter(NumberReserve.counter, opened)) ?? 0
        self.reserved = (1...Self.highestNumber).contains(reserved) ? reserved : nil
        highest = opened.flatMap { try? Self.highest($0) }
        depth = highest == nil ? nil : opened.flatMap { try? Self.depth($0) }
    }

    /// Opens a file; SQLite refuses one that was cut short unless the schema may be written, which a
    /// file opened read-only never is.
    private static func open(_ path: String, _ vfs: String?) throws(OutboxError) -> Database {
        let database = try Database(path: path, create: false, vfs: vfs, readOnly: true)
        try database.execute(
            "PRAGMA writable_schema = 1; PRAGMA cache_size = -512", "open the file")
        return database
    }

    private static func counter(
        _ name: String, _ database: Database?
    ) throws(OutboxError) -> Int64? {
        try database?.number("SELECT value FROM counter WHERE name = '\(name)'", "read a counter")
    }

    private static func highest(_ database: Database) throws(OutboxError) -> Int64? {
        let newest = try database.number("SELECT max(sequence) FROM record", "look at the rows")
        let highest = max(newest ?? 0, try counter("highest", database) ?? 0)
        return (0...highestNumber).contains(highest) ? highest : nil
    }

    private static func depth(_ database: Database) throws(OutboxError) -> Int64? {
        let operation = "look at the rows"
        let oldest = try database.number("SELECT min(sequence) FROM record", operation)
        guard let oldest else { return 0 }
        let newest = try database.number("SELECT max(sequence) FROM record", operation) ?? 0
        guard oldest > 0, oldest <= newest, newest <= highestNumber else { return nil }
        let holes = try counter("holes", database) ?? 0
        guard (0...newest - oldest + 1).contains(holes) else { return nil }
        return newest - oldest + 1 - holes
    }

    /// Hands over every row that can be read, each once, in no particular order.
    ///
    /// Reads forward to the first damage and backward to the last, then halves what lies between
    /// until the damage is fenced in. `below` is a number that no row can have.
    func rows(
        below: Int64?, _ body: (Int64, OutboxRecord) throws(OutboxError) -> Void
    ) throws(OutboxError) {
        let coder = PayloadCoder()
        guard let database, let forward = try? Self.rows(database, "ASC"),
            let backward = try? Self.rows(database, "DESC")
        else { return }
        let end = below ?? highest.map { $0 + 1 }
        var gaps = [Gap(after: 0, before: end ?? Self.highestNumber)]
        var failures = 0
        while !gaps.isEmpty, failures < Self.patience {
            // without an end the lowest gap comes first: above the last row there are only failures
            var gap = end == nil ? gaps.removeLast() : gaps.removeFirst()
            let whole = gap
            if try gap.read(forward, coder, isForward: true, body) { continue }
            guard gap.before - gap.after > 1 else { continue }
            if try gap.read(backward, coder, isForward: false, body) { continue }
            failures = gap == whole ? failures + 1 : 0
            guard gap.before - gap.after > 2 else { continue }
            let middle = gap.after + (gap.before - gap.after + 1) / 2
            gaps.append(Gap(after: middle - 1, before: gap.before))
            gaps.append(Gap(after: gap.after, before: middle))
        }
    }

    /// Hands over what the fleet has rejected and the file still keeps, as far as it can be read.
    func rejected(
        _ body: (RecordClass, RejectedRecord) throws(OutboxError) -> Void
    ) throws(OutboxError) {
        let coder = PayloadCoder()
        for order in ["ASC", "DESC"] {
            let query = """
                SELECT sequence, class, wall_ms, payload, size, reason FROM rejected
                ORDER BY sequence \(order) LIMIT \(OutboxTally.rejectedKept)
                """
            guard let database, let statement = try? database.prepare(query) else { return }
            defer { statement.reset() }
            while let isRow = try? statement.step("read a damaged file") {
                // at the end there is nothing to come to from the other one
                guard isRow else { return }
                guard let row = SalvagedRow(statement, coder) else { continue }
                let record = RejectedRecord(
                    sequence: row.sequence, wallMilliseconds: row.record.wallMilliseconds,
                    reason: statement.text(5), payload: row.record.payload)
                try body(row.record.recordClass, record)
            }
        }
    }

    private static func rows(
        _ database: Database, _ order: String
    ) throws(OutboxError) -> Statement {
        func query(_ size: String) -> String {
            """
            SELECT sequence, class, wall_ms, payload, \(size) FROM record
            WHERE sequence > ?1 AND sequence < ?2 ORDER BY sequence \(order)
            """
        }
        if let statement = try? database.prepare(query("size")) { return statement }
        return try database.prepare(query("0"))  // a file of version 1
    }
}

/// Numbers whose rows have not been read yet.
private struct Gap: Hashable {
    var after: Int64
    var before: Int64

    /// Reads from one end and shrinks by what was read; true when the other end was reached.
    mutating func read(
        _ statement: Statement, _ coder: PayloadCoder, isForward: Bool,
        _ body: (Int64, OutboxRecord) throws(OutboxError) -> Void
    ) throws(OutboxError) -> Bool {
        statement.bind(1, after)
        statement.bind(2, before)
        defer { statement.reset() }
        while true {
            guard let isRow = try? statement.step("read a damaged file") else { return false }
            guard isRow else { return true }
            let sequence = statement.integer(0)
            guard sequence > after, sequence < before, let row = SalvagedRow(statement, coder)
            else { return false }
            try body(sequence, row.record)
            if isForward { after = sequence } else { before = sequence }
        }
    }
}

/// A row of a file that is not trusted.
private struct SalvagedRow {
    let sequence: Int64
    let record: OutboxRecord

    /// Takes the columns number, class, wall time, payload and size; nil when they cannot be a record.
    init?(_ statement: Statement, _ coder: PayloadCoder) {
        sequence = statement.integer(0)
        // a page of another table in the wrong place has other things in these columns
        guard let recordClass = RecordClass(rawValue: statement.integer(1)), statement.isBlob(3)
        else { return nil }
        let wall = statement.integer(2)
        var payload: [UInt8]?
        let isWhole = coder.withUnpacked(statement.blob(3), size: statement.integer(4)) {
            payload = Array($0)
        }
        guard isWhole, let payload else { return nil }
        record = OutboxRecord(recordClass, wallMilliseconds: wall, payload: payload)
    }
}
