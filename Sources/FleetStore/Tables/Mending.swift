import History

/// The statements that move records to another time, and their samples after them.
///
/// None joins two tables and each names its rows by the front of an index, so a server without
/// statistics, which takes every table for a small one, finds no plan that looks through all records
/// of a gateway.
enum Mending {
    /// The tables whose rows follow a record.
    static let samples = ["bank_sample", "pack_sample", "event"]

    /// Moves what a boot (2) of a gateway (1) left without a time to its own, by the offset (3).
    static let mendRecords = """
        UPDATE record SET time_ms = monotonic_ms + ?3, time_quality = 1
        WHERE gateway = ?1 AND boot = ?2 AND time_quality = 2
        """

    /// The lowest and the highest number of each epoch that the statement above will move.
    static let spansOfBoot = """
        SELECT epoch, min(seq), max(seq) FROM record
        WHERE gateway = ?1 AND boot = ?2 AND time_quality = 2 GROUP BY epoch
        """

    /// Lets samples without a time of a gateway (1), an epoch (2) and numbers (3 to 4) follow their
    /// records.
    static func follow(_ table: String) -> String {
        func own(_ column: String) -> String {
            """
            \(column) = coalesce((SELECT r.\(column) FROM record r WHERE r.gateway = ?1
            AND r.epoch = ?2 AND r.seq = \(table).seq), \(column))
            """
        }
        return """
            UPDATE \(table) SET \(own("time_ms")), \(own("time_quality"))
            WHERE gateway = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4 AND time_quality = 2
            """
    }

    /// The highest number of an epoch (1, 2), between two others (3, 4), whose record has a time or
    /// lies at a moment (5) or before.
    static let lowEnough = """
        SELECT seq FROM record WHERE gateway = ?1 AND epoch = ?2 AND seq > ?3 AND seq < ?4
        AND (time_quality <> 2 OR time_ms <= ?5) ORDER BY seq DESC LIMIT 1
        """

    /// Brings records of an epoch (1, 2) with numbers (3 to 4) to a moment (5).
    static let lowerRecords = """
        UPDATE record SET time_ms = ?5
        WHERE gateway = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4
        """

    /// The same for their samples.
    static func lowerSamples(_ table: String) -> String {
        """
        UPDATE \(table) SET time_ms = ?5
        WHERE gateway = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4 AND time_quality = 2
        """
    }
}

/// A record that is stored, as those beside it see it.
struct StoredPlace {
    let sequence: Int64
    let time: Int64
    /// Whether its time is not known, so that it may still move.
    let isOpen: Bool

    /// Nil when there is no such record.
    init?(optionalFrom row: inout some RowSource) {
        guard let sequence = row.int64() else {
            _ = row.int64()
            _ = row.int64()
            return nil
        }
        self.sequence = sequence
        time = row.wide()
        isOpen = row.number() == TimeQuality.unmended.rawValue
    }

    /// The beginning of a range of keys; nil when there is no range.
    init?(foldedFrom row: inout some RowSource) {
        guard let sequence = row.int64() else {
            _ = row.int64()
            return nil
        }
        self.sequence = sequence
        time = row.wide()
        isOpen = false
    }
}

/// What is stored under a key, before it and after it.
struct Neighbours: RowReadable {
    let key: GatewayKey
    let own: StoredPlace?
    let before: StoredPlace?
    let after: StoredPlace?

    init(from row: inout some RowSource) {
        key = GatewayKey(from: &row)
        own = StoredPlace(optionalFrom: &row)
        before = StoredPlace(optionalFrom: &row)
        let after = StoredPlace(optionalFrom: &row)
        let folded = StoredPlace(foldedFrom: &row)
        // of a range only its newest time is known, which is late enough
        if let folded, after.map({ folded.sequence < $0.sequence }) ?? true {
            self.after = folded
        } else {
            self.after = after
        }
    }
}

extension FleetDatabase {
    /// Moves records of a boot that was not known, and their samples, to their own time.
    func mend(gateway: Int32, boot: String, offset: Int64) throws(FleetStoreError) {
        let boot: [SQLValue] = [.number(Int64(gateway)), .text(boot)]
        let spans: [EpochSpan] = try rows(Mending.spansOfBoot, boot)
        guard !spans.isEmpty else { return }
        for span in spans { try markRecords(span.values(of: gateway)) }
        try run(Mending.mendRecords, boot + [.number(offset)])
        let lowest = spans.map {
            GatewayKey(gateway: gateway, epoch: $0.epoch, sequence: $0.lowest)
        }
        for span in spans {
            let span = span.values(of: gateway)
            try markRecords(span)
            for table in Mending.samples { try run(Mending.follow(table), span) }
        }
        for mended in try neighbours(of: lowest) {
            guard let own = mended.own else { continue }
            _ = try lower(before: mended, to: own.time, above: .min)
        }
    }

