import History

/// Stores one batch inside a transaction that holds the file's only write lock.
struct SQLiteIngest {
    let database: SQLiteDatabase
    let plan: BatchPlan

    /// Stores all of it.
    func store(_ deadLetters: [DeadLetter]) throws(FleetStoreError) -> IngestOutcome {
        let gateways = try knownGateways()
        let ids = Dictionary(gateways.map { ($0.name, $0.id) }) { first, _ in first }
        let clocks = try knownClocks()
        var mended: Set<Int32> = []
        for news in plan.news(to: clocks) {
            guard let id = ids[news.boot.gateway] else { continue }
            try keep(news.clock, of: news.boot.boot, gateway: id)
            if clocks[news.boot] == nil {
                try database.mend(gateway: id, boot: news.boot.boot, offset: news.clock.offset)
                mended.insert(id)
            }
        }
        let unmended = Set(gateways.filter(\.hasUnmended).map(\.id))
        let staged = try database.settled(
            plan.staged(gateways: ids, clocks: clocks), of: unmended)
        var shared: [SharedSighting] = []
        let fresh = try insertRecords(staged, &shared)
        try insertSamples(fresh)
        try markWindows(of: fresh)
        try insert(deadLetters)
        var watch = IdentityWatch(gateways.compactMap(\.beginning))
        let seen = watch.look(at: fresh)
        for beginning in seen.new { try keep(beginning) }
        try keepStates(staged)
        try database.keep(shared + seen.shared)
        try database.markAlarms(of: mended, and: fresh)
        return outcome(stored: fresh.count, shared: shared + seen.shared)
    }

    private func outcome(stored: Int, shared: [SharedSighting]) -> IngestOutcome {
        var outcome = IngestOutcome()
        outcome.stored = stored
        outcome.repeated = plan.records.count - stored + plan.duplicates
        outcome.sharedIdentities = Set(shared.map(\.name)).sorted()
        return outcome
    }

    // MARK: - What is known

    private func knownGateways() throws(FleetStoreError) -> [KnownGateway] {
        var known: [KnownGateway] = []
        for name in plan.gateways {
            try database.run(
                "INSERT INTO gateway (name) VALUES (?1) ON CONFLICT DO NOTHING", [.text(name)])
            known += try database.rows(
                """
                SELECT g.name, g.id, EXISTS (
                    SELECT 1 FROM record r WHERE r.gateway = g.id AND r.time_quality = 2),
                e.epoch, e.made_ms, e.boot
                FROM gateway g LEFT JOIN gateway_epoch e ON e.gateway = g.id WHERE g.name = ?1
                """, [.text(name)])
        }
        return known
    }

    private func knownClocks() throws(FleetStoreError) -> [GatewayBoot: BootClock] {
        var clocks: [GatewayBoot: BootClock] = [:]
        for boot in plan.boots {
            let known: [KnownClock] = try database.rows(
                """
                SELECT g.name, c.boot, c.monotonic_ms, c.offset_ms FROM boot_clock c
                JOIN gateway g ON g.id = c.gateway WHERE g.name = ?1 AND c.boot = ?2
                """, [.text(boot.gateway), .text(boot.boot)])
            clocks[boot] = known.first?.clock
        }
        return clocks
    }

    // MARK: - Rows

    /// Inserts what is not there yet and gives it; a key that another record bears tells of a second
    /// machine.
    private func insertRecords(
        _ staged: [StagedRecord], _ shared: inout [SharedSighting]
    ) throws(FleetStoreError) -> [StagedRecord] {
        let (runner, handle) = try database.prepared(
            SQLiteStatements.record)
        var fresh: [StagedRecord] = []
        fresh.reserveCapacity(staged.count)
        var folded = FoldedKeys(database)
        for record in staged {
            if let range = try folded.range(holding: GatewayKey(record)) {
                if record.isAnother(than: range) {
                    shared.append(record.sighting(with: .forgotten(record.record.key.epoch)))
                }
                continue
            }
            var row = SQLiteSink(handle)
            record.write(to: &row)
            _ = try runner.step("store a record")
            if runner.hasChanged {
                fresh.append(record)
            } else if let other = try another(than: record) {
                shared.append(record.sighting(with: other))
            }
        }
        return fresh
    }

