import History

/// A chart that somebody asks for.
package struct SeriesRequest: Hashable, Sendable {
    /// The gateway's id, and the pack from 1; 0 is the bank.
    package var gateway: String, pack: Int32
    /// What to draw.
    package var quantity: Quantity
    /// Unix times in milliseconds between which it lies.
    package var from: Int64, to: Int64
    /// How many points it may have, 1…4000; beyond that, the nearest of these.
    package var pixels: Int
    /// From when on its reader may know what was recorded, Unix time in milliseconds.
    package var seenFrom: Int64

    /// Joins the parts.
    package init(
        gateway: String, pack: Int32 = 0, quantity: Quantity, from: Int64, to: Int64, pixels: Int,
        seenFrom: Int64 = .min
    ) {
        self.gateway = gateway
        self.pack = pack
        self.quantity = quantity
        self.from = from
        self.to = to
        self.pixels = pixels
        self.seenFrom = seenFrom
    }
}

/// A chart.
package struct HistorySeries: Hashable, Sendable {
    /// The windows it was made of.
    package let tier: HistoryTier
    /// In order, never more than pixels.
    package let points: [SeriesPoint]
    /// The newest 200.
    package let gaps: [HistoryGap]
    /// Whether the newest samples are missing because nobody has computed windows for long.
    package let isBehind: Bool
}

/// Why a current is no higher.
package struct LimitReason: Hashable, Sendable {
    /// What the inverter is told, mA.
    package let milliamperes: Int32
    /// The rule that set it, by the code that records carry.
    package let rule: String
    /// The pack and the cell that the rule looked at; nil when it was the bank as a whole.
    package let pack: Int32?, cell: Int32?
}

/// What a battery is about to do, and what holds it back.
package struct BatteryOutlook: Hashable, Sendable {
    /// When the record was made, Unix time in milliseconds.
    package let time: Int64
    /// Which way charge goes; nil when the record does not tell.
    package let flow: ChargeFlow?
    /// Until full or empty; nil when idle.
    package let runTime: RunTime?
    /// Nil when the records do not tell.
    package let chargeLimit: LimitReason?, dischargeLimit: LimitReason?
}

/// How a battery gets old.
package struct BatteryCondition: Hashable, Sendable {
    /// Change of health, 0.01 % a day; nil when there are too few days.
    package let health: Trend?
    /// Change of the deviation of the worst cell, mV a day; nil for a bank.
    package let imbalance: Trend?
    /// How much it was used.
    package let cycles: CycleCount
}

extension ChangingStore {
    package func series(
        _ request: SeriesRequest, now: Int64
    ) throws(FleetStoreError) -> HistorySeries {
        try read { database throws(FleetStoreError) in
            let from = max(request.from, request.seenFrom)
            guard from < request.to else {
                return HistorySeries(tier: .day, points: [], gaps: [], isBehind: false)
            }
            var builder = SeriesBuilder(
                request.quantity, from: from, to: request.to, pixels: request.pixels)
            guard
                let reader = try WindowReader(
                    database, gateway: request.gateway, pack: request.pack,
                    seenFrom: request.seenFrom)
            else {
                let empty = builder.finish(now: now)
                return HistorySeries(
                    tier: .day, points: empty.points, gaps: empty.gaps, isBehind: false)
            }
            let tier = HistoryTier.forChart(
                from: from, to: request.to, pixels: request.pixels,
                minutesFrom: reader.horizons.minutes, quartersFrom: reader.horizons.quarters)
            let span = Span(from: from, to: request.to)
            let found = try reader.series(request.quantity, tier, span)
            for window in found.windows { builder.add(window) }
            let chart = builder.finish(now: now)
            return HistorySeries(
                tier: tier, points: chart.points, gaps: try reader.explained(chart.gaps),
                isBehind: found.isBehind)
        }
    }