    /// Gives records without a time a place before those that follow them, before they are stored.
    ///
    /// Brings stored records without a time down to those of `staged` that follow them. Looks only at
    /// `gateways`, which have some, and at records that have no time themselves. `staged` is in the
    /// order of its keys.
    func settled(
        _ staged: [StagedRecord], of gateways: Set<Int32>
    ) throws(FleetStoreError) -> [StagedRecord] {
        let affected = staged.indices.filter {
            staged[$0].quality == .unmended || gateways.contains(staged[$0].gateway)
        }
        guard !affected.isEmpty else { return staged }
        let found = try neighbours(of: affected.map { GatewayKey(staged[$0]) })
        let neighbours = Dictionary(found.map { ($0.key, $0) }) { first, _ in first }
        var staged = staged
        // downwards: each record takes its time from the one after it
        var above: Settled?
        for (position, index) in affected.enumerated().reversed() {
            let key = GatewayKey(staged[index])
            guard let beside = neighbours[key] else { continue }
            if above?.key.isSameEpoch(as: key) != true { above = nil }
            let time = try settle(&staged[index], beside, before: above)
            let next = position > 0 ? GatewayKey(staged[affected[position - 1]]) : nil
            let floor = next.flatMap { $0.isSameEpoch(as: key) ? $0.sequence : nil }
            let moved = try lower(before: beside, to: time, above: floor ?? .min)
            above = Settled(key: key, time: time, moved: moved)
        }
        return staged
    }

    /// Brings one record down to the one that follows it; gives the time at which it lies.
    private func settle(
        _ record: inout StagedRecord, _ beside: Neighbours, before above: Settled?
    ) throws(FleetStoreError) -> Int64 {
        let time = beside.own?.time ?? record.time
        let isOpen = beside.own?.isOpen ?? (record.quality == .unmended)
        let after = beside.after.flatMap { above?.time(of: $0) ?? $0.time } ?? above?.time
        guard isOpen, let after, after < time else { return time }
        if beside.own == nil {
            record.time = after
        } else {
            let sequence = beside.key.sequence
            try move(beside.key, sequence...sequence, to: after)
        }
        return after
    }

    /// Brings stored records without a time that come before a key down to a time; gives the numbers
    /// of those that moved.
    ///
    /// Ends at the first that is low enough, for those before it lie no higher, and above `floor`.
    private func lower(
        before beside: Neighbours, to time: Int64, above floor: Int64
    ) throws(FleetStoreError) -> ClosedRange<Int64>? {
        guard let before = beside.before, before.sequence > floor, before.isOpen,
            before.time > time
        else { return nil }
        let key = beside.key
        let lowEnough: [Int64] = try rows(
            Mending.lowEnough,
            [
                .number(Int64(key.gateway)), .number(key.epoch), .number(floor),
                .number(before.sequence), .number(time),
            ])
        let first = (lowEnough.first ?? floor) &+ 1
        guard first <= before.sequence else { return nil }
        try move(key, first...before.sequence, to: time)
        return first...before.sequence
    }

    private func move(
        _ key: GatewayKey, _ sequences: ClosedRange<Int64>, to time: Int64
    ) throws(FleetStoreError) {
        let span: [SQLValue] = [
            .number(Int64(key.gateway)), .number(key.epoch), .number(sequences.lowerBound),
            .number(sequences.upperBound),
        ]
        let moment = [SQLValue.number(time)]
        try markRecords(span)
        try run(Mending.lowerRecords, span + moment)
        let start = HistoryTier.start(of: time, length: HistoryTier.quarter.milliseconds)
        try mark(WindowMark(start: start, gateway: key.gateway), .quarter)
        for table in Mending.samples { try run(Mending.lowerSamples(table), span + moment) }
    }
}

/// A record of a batch that has its place, for the next one below.
private struct Settled {
    let key: GatewayKey
    let time: Int64
    /// Stored records below it that it has brought down to its time.
    let moved: ClosedRange<Int64>?

    /// The time of what follows the next one: this, or a stored record that lies between.
    func time(of between: StoredPlace) -> Int64 {
        guard between.sequence < key.sequence else { return time }
        return moved?.contains(between.sequence) == true ? time : between.time
    }
}

/// Numbers of an epoch, from the lowest to the highest.
private struct EpochSpan: RowReadable {
    let epoch: Int64
    let lowest: Int64
    let highest: Int64

    /// Gateway, epoch, first and last number.
    func values(of gateway: Int32) -> [SQLValue] {
        [.number(Int64(gateway)), .number(epoch), .number(lowest), .number(highest)]
    }

    init(from row: inout some RowSource) {
        epoch = row.wide()
        lowest = row.wide()
        highest = row.wide()
    }
}
