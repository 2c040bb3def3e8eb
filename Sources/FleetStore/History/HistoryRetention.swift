import History

extension Retention {
    /// The same in whole quarter hours, for a window is never cut in two.
    var inQuarters: Retention {
        func start(_ time: Int64?) -> Int64? {
            time.map { HistoryTier.start(of: $0, length: HistoryTier.quarter.milliseconds) }
        }
        var limits = self
        limits.samplesBefore = start(samplesBefore)
        limits.minutesBefore = start(minutesBefore)
        limits.quartersBefore = start(quartersBefore)
        return limits
    }
}

extension ChangingStore {
    /// Quarter hours stay so much longer than samples, ms: a day is made of them.
    private var twoDays: Int64 { 2 * 86_400_000 }
    /// Measurements that one transaction removes, with their packs.
    private var piece: Int64 { 300 }

    /// Removes samples and windows.
    func removeHistory(
        _ limits: Retention, _ report: inout RetentionReport
    ) throws(FleetStoreError) {
        if let before = limits.samplesBefore {
            report.measurements += try removeSamples(before: before)
        }
        if let before = limits.minutesBefore { report.minutes = try removeMinutes(before: before) }
        if let before = limits.quartersBefore {
            report.quarters = try removeQuarters(before: before)
        }
    }

    /// Takes one step after the other of each gateway, each a transaction, until none removes anything.
    private func removeInSteps(
        _ operation: String, _ step: (Int32, Connection) throws(FleetStoreError) -> Int64?
    ) throws(FleetStoreError) -> Int64 {
        var removed: Int64 = 0
        for gateway in try gatewayNumbers() {
            while let count = try change(
                operation,
                { database throws(FleetStoreError) in try step(gateway, database) })
            {
                removed += count
            }
        }
        return removed
    }

    /// Removes samples; each step of a gateway is a transaction, between which others store.
    ///
    /// Where samples have gone is kept with them, so that what comes late for that time is added to the
    /// windows, and not taken for all there is.
    func removeSamples(before limit: Int64) throws(FleetStoreError) -> Int64 {
        try finishWindows(before: limit)
        return try removeInSteps("remove samples") { gateway, database throws(FleetStoreError) in
            try removeSamples(of: gateway, before: limit, database)
        }
    }

    private func removeSamples(
        of gateway: Int32, before limit: Int64, _ database: Connection
    ) throws(FleetStoreError) -> Int64? {
        try database.lockHistory(isAlone: true)
        let number = SQLValue.number(Int64(gateway))
        let place = """
            SELECT time_ms FROM bank_sample WHERE gateway = ?1 AND time_ms < ?2
            ORDER BY time_ms LIMIT 1 OFFSET ?3
            """
        let first: [Int64] = try database.rows(place, [number, .number(limit), .number(0)])
        guard !first.isEmpty else { return nil }
        let next: [Int64] = try database.rows(place, [number, .number(limit), .number(piece)])
        let quarter = HistoryTier.quarter.milliseconds
        let end = next.first.map {
            min(limit, HistoryTier.start(of: $0, length: quarter).addingSaturated(quarter))
        }
        let before = end ?? limit
        try database.finish(.quarter, of: gateway, before: before)
        try database.run(
            "DELETE FROM pack_sample WHERE gateway = ?1 AND time_ms < ?2",
            [number, .number(before)])
        let removed: [Int64] = try database.rows(
            "DELETE FROM bank_sample WHERE gateway = ?1 AND time_ms < ?2 RETURNING 1",
            [number, .number(before)])
        try database.moveHorizon(of: gateway, 0, to: before)
        return Int64(removed.count)
    }

    /// Removes minutes; none comes back when a window of that time is computed again.
    func removeMinutes(before limit: Int64) throws(FleetStoreError) -> Int64 {
        try change("remove minutes") { database throws(FleetStoreError) in
            try database.lockHistory(isAlone: true)
            try database.moveHorizon(of: 0, HistoryTier.minute.rawValue, to: limit)
        }
        var removed: Int64 = 0
        for gateway in try gatewayNumbers() {
            while let count = try change(
                "remove minutes",
                { database throws(FleetStoreError) in
                    try database.removeDay(.minute, of: gateway, before: limit)
                })
            {
                removed += count
            }
        }
        return removed
    }

    /// Removes quarter hours whose samples have gone two days before.
    func removeQuarters(before limit: Int64) throws(FleetStoreError) -> Int64 {
        try finishWindows(before: limit)
        return try removeInSteps("remove quarter hours") {
            gateway, database throws(FleetStoreError) in
            try removeQuarters(of: gateway, before: limit, database)
        }
    }

