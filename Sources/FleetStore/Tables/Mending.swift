/// The statements that move records to another time, and their samples after them.
enum Mending {
    /// The tables whose rows follow a record.
    static let samples = ["bank_sample", "pack_sample", "event"]

    /// Moves what a boot (2) of a gateway (1) left without a time to its own, by the offset (3).
    static let mendRecords = """
        UPDATE record SET time_ms = monotonic_ms + ?3, time_quality = 1
        WHERE gateway = ?1 AND boot = ?2 AND time_quality = 2
        """

    /// The lowest number of each epoch that the statement above will move.
    static let lowestOfBoot = """
        SELECT epoch, min(seq) FROM record
        WHERE gateway = ?1 AND boot = ?2 AND time_quality = 2 GROUP BY epoch
        """

    /// Lets samples of a gateway (1) and epoch (2), from a number (3) on, follow their records.
    static func follow(_ table: String) -> String {
        """
        UPDATE \(table) SET time_ms = r.time_ms, time_quality = r.time_quality FROM record r
        WHERE \(table).gateway = ?1 AND \(table).epoch = ?2 AND \(table).seq >= ?3
        AND \(table).time_quality = 2 AND r.gateway = ?1 AND r.epoch = ?2
        AND r.seq = \(table).seq
        AND (r.time_ms <> \(table).time_ms OR r.time_quality <> \(table).time_quality)
        """
    }

    /// Brings a record without a time (1, 2, 3) down to the record that follows it.
    static let lower = """
        UPDATE record SET time_ms = n.time_ms FROM record n
        WHERE record.gateway = ?1 AND record.epoch = ?2 AND record.seq = ?3
        AND record.time_quality = 2 AND n.gateway = ?1 AND n.epoch = ?2
        AND n.seq = (SELECT min(m.seq) FROM record m
                     WHERE m.gateway = ?1 AND m.epoch = ?2 AND m.seq > ?3)
        AND n.time_ms < record.time_ms
        """

    /// Brings records without a time that come before a record (1, 2, 3) down to it, and gives the
    /// numbers of those that moved.
    ///
    /// Ends at the first that is low enough: those before it lie no higher.
    static let lowerBefore = """
        UPDATE record SET time_ms = n.time_ms FROM record n
        WHERE n.gateway = ?1 AND n.epoch = ?2 AND n.seq = ?3
        AND record.gateway = ?1 AND record.epoch = ?2 AND record.seq < ?3
        AND record.time_quality = 2 AND record.time_ms > n.time_ms
        AND record.seq > coalesce(
            (SELECT q.seq FROM record q
             WHERE q.gateway = ?1 AND q.epoch = ?2 AND q.seq < ?3
             AND (q.time_quality <> 2 OR q.time_ms <= n.time_ms)
             ORDER BY q.seq DESC LIMIT 1), 0)
        RETURNING record.seq
        """
}

extension FleetDatabase {
    /// Moves records of a boot that was not known, and their samples, to their own time.
    func mend(gateway: Int32, boot: String, offset: Int64) throws(FleetStoreError) {
        let boot: [SQLValue] = [.number(Int64(gateway)), .text(boot)]
        let lowest: [NumberPair] = try rows(Mending.lowestOfBoot, boot)
        guard !lowest.isEmpty else { return }
        try run(Mending.mendRecords, boot + [.number(offset)])
        for epoch in lowest.sorted(by: { $0.first < $1.first }) {
            try settle(gateway: gateway, epoch: epoch.first, sequences: [epoch.second])
        }
    }

    /// Settles the new records of gateways that have some without a time.
    func settle(_ fresh: [StagedRecord], of gateways: Set<Int32>) throws(FleetStoreError) {
        let affected = fresh.filter { gateways.contains($0.gateway) || $0.quality == .unmended }
        let groups = Dictionary(grouping: affected) {
            GatewayEpoch(gateway: $0.gateway, epoch: $0.record.key.epoch)
        }
        let ordered = groups.keys.sorted { ($0.gateway, $0.epoch) < ($1.gateway, $1.epoch) }
        for group in ordered {
            let sequences = (groups[group] ?? []).map(\.record.key.sequence)
            try settle(gateway: group.gateway, epoch: group.epoch, sequences: sequences)
        }
    }

    /// Keeps records without a time in the order of their numbers, after `sequences` of their epoch
    /// have got a time or a new one.
    private func settle(
        gateway: Int32, epoch: Int64, sequences: [Int64]
    ) throws(FleetStoreError) {
        let group: [SQLValue] = [.number(Int64(gateway)), .number(epoch)]
        var lowest = sequences.min() ?? 0
        for sequence in sequences.sorted(by: >) {
            try run(Mending.lower, group + [.number(sequence)])
            let moved: [Int64] = try rows(Mending.lowerBefore, group + [.number(sequence)])
            lowest = min(lowest, moved.min() ?? lowest)
        }
        for table in Mending.samples {
            try run(Mending.follow(table), group + [.number(lowest)])
        }
    }
}

/// An epoch of a gateway.
private struct GatewayEpoch: Hashable {
    let gateway: Int32
    let epoch: Int64
}
