import History

/// What became of all samples; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. A window is computed from all samples that are stored, whenever they came and however often.
/// 2. Several may compute at once, and any may be killed at any moment; nothing is lost or counted twice.
/// 3. What comes after samples of its time were removed is added to the windows.
package protocol HistoryStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Computes windows that are over or were changed by late records, in one transaction.
    ///
    /// Does at most so many, the oldest first, and tells how many it did; 0 when nothing is left to do at this
    /// Unix time in milliseconds, or all that is left is at work elsewhere.
    func rollUp(now: Int64, most: Int) throws(FleetStoreError) -> Int

    /// Windows of a pack, or of the bank with pack 0, that begin from one Unix time in milliseconds
    /// until before another, in order; at most `limit`.
    func windows(
        _ tier: HistoryTier, gateway: String, pack: Int32, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [RollUp]

    /// A chart with the gaps in it; `now` is a Unix time in milliseconds.
    ///
    /// Reads at most 4,000 windows, whatever it spans, and the samples that were not rolled up yet.
    func series(_ request: SeriesRequest, now: Int64) throws(FleetStoreError) -> HistorySeries

    /// The energy between boundaries, 2 to 1001 Unix times in milliseconds in ascending order.
    ///
    /// Exact when they are days of the site, or quarter hours within 41 days; otherwise each day belongs to
    /// the period in which it begins. What was recorded before `seenFrom` is left out, here and below.
    func energy(
        gateway: String, pack: Int32, boundaries: [Int64], seenFrom: Int64
    ) throws(FleetStoreError) -> [EnergyPeriod]

    /// What a battery is about to do; nil when nothing has come from it for five minutes.
    func outlook(
        gateway: String, now: Int64, seenFrom: Int64
    ) throws(FleetStoreError) -> BatteryOutlook?

    /// How the bank, pack 0, or a pack got older in the last year; nil for a gateway that sent nothing.
    func condition(
        gateway: String, pack: Int32, now: Int64, seenFrom: Int64
    ) throws(FleetStoreError) -> BatteryCondition?

    /// The days of a site, by the zone of its device.
    func calendar(ofGateway gateway: String) throws(FleetStoreError) -> SiteCalendar

    /// Removes what is older than it shall be kept; as in `FleetStore`.
    func retain(_ limits: Retention) throws(FleetStoreError) -> RetentionReport

    /// What `retain` would remove, as far as it is there now; changes nothing.
    func removable(_ limits: Retention) throws(FleetStoreError) -> RetentionReport
}

extension ChangingStore {
    /// How long after its end a quarter hour is computed, ms; live records are seconds old.
    private var patience: Int64 { 60_000 }
    /// The longest day and two more quarter hours, so that its last quarter is there.
    private var longestDay: Int64 { 25 * 3_600_000 + 2 * 900_000 }

    package func rollUp(now: Int64, most: Int) throws(FleetStoreError) -> Int {
        try change("roll samples up") { database throws(FleetStoreError) in
            try database.lockHistory(isAlone: false)
            let quarters = now.addingSaturated(-HistoryTier.quarter.milliseconds - patience)
            var done = try make(.quarter, until: quarters, most: most, database)
            if done < most {
                let days = now.addingSaturated(-longestDay)
                done += try make(.day, until: days, most: most - done, database)
            }
            return done > 0 ? done : try cutChangedDays(database)
        }
    }

    func make(
        _ tier: HistoryTier, until: Int64, most: Int, _ database: Connection
    ) throws(FleetStoreError) -> Int {
        // more than are done, because others may be at work on the first of them
        let due: [WindowMark] = try database.rows(
            WindowMarks.due,
            [.number(Int64(tier.rawValue)), .number(until), .number(Int64(max(0, most)) * 16)])
        var done = 0
        for mark in due where done < most {
            guard try database.tryLockHistory(of: mark.gateway),
                try database.make(tier, mark)
            else { continue }
            done += 1
        }
        return done
    }

    private func cutChangedDays(_ database: Connection) throws(FleetStoreError) -> Int {
        let changed: [Int64] = try database.rows(SiteZone.changed, [])
        var done = 0
        for gateway in changed.map({ Int32(clamping: $0) }) {
            guard try database.tryLockHistory(of: gateway) else { continue }
            try WindowMaker(database: database).cutDaysAnew(gateway)
            done += 1
        }
        return done
    }

    package func windows(
        _ tier: HistoryTier, gateway: String, pack: Int32, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [RollUp] {
        try read { database throws(FleetStoreError) in
            let rows: [WindowRow] = try database.rows(
                """
                SELECT \(HistorySchema.columnList) FROM \(tier.table)
                WHERE gateway = (SELECT id FROM gateway WHERE name = ?1) AND pack = ?2
                AND start_ms >= ?3 AND start_ms < ?4 ORDER BY start_ms LIMIT ?5
                """,
                [
                    .text(gateway), .number(Int64(pack)), .number(from), .number(to),
                    .number(Int64(max(0, limit))),
                ])
            return rows.map(\.window)
        }
    }
}

extension FleetDatabase {
    /// Computes a window whose gateway is locked; false when somebody else has done it.
    func make(_ tier: HistoryTier, _ mark: WindowMark) throws(FleetStoreError) -> Bool {
        let taken: [Int64] = try rows(WindowMarks.take, mark.values(tier))
        guard !taken.isEmpty else { return false }
        let maker = WindowMaker(database: self)
        switch tier {
        case .day: try maker.makeDay(mark)
        default: try maker.makeQuarter(mark)
        }
        return true
    }
}