    private func removeQuarters(
        of gateway: Int32, before limit: Int64, _ database: Connection
    ) throws(FleetStoreError) -> Int64? {
        try database.lockHistory(isAlone: true)
        let samples = try Horizons(of: gateway, in: database).samples
        let limit = min(limit, samples.addingSaturated(-twoDays))
        try database.finish(.quarter, of: gateway, before: limit)
        try database.finish(.day, of: gateway, before: limit)
        guard let removed = try database.removeDay(.quarter, of: gateway, before: limit) else {
            return nil
        }
        let left = try database.oldest(.quarter, of: gateway, before: limit) ?? limit
        try database.moveHorizon(of: gateway, HistoryTier.quarter.rawValue, to: left)
        return removed
    }

    /// Computes what is to be computed before a moment, in steps.
    func finishWindows(before limit: Int64) throws(FleetStoreError) {
        let until = limit.addingSaturated(-1)
        for tier in [HistoryTier.quarter, .day] {
            while try change(
                "roll samples up",
                { database throws(FleetStoreError) in
                    try database.lockHistory(isAlone: false)
                    return try make(tier, until: until, most: 8, database)
                }) > 0
            {}
        }
    }

    /// What `retain` would remove, as far as it is there now; changes nothing.
    package func removable(_ limits: Retention) throws(FleetStoreError) -> RetentionReport {
        let limits = limits.inQuarters
        let samples = limits.samplesBefore?.addingSaturated(-twoDays) ?? .min
        let quarters = limits.quartersBefore.map { min($0, samples) }
        return try read { database throws(FleetStoreError) in
            var report = RetentionReport()
            report.measurements = try database.count(
                "bank_sample", "time_ms", before: limits.samplesBefore)
            report.events = try database.count("event", "time_ms", before: limits.eventsBefore)
            report.deadLetters = try database.count(
                "dead_letter", "last_ms", before: limits.deadLettersBefore)
            report.auditEntries = try database.count(
                "audit_entry", "made_ms", before: limits.auditBefore)
            report.minutes = try database.count(
                "rollup_minute", "start_ms", before: limits.minutesBefore)
            report.quarters = try database.count("rollup_quarter", "start_ms", before: quarters)
            return report
        }
    }

    private func gatewayNumbers() throws(FleetStoreError) -> [Int32] {
        let numbers: [Int64] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT id FROM gateway ORDER BY id", [])
        }
        return numbers.map { Int32(clamping: $0) }
    }
}

extension FleetDatabase {
    /// Rows of a table that are older than a limit.
    func count(
        _ table: String, _ column: String, before limit: Int64?
    ) throws(FleetStoreError) -> Int64 {
        guard let limit else { return 0 }
        let counts: [Int64] = try rows(
            "SELECT count(*) FROM \(table) WHERE \(column) < ?1", [.number(limit)])
        return counts.first ?? 0
    }

    /// Computes the windows of a gateway that are marked before a moment.
    func finish(
        _ tier: HistoryTier, of gateway: Int32, before limit: Int64
    ) throws(FleetStoreError) {
        let due: [WindowMark] = try rows(
            WindowMarks.dueOfGateway,
            [.number(Int64(tier.rawValue)), .number(limit), .number(Int64(gateway))])
        for mark in due { _ = try make(tier, mark) }
    }

    /// Notes up to where a tier was removed; never goes back.
    func moveHorizon(
        of gateway: Int32, _ tier: Int32, to before: Int64
    ) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO rollup_horizon (gateway, tier, before_ms) VALUES (?1, ?2, ?3)
            ON CONFLICT (gateway, tier) DO UPDATE SET before_ms = excluded.before_ms
            WHERE rollup_horizon.before_ms < excluded.before_ms
            """, [.number(Int64(gateway)), .number(Int64(tier)), .number(before)])
    }

    /// The oldest window of a bank before a moment.
    func oldest(
        _ tier: HistoryTier, of gateway: Int32, before limit: Int64
    ) throws(FleetStoreError) -> Int64? {
        let starts: [Int64] = try rows(
            """
            SELECT start_ms FROM \(tier.table) WHERE gateway = ?1 AND pack = 0 AND start_ms < ?2
            ORDER BY start_ms LIMIT 1
            """, [.number(Int64(gateway)), .number(limit)])
        return starts.first
    }

    /// Removes the windows of the oldest day of a gateway before a moment; nil when there are none.
    func removeDay(
        _ tier: HistoryTier, of gateway: Int32, before limit: Int64
    ) throws(FleetStoreError) -> Int64? {
        guard let oldest = try oldest(tier, of: gateway, before: limit) else { return nil }
        let end = min(limit, oldest.addingSaturated(HistoryTier.day.milliseconds))
        let removed: [Int64] = try rows(
            """
            DELETE FROM \(tier.table) WHERE gateway = ?1 AND pack IN \(HistorySchema.packs)
            AND start_ms < ?2 RETURNING 1
            """, [.number(Int64(gateway)), .number(end)])
        return Int64(removed.count)
    }
}
