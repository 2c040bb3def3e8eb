import History

/// Reads windows, and makes those that nobody has computed yet of the samples.
struct WindowReader<Database: FleetDatabase> {
    let database: Database
    let gateway: Int32
    let pack: Int32
    let calendar: SiteCalendar
    let horizons: Horizons
    /// From when on its reader may know what was recorded, Unix time in milliseconds.
    private let seenFrom: Int64

    /// Samples that are read for windows that are not computed: half a day at ten seconds.
    private static var mostSamples: Int { 4500 }
    /// Quarter hours that are read for days that are not computed: four days.
    private static var mostQuarters: Int { 384 }
    private static var mostWindows: Int { 12_000 }

    /// Nil for a gateway that never sent anything.
    init?(
        _ database: Database, gateway name: String, pack: Int32, seenFrom: Int64
    ) throws(FleetStoreError) {
        let sites: [Site] = try database.rows(
            """
            SELECT g.id, coalesce(d.zone, '') FROM gateway g LEFT JOIN device d ON d.id = g.name
            WHERE g.name = ?1
            """, [.text(name)])
        guard let site = sites.first else { return nil }
        self.database = database
        gateway = site.id
        self.pack = pack
        self.seenFrom = seenFrom
        calendar = SiteCalendar(zone: site.zone, zones: SiteZone.folder)
        horizons = try Horizons(of: gateway, in: database)
    }

    /// Windows of a quantity around and after a moment until before another, in order.
    ///
    /// Tells also whether it ends before all samples were looked at, because nobody computes windows.
    func series(
        _ quantity: Quantity, _ tier: HistoryTier, _ span: Span
    ) throws(FleetStoreError) -> (windows: [RollUp], isBehind: Bool) {
        let columns = Self.series(quantity)
        return try windows(tier, span) { (tier, span, limit) throws(FleetStoreError) in
            let rows: [SeriesRow] = try rows(tier, columns, span, limit)
            return rows.map { row in
                var window = row.window
                window.values[quantity] = row.values
                return window
            }
        }
    }

    /// The same with energy alone.
    func energy(_ tier: HistoryTier, _ span: Span) throws(FleetStoreError) -> [RollUp] {
        try windows(tier, span) { (tier, span, limit) throws(FleetStoreError) in
            let rows: [EnergyRow] = try rows(tier, Self.energyColumns, span, limit)
            return rows.map(\.window)
        }.windows
    }

    /// The same with all that is kept.
    func all(_ tier: HistoryTier, _ span: Span) throws(FleetStoreError) -> [RollUp] {
        try windows(tier, span) { (tier, span, limit) throws(FleetStoreError) in
            let rows: [WindowRow] = try rows(tier, HistorySchema.columnList, span, limit)
            return rows.map(\.window)
        }.windows
    }

    // MARK: - Windows

    private typealias Read =
        (HistoryTier, Span, Int) throws(FleetStoreError) -> [RollUp]

    private func windows(
        _ tier: HistoryTier, _ span: Span, _ read: Read
    ) throws(FleetStoreError) -> (windows: [RollUp], isBehind: Bool) {
        let begin =
            tier == .day
            ? calendar.dayStart(of: span.from)
            : HistoryTier.start(of: span.from, length: tier.milliseconds)
        let seen = try seen(tier, Span(from: begin, to: span.to), read)
        let rest = try windowsSeen(tier, seen.rest, read)
        return (seen.first + rest.windows, rest.isBehind)
    }

    /// What may be seen of a span: the day that its reader came, as far as it is a whole one to them, and the rest.
    ///
    /// A window that begins before that is not shown, for nobody can tell its parts.
    private func seen(
        _ tier: HistoryTier, _ span: Span, _ read: Read
    ) throws(FleetStoreError) -> (first: [RollUp], rest: Span) {
        guard seenFrom > span.from else { return ([], span) }
        let length = tier == .minute ? tier.milliseconds : HistoryTier.quarter.milliseconds
        let start = HistoryTier.start(of: seenFrom, length: length)
        let first = start < seenFrom ? start.addingSaturated(length) : start
        guard tier == .day else { return ([], Span(from: first, to: span.to)) }
        let dayStart = calendar.dayStart(of: seenFrom)
        let whole = dayStart < seenFrom ? calendar.dayEnd(of: dayStart) : dayStart
        let part = Span(from: first, to: min(whole, span.to))
        let rest = Span(from: whole, to: span.to)
        guard part.from < part.to else { return ([], rest) }
        let quarters = try read(.quarter, part, Self.mostQuarters)
        return (days(quarters + (try fresh(.quarter, part).windows)), rest)
    }

