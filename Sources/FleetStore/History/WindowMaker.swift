import History
import TimeZones

/// Computes windows inside a transaction that has locked their gateway.
struct WindowMaker<Database: FleetDatabase> {
    let database: Database

    /// Computes a quarter hour and its minutes from the samples, and marks its day.
    ///
    /// Where samples were removed already, what is there now came late: it is added to the windows and
    /// removed in its turn, so it counts once.
    func makeQuarter(_ mark: WindowMark) throws(FleetStoreError) {
        let horizons = try Horizons(of: mark.gateway, in: database)
        let gathered = try samples(of: mark)
        if mark.start < horizons.samples {
            guard !gathered.isEmpty else { return }
            try addLate(gathered, to: mark, horizons)
            return
        }
        if mark.start >= horizons.minutes {
            try replace(.minute, mark, with: gathered.flatMap(\.minutes))
        }
        try replace(.quarter, mark, with: gathered.map(\.quarter))
        try markDay(of: mark)
    }

    /// Computes a day from its quarter hours.
    func makeDay(_ mark: WindowMark) throws(FleetStoreError) {
        let (calendar, isChanged) = try calendar(of: mark.gateway)
        if isChanged { try cutDaysAnew(mark.gateway) }
        let start = calendar.dayStart(of: mark.start)
        guard start >= (try Horizons(of: mark.gateway, in: database).quarters) else { return }
        let day = Span(from: start, to: calendar.dayEnd(of: start))
        let quarters = try rows(.quarter, mark.gateway, day)
        let days = Dictionary(grouping: quarters) { $0.pack }.sorted { $0.key < $1.key }
            .compactMap { pack, rows in
                RollUp.joined(rows.map(\.window), start: start).map {
                    WindowRow(gateway: mark.gateway, pack: pack, window: $0)
                }
            }
        try replace(.day, mark.gateway, day, with: days)
    }

    /// Marks all days of a gateway whose zone is another one now.
    func cutDaysAnew(_ gateway: Int32) throws(FleetStoreError) {
        let quarters = try Horizons(of: gateway, in: database).quarters
        let number = SQLValue.number(Int64(gateway))
        try database.run(
            """
            DELETE FROM rollup_day WHERE gateway = ?1 AND pack IN \(HistorySchema.packs)
            AND start_ms >= ?2
            """, [number, .number(quarters)])
        try database.run("DELETE FROM rollup_zone WHERE gateway = ?1", [number])
        let calendar = try calendar(of: gateway).calendar
        let starts: [Int64] = try database.rows(
            "SELECT start_ms FROM rollup_quarter WHERE gateway = ?1 AND pack = 0 ORDER BY start_ms",
            [number])
        var end = Int64.min
        for start in starts where start >= end {
            try database.mark(
                WindowMark(start: calendar.dayStart(of: start), gateway: gateway), .day)
            end = calendar.dayEnd(of: start)
        }
    }

    // MARK: - Samples

    private struct Gathered {
        let minutes: [WindowRow]
        let quarter: WindowRow
    }

    private func samples(of mark: WindowMark) throws(FleetStoreError) -> [Gathered] {
        // by the number of the pack
        var gatherers = HistorySchema.packNumbers.map { _ in OrderedSamples(.minute) }
        func add(_ sample: HistorySample, _ pack: Int32) {
            guard HistorySchema.packNumbers.contains(pack) else { return }
            gatherers[Int(pack)].add(sample)
        }
        let span = mark.quarter.values(mark.gateway)
        try database.each(HistorySampleRows.bank, span) { (row: HistoryBankRow) in
            add(row.sample, 0)
        }
        try database.each(HistorySampleRows.packs, span) { (row: HistoryPackRow) in
            add(row.sample, row.pack)
        }
        return gatherers.indices.compactMap { pack in
            let minutes = gatherers[pack].finish()
            guard let quarter = RollUp.joined(minutes, start: mark.start) else { return nil }
            func row(_ window: RollUp) -> WindowRow {
                WindowRow(gateway: mark.gateway, pack: Int32(pack), window: window)
            }
            return Gathered(minutes: minutes.map(row), quarter: row(quarter))
        }
    }

    private func addLate(
        _ late: [Gathered], to mark: WindowMark, _ horizons: Horizons
    ) throws(FleetStoreError) {
        if mark.start >= horizons.minutes {
            try mend(.minute, mark.gateway, mark.quarter, with: late.flatMap(\.minutes))
        }
        let quarters = late.map(\.quarter)
        if mark.start >= horizons.quarters {
            try mend(.quarter, mark.gateway, mark.quarter, with: quarters)
            try markDay(of: mark)
        } else {
            let calendar = try calendar(of: mark.gateway).calendar
            let day = Span(
                from: calendar.dayStart(of: mark.start), to: calendar.dayEnd(of: mark.start))
            let days = quarters.map { row in
                var row = row
                row.window.start = day.from
                return row
            }
            try mend(.day, mark.gateway, day, with: days)
        }
        for table in ["bank_sample", "pack_sample"] {
            try database.run(
                "DELETE FROM \(table) WHERE gateway = ?1 AND time_ms >= ?2 AND time_ms < ?3",
                mark.quarter.values(mark.gateway))
        }
    }

    // MARK: - Rows

    private func mend(
        _ tier: HistoryTier, _ gateway: Int32, _ span: Span, with late: [WindowRow]
    ) throws(FleetStoreError) {
        var rows = try rows(tier, gateway, span)
        for row in late {
            let place = rows.firstIndex {
                $0.pack == row.pack && $0.window.start == row.window.start
            }
            if let place { rows[place].window.mend(row.window) } else { rows.append(row) }
        }
        try replace(tier, gateway, span, with: rows)
    }