    /// Whose record bears the key of this one, when it is another.
    private func another(
        than record: StagedRecord
    ) throws(FleetStoreError) -> GatewaySession? {
        let key = record.record.key
        let stored: [StoredClock] = try database.rows(
            """
            SELECT ?4, epoch, seq, boot, monotonic_ms FROM record
            WHERE gateway = ?1 AND epoch = ?2 AND seq = ?3
            """,
            [
                .number(Int64(record.gateway)), .number(key.epoch), .number(key.sequence),
                .text(key.gateway),
            ])
        return stored.first { record.isAnother(than: $0) }
            .map { GatewaySession(epoch: key.epoch, boot: $0.boot) }
    }

    private func insertSamples(_ fresh: [StagedRecord]) throws(FleetStoreError) {
        let bank = try database.prepared(SQLiteStatements.bankSample)
        let pack = try database.prepared(SQLiteStatements.packSample)
        let event = try database.prepared(SQLiteStatements.event)
        for record in fresh {
            switch record.record.body {
            case .telemetry(let sample, let packs):
                try insert(sample, of: record, bank)
                for sample in packs { try insert(sample, of: record, pack) }
            case .event(let sample): try insert(sample, of: record, event)
            }
        }
    }

    private func insert(
        _ sample: some RowSample, of record: StagedRecord,
        _ statement: (runner: SQLiteRunner, handle: OpaquePointer)
    ) throws(FleetStoreError) {
        var row = SQLiteSink(statement.handle)
        record.writeSampleKey(to: &row)
        sample.write(to: &row)
        _ = try statement.runner.step("store a sample")
    }

    private func markWindows(of fresh: [StagedRecord]) throws(FleetStoreError) {
        let marks = Set(
            fresh.filter(\.isTelemetry).map { record in
                WindowMark(
                    start: HistoryTier.start(
                        of: record.time, length: HistoryTier.quarter.milliseconds),
                    gateway: record.gateway)
            })
        for mark in marks { try database.mark(mark, .quarter) }
    }

    private func insert(_ deadLetters: [DeadLetter]) throws(FleetStoreError) {
        guard !deadLetters.isEmpty else { return }
        let (runner, handle) = try database.prepared(SQLiteStatements.deadLetter)
        for letter in deadLetters {
            var row = SQLiteSink(handle)
            letter.write(to: &row)
            row.put(1 as Int64?)
            row.put(letter.receivedMilliseconds as Int64?)
            row.put(Array(letter.payload.prefix(DeadLetter.payloadLimit)))
            _ = try runner.step("store a dead letter")
        }
        try database.trim(deadLetters)
    }

    // MARK: - What is kept of each gateway

    private func keep(
        _ clock: BootClock, of boot: String, gateway: Int32
    ) throws(FleetStoreError) {
        try database.run(
            """
            INSERT INTO boot_clock (gateway, boot, monotonic_ms, offset_ms) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (gateway, boot) DO UPDATE
            SET monotonic_ms = excluded.monotonic_ms, offset_ms = excluded.offset_ms
            """,
            [
                .number(Int64(gateway)), .text(boot), .number(clock.monotonic),
                .number(clock.offset),
            ])
    }

    private func keep(_ beginning: EpochBeginning) throws(FleetStoreError) {
        try database.run(
            """
            INSERT INTO gateway_epoch (gateway, epoch, made_ms, boot) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT DO NOTHING
            """,
            [
                .number(Int64(beginning.gateway)), .number(beginning.epoch),
                .number(beginning.made), .text(beginning.boot),
            ])
    }

    private func keepStates(_ staged: [StagedRecord]) throws(FleetStoreError) {
        for record in staged where record.isNewestTelemetry {
            guard case .telemetry(let sample, _) = record.record.body else { continue }
            let (runner, handle) = try database.prepared(SQLiteStatements.bankState)
            var row = SQLiteSink(handle)
            record.writeSampleKey(to: &row)
            row.put(record.made as Int64?)
            sample.write(to: &row)
            _ = try runner.step("keep the state of a bank")
        }
        for record in staged where record.isNewestReport {
            guard let report = record.record.outbox else { continue }
            let (runner, handle) = try database.prepared(SQLiteStatements.outboxReport)
            var row = SQLiteSink(handle)
            record.writeKey(to: &row)
            row.put(record.made as Int64?)
            report.write(to: &row)
            _ = try runner.step("keep the report of an outbox")
        }
    }
}