    private func windowsSeen(
        _ tier: HistoryTier, _ span: Span, _ read: Read
    ) throws(FleetStoreError) -> (windows: [RollUp], isBehind: Bool) {
        guard span.from < span.to else { return ([], false) }
        let begin = span.from
        let stored = try read(tier, span, Self.mostWindows)
        guard tier == .day else {
            let fresh = try fresh(tier, span)
            return (stored + fresh.windows, fresh.isBehind)
        }
        let newest = try newest(.day)
        let open = Span(from: max(begin, newest.map(calendar.dayEnd) ?? begin), to: span.to)
        guard open.from < open.to else { return (stored, false) }
        let quarters = try read(.quarter, open, Self.mostQuarters)
        guard quarters.count < Self.mostQuarters else { return (stored + days(quarters), true) }
        let fresh = try fresh(.quarter, open)
        return (stored + days(quarters + fresh.windows), fresh.isBehind)
    }

    /// Windows after the last that was computed.
    private func fresh(
        _ tier: HistoryTier, _ span: Span
    ) throws(FleetStoreError) -> (windows: [RollUp], isBehind: Bool) {
        let end = try newest(.quarter)?.addingSaturated(HistoryTier.quarter.milliseconds)
        let open = Span(from: max(span.from, end ?? .min), to: span.to)
        guard open.from < open.to else { return ([], false) }
        var gatherer = RollUpGatherer(tier)
        var count = 0
        let limit = SQLValue.number(Int64(Self.mostSamples))
        if pack == 0 {
            try database.each(HistorySampleRows.bankBounded, open.values(gateway) + [limit]) {
                (row: HistoryBankRow) in
                gatherer.add(row.sample)
                count += 1
            }
        } else {
            let pack = SQLValue.number(Int64(pack))
            try database.each(
                HistorySampleRows.onePackBounded, open.values(gateway) + [pack, limit]
            ) { (row: HistoryPackRow) in
                gatherer.add(row.sample)
                count += 1
            }
        }
        return (gatherer.windows, count >= Self.mostSamples)
    }

    private func days(_ quarters: [RollUp]) -> [RollUp] {
        var days: [RollUp] = []
        var end = Int64.min
        for quarter in quarters {
            if quarter.start >= end {
                var day = quarter
                day.start = calendar.dayStart(of: quarter.start)
                end = calendar.dayEnd(of: quarter.start)
                days.append(day)
            } else {
                days[days.count - 1].join(quarter)
            }
        }
        return days
    }

    private func newest(_ tier: HistoryTier) throws(FleetStoreError) -> Int64? {
        let starts: [Int64] = try database.rows(
            """
            SELECT start_ms FROM \(tier.table) WHERE gateway = ?1 AND pack = 0
            ORDER BY start_ms DESC LIMIT 1
            """, [.number(Int64(gateway))])
        return starts.first
    }

    // MARK: - Rows

    private func rows<Row: RowReadable>(
        _ tier: HistoryTier, _ columns: String, _ span: Span, _ limit: Int
    ) throws(FleetStoreError) -> [Row] {
        try database.rows(
            """
            SELECT \(columns) FROM \(tier.table) WHERE gateway = ?1 AND pack = ?4
            AND start_ms >= ?2 AND start_ms < ?3 ORDER BY start_ms LIMIT ?5
            """,
            span.values(gateway) + [.number(Int64(pack)), .number(Int64(limit))])
    }

    private static func series(_ quantity: Quantity) -> String {
        let values = ["sum", "min", "max", "last", "count"].map { "\(quantity.rawValue)_\($0)" }
        return """
            start_ms, silent, first_ms, first_epoch, first_seq, last_ms, last_epoch, last_seq, \
            \(values.joined(separator: ", "))
            """
    }

    private static var energyColumns: String {
        """
        start_ms, first_power_ms, first_power_mw, last_power_ms, last_power_mw, energy_in_mj,
        energy_out_mj, covered_ms
        """
    }
}

/// A gateway and its zone.
private struct Site: RowReadable {
    let id: Int32
    let zone: String

    init(from row: inout some RowSource) {
        id = row.number()
        zone = row.word()
    }
}

/// A window with one quantity, which the row does not name.
private struct SeriesRow: RowReadable {
    let window: RollUp
    let values: QuantityStatistics?

    init(from row: inout some RowSource) {
        var window = RollUp(start: row.wide())
        window.silent = row.wide()
        window.first = RecordMoment(optionalFrom: &row)
        window.last = RecordMoment(optionalFrom: &row)
        self.window = window
        values = QuantityStatistics(optionalFrom: &row)
    }
}

/// A window with its energy.
private struct EnergyRow: RowReadable {
    let window: RollUp

    init(from row: inout some RowSource) {
        var window = RollUp(start: row.wide())
        window.readEnergy(from: &row)
        self.window = window
    }
}