    package func energy(
        gateway: String, pack: Int32, boundaries: [Int64], seenFrom: Int64
    ) throws(FleetStoreError) -> [EnergyPeriod] {
        guard let first = boundaries.first, let last = boundaries.last,
            (2...1001).contains(boundaries.count),
            zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 < $1 })
        else {
            throw .refused(
                store: name, operation: "sum energy",
                detail: "expected 2 to 1001 boundaries in ascending order, found "
                    + "\(boundaries.count)")
        }
        return try read { database throws(FleetStoreError) in
            var periods = EnergyPeriods(boundaries: boundaries)
            guard
                let reader = try WindowReader(
                    database, gateway: gateway, pack: pack, seenFrom: seenFrom)
            else {
                return periods.periods
            }
            let isDays = boundaries.allSatisfy { reader.calendar.dayStart(of: $0) == $0 }
            let quarter = HistoryTier.quarter.milliseconds
            let (length, isHuge) = last.subtractingReportingOverflow(first)
            let isShort = !isHuge && length / quarter <= HistoryTier.budget
            let tier: HistoryTier =
                !isDays && isShort && first >= reader.horizons.quarters ? .quarter : .day
            // one window more at both ends, for what flows over the outer boundaries
            let span = Span(from: first.addingSaturated(-1), to: last.addingSaturated(1))
            for window in try reader.energy(tier, span) { periods.add(window) }
            return periods.periods
        }
    }

    package func outlook(
        gateway: String, now: Int64, seenFrom: Int64
    ) throws(FleetStoreError) -> BatteryOutlook? {
        try read { database throws(FleetStoreError) in
            guard
                let reader = try WindowReader(
                    database, gateway: gateway, pack: 0, seenFrom: seenFrom)
            else {
                return nil
            }
            let states: [StoredSample<BankSample>] = try database.rows(
                Queries.currentBanks + " WHERE g.name = ?1", [.text(gateway)])
            // what is old says nothing of now
            guard let state = states.first,
                state.timeMilliseconds >= max(now.addingSaturated(-Energy.longestStep), seenFrom)
            else { return nil }
            let bank = state.sample
            let span = Span(
                from: now.addingSaturated(-HistoryTier.quarter.milliseconds),
                to: now.addingSaturated(1))
            let minutes = try reader.series(.current, .minute, span).windows
            let runTime = bank.remaining.flatMap { remaining in
                bank.full.flatMap { full in
                    RunTime(
                        remaining: remaining, full: full,
                        currents: minutes.compactMap { $0.values[.current]?.mean })
                }
            }
            return BatteryOutlook(
                time: state.timeMilliseconds,
                flow: bank.milliamperes.map { ChargeFlow(current: Int64($0), full: bank.full) },
                runTime: runTime,
                chargeLimit: LimitReason(
                    bank.chargeCurrent, bank.chargeRule, bank.chargePack, bank.chargeCell),
                dischargeLimit: LimitReason(
                    bank.dischargeCurrent, bank.dischargeRule, bank.dischargePack,
                    bank.dischargeCell))
        }
    }

    package func condition(
        gateway: String, pack: Int32, now: Int64, seenFrom: Int64
    ) throws(FleetStoreError) -> BatteryCondition? {
        try read { database throws(FleetStoreError) in
            guard
                let reader = try WindowReader(
                    database, gateway: gateway, pack: pack, seenFrom: seenFrom)
            else {
                return nil
            }
            let year = Span(from: now.addingSaturated(-365 * 86_400_000), to: now)
            let days = try reader.all(.day, year)
            return BatteryCondition(
                health: Trend.health(days), imbalance: Trend.imbalance(days),
                cycles: CycleCount(days))
        }
    }

    package func calendar(ofGateway gateway: String) throws(FleetStoreError) -> SiteCalendar {
        try read { database throws(FleetStoreError) in
            let zones: [RowText] = try database.rows(
                "SELECT zone FROM device WHERE id = ?1", [.text(gateway)])
            return SiteCalendar(zone: zones.first?.text ?? "", zones: SiteZone.folder)
        }
    }
}

extension LimitReason {
    fileprivate init?(_ current: Int32?, _ rule: String, _ pack: Int32?, _ cell: Int32?) {
        guard let current, !rule.isEmpty else { return nil }
        milliamperes = current
        self.rule = rule
        self.pack = pack
        self.cell = cell
    }
}

extension WindowReader {
    /// Gaps of which the numbers of records are looked up; each costs a look at an index.
    private static var mostExplained: Int { 50 }

    /// Says what became of gaps, the newest first, as far as the records beside them tell.
    func explained(_ gaps: [HistoryGap]) throws(FleetStoreError) -> [HistoryGap] {
        guard gaps.contains(where: { $0.cause == .unknown && $0.after != nil }) else { return gaps }
        let waiting: [Int64] = try database.rows(
            """
            SELECT oldest_wall_ms FROM outbox_report
            WHERE gateway = ?1 AND depth > 0 AND oldest_wall_ms IS NOT NULL
            """, [.number(Int64(gateway))])
        var gaps = gaps
        var left = Self.mostExplained
        for index in gaps.indices.reversed() where left > 0 {
            guard gaps[index].cause == .unknown, let before = gaps[index].before,
                let after = gaps[index].after
            else { continue }
            left -= 1
            gaps[index].cause = .between(
                before, after, stored: try stored(between: before, after),
                isWaiting: waiting.first.map { $0 < gaps[index].to } ?? false)
        }
        return gaps
    }

    /// How many numbers between two records of one epoch are stored, counted up to 1,000.
    private func stored(
        between before: RecordMoment, _ after: RecordMoment
    ) throws(FleetStoreError) -> Int64 {
        guard before.epoch == after.epoch else { return 0 }
        let counts: [Int64] = try database.rows(
            """
            SELECT (SELECT count(*) FROM (SELECT 1 FROM record WHERE gateway = ?1 AND epoch = ?2
                AND seq > ?3 AND seq < ?4 LIMIT 1000) r)
            + coalesce((SELECT sum(
                CASE WHEN last_seq < ?4 THEN last_seq ELSE ?4 - 1 END
                - CASE WHEN first_seq > ?3 THEN first_seq ELSE ?3 + 1 END + 1)
                FROM key_range WHERE gateway = ?1 AND epoch = ?2 AND last_seq > ?3
                AND first_seq < ?4), 0)
            """,
            [
                .number(Int64(gateway)), .number(before.epoch), .number(before.sequence),
                .number(after.sequence),
            ])
        return counts.first ?? 0
    }
}