    private func rows(
        _ tier: HistoryTier, _ gateway: Int32, _ span: Span
    ) throws(FleetStoreError) -> [WindowRow] {
        try database.rows(
            """
            SELECT \(HistorySchema.columnList) FROM \(tier.table) WHERE gateway = ?1
            AND pack IN \(HistorySchema.packs) AND start_ms >= ?2 AND start_ms < ?3
            ORDER BY pack, start_ms
            """, span.values(gateway))
    }

    private func replace(
        _ tier: HistoryTier, _ mark: WindowMark, with rows: [WindowRow]
    ) throws(FleetStoreError) {
        try replace(tier, mark.gateway, mark.quarter, with: rows)
    }

    private func replace(
        _ tier: HistoryTier, _ gateway: Int32, _ span: Span, with rows: [WindowRow]
    ) throws(FleetStoreError) {
        try database.run(
            """
            DELETE FROM \(tier.table) WHERE gateway = ?1 AND pack IN \(HistorySchema.packs)
            AND start_ms >= ?2 AND start_ms < ?3
            """, span.values(gateway))
        if !rows.isEmpty { try database.insert(rows, into: tier) }
    }

    // MARK: - Days

    private func markDay(of mark: WindowMark) throws(FleetStoreError) {
        let calendar = try calendar(of: mark.gateway).calendar
        try database.mark(
            WindowMark(start: calendar.dayStart(of: mark.start), gateway: mark.gateway), .day)
    }

    /// The days of a gateway, and whether they were cut by another zone before.
    private func calendar(
        of gateway: Int32
    ) throws(FleetStoreError) -> (calendar: SiteCalendar, isChanged: Bool) {
        let number = SQLValue.number(Int64(gateway))
        let zones: [SiteZone] = try database.rows(SiteZone.ofGateway, [number])
        guard let zone = zones.first else {
            return (SiteCalendar(zone: "", zones: SiteZone.folder), false)
        }
        if zone.cut == nil {
            try database.run(
                "INSERT INTO rollup_zone (gateway, zone) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                [number, .text(zone.now)])
        }
        return (
            SiteCalendar(zone: zone.now, zones: SiteZone.folder),
            zone.cut.map { $0 != zone.now } ?? false
        )
    }
}

/// Makes windows of samples that come in the order of time; those of one time by epoch and number.
struct OrderedSamples {
    private var gatherer: RollUpGatherer
    /// The last that came, and others of the same time.
    private var last: HistorySample?
    private var others: [HistorySample] = []

    init(_ tier: HistoryTier) { gatherer = RollUpGatherer(tier) }

    mutating func add(_ sample: HistorySample) {
        if let last {
            if last.moment.time == sample.moment.time {
                others.append(last)
            } else {
                release(last)
            }
        }
        last = sample
    }

    /// All windows, in order.
    mutating func finish() -> [RollUp] {
        if let last { release(last) }
        last = nil
        return gatherer.windows
    }

    private mutating func release(_ last: HistorySample) {
        guard !others.isEmpty else { return gatherer.add(last) }
        let samples = (others + [last]).sorted {
            ($0.moment.epoch, $0.moment.sequence) < ($1.moment.epoch, $1.moment.sequence)
        }
        for sample in samples { gatherer.add(sample) }
        others = []
    }
}

/// From one Unix time in milliseconds until before another.
struct Span {
    let from: Int64
    let to: Int64

    /// Gateway, from and to.
    func values(_ gateway: Int32) -> [SQLValue] {
        [.number(Int64(gateway)), .number(from), .number(to)]
    }
}

extension WindowMark {
    /// The quarter hour that a mark of one names.
    var quarter: Span {
        Span(from: start, to: start.addingSaturated(HistoryTier.quarter.milliseconds))
    }
}

/// The zone of a gateway, and the one by which its days were cut.
struct SiteZone: RowReadable {
    static let folder = ZoneFolder()

    static let ofGateway = """
        SELECT coalesce(d.zone, ''), z.zone FROM gateway g LEFT JOIN device d ON d.id = g.name
        LEFT JOIN rollup_zone z ON z.gateway = g.id WHERE g.id = ?1
        """

    /// Gateways whose zone has changed.
    static let changed = """
        SELECT z.gateway FROM rollup_zone z JOIN gateway g ON g.id = z.gateway
        LEFT JOIN device d ON d.id = g.name WHERE coalesce(d.zone, '') <> z.zone LIMIT 16
        """

    let now: String
    let cut: String?

    init(from row: inout some RowSource) {
        now = row.word()
        cut = row.text()
    }
}

/// Up to where things of a gateway were removed; the lowest number there is when nothing was.
struct Horizons {
    private var all: [Int32: Int64] = [:]

    var samples: Int64 { all[0] ?? .min }
    var minutes: Int64 { all[HistoryTier.minute.rawValue] ?? .min }
    var quarters: Int64 { all[HistoryTier.quarter.rawValue] ?? .min }

    init(of gateway: Int32, in database: some FleetDatabase) throws(FleetStoreError) {
        let rows: [Horizon] = try database.rows(
            "SELECT tier, max(before_ms) FROM rollup_horizon WHERE gateway IN (0, ?1) GROUP BY tier",
            [.number(Int64(gateway))])
        for row in rows { all[row.tier] = row.before }
    }

    private struct Horizon: RowReadable {
        let tier: Int32
        let before: Int64

        init(from row: inout some RowSource) {
            tier = row.number()
            before = row.wide()
        }
    }
}
