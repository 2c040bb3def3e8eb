/// Which keys are folded.
///
/// A record may become a mere key when nothing needs its clocks any more: its time is known and will
/// not move, or the sample that would move with it has gone.
struct KeyFolding {
    /// Keys that one transaction reads, and the ranges it writes at most; ingest waits meanwhile.
    private static let pageKeys = 2000, pageRanges = 256

    private let limits: [SQLValue]

    /// Nil when samples are kept for ever, for then no record is old.
    init?(_ retention: Retention) {
        guard let samples = retention.samplesBefore else { return nil }
        limits = [.number(samples), .number(retention.eventsBefore ?? .min)]
    }

    /// The first key after another one (1, 2, 3).
    private static let first = """
        SELECT gateway, epoch, seq FROM record WHERE (gateway, epoch, seq) > (?1, ?2, ?3)
        ORDER BY gateway, epoch, seq LIMIT 1
        """

    /// Keys of an epoch (1, 2) from a number (3) on, each as a range of its own, and whether it is old
    /// by the limits of samples (4) and events (5).
    ///
    /// Leaves out events without a time that are kept: a gateway whose clock is never trusted gathers
    /// them for years, and they must not fill the page and hide what lies behind.
    private static let page = """
        SELECT seq, seq, CASE WHEN kind = 2 THEN 1 ELSE 0 END,
            CASE WHEN time_quality = 2 THEN 1 ELSE 0 END, time_ms,
            CASE WHEN received_ms < ?4 AND time_quality <> 2 OR kind = 1 AND time_ms < ?4
                OR kind = 2 AND time_ms < ?5 THEN 1 ELSE 0 END
        FROM record WHERE gateway = ?1 AND epoch = ?2 AND seq >= ?3
        AND NOT (kind = 2 AND time_quality = 2 AND time_ms >= ?5) ORDER BY seq LIMIT \(pageKeys)
        """

    /// A key and whether it is old.
    private struct Key: RowReadable {
        let range: KeyRange
        let isOld: Bool

        init(from row: inout some RowSource) {
            range = KeyRange(from: &row)
            isOld = row.number() == 1
        }
    }

    /// Before all keys.
    static let beginning = GatewayKey(gateway: .min, epoch: .min, sequence: .min)

    /// What lies behind a place.
    enum Found {
        /// Old keys, in the page that begins with this one.
        case old(GatewayKey)
        /// None in the next page of an epoch, so none worth a look in all of it: go on behind it.
        case nothing(GatewayKey)
    }

    /// Looks for old keys behind a place, and changes nothing.
    ///
    /// Nil when there are no keys at all.
    func look(
        behind place: GatewayKey, in database: some FleetDatabase
    ) throws(FleetStoreError) -> Found? {
        let keys: [GatewayKey] = try database.rows(Self.first, place.values)
        guard let first = keys.first else { return nil }
        guard try page(from: first, in: database).contains(where: \.isOld) else {
            return .nothing(
                GatewayKey(gateway: first.gateway, epoch: first.epoch, sequence: .max))
        }
        return .old(first)
    }

    /// Folds the old keys of the page that begins with a key; gives its end.
    ///
    /// Runs in a transaction that no ingest shares.
    func fold(
        from first: GatewayKey, in database: some FleetDatabase
    ) throws(FleetStoreError) -> GatewayKey {
        let (runs, end) = Self.runs(of: try page(from: first, in: database))
        for run in runs { try database.fold(run, of: first) }
        return GatewayKey(
            gateway: first.gateway, epoch: first.epoch, sequence: end ?? first.sequence)
    }

    private func page(
        from first: GatewayKey, in database: some FleetDatabase
    ) throws(FleetStoreError) -> [Key] {
        try database.rows(Self.page, first.values + limits)
    }

    /// The ranges of the old keys of a page, and the last number that was looked at.
    private static func runs(of page: [Key]) -> (runs: [KeyRange], end: Int64?) {
        var runs: [KeyRange] = []
        var end: Int64?
        for key in page {
            if key.isOld {
                if let last = runs.last, last.touches(key.range) {
                    runs[runs.count - 1].join(key.range)
                } else if runs.count < pageRanges {
                    runs.append(key.range)
                } else {
                    break
                }
            }
            end = key.range.last
        }
        return (runs, end)
    }
}

extension GatewayKey {
    /// The parameters that name it.
    var values: [SQLValue] { [.number(Int64(gateway)), .number(epoch), .number(sequence)] }
}

extension FleetDatabase {
    /// Puts a range in the place of its records and joins it with those it touches.
    fileprivate func fold(_ run: KeyRange, of key: GatewayKey) throws(FleetStoreError) {
        let epoch: [SQLValue] = [.number(Int64(key.gateway)), .number(key.epoch)]
        try self.run(KeyRanges.removeRecords, epoch + [.number(run.first), .number(run.last)])
        var joined = run
        let (below, isLowest) = run.first.subtractingReportingOverflow(1)
        let beside: [KeyRange] = try rows(
            KeyRanges.next, epoch + [.number(isLowest ? run.first : below)])
        for range in beside where run.touches(range) {
            try self.run(KeyRanges.remove, epoch + [.number(range.last)])
            joined.join(range)
        }
        let numbers = [joined.first, joined.last, joined.events, joined.unmended, joined.newest]
        try self.run(KeyRanges.add, epoch + numbers.map { .number($0) })
    }
}
