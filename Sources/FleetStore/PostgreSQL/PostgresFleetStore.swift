/// A fleet store in PostgreSQL, for fleets that outgrow one machine.
///
/// Any number of workers may write at once, also records of the same gateway. A lost connection
/// makes the call throw; the next call connects again.
final class PostgresFleetStore: ReadingStore, ChangingStore {
    let name: String
    private let address: String
    private var connection: PostgresConnection?
    private var memory = PostgresMemory()

    /// Names the database with a connection string or URL of libpq; it is reached when first used.
    init(connection: String) throws(FleetStoreError) {
        guard let name = PostgresAddress.name(of: connection) else {
            throw .refused(
                store: "postgres:…", operation: "open",
                detail: "expected '//user@host:port/database' or 'host=… dbname=…' after "
                    + "'postgres:', found something that libpq cannot read")
        }
        self.name = name
        address = connection
    }

    func migrate() throws(FleetStoreError) {
        try read { connection throws(FleetStoreError) in try connection.migrate() }
    }

    func store(_ batch: IngestBatch) throws(FleetStoreError) -> IngestOutcome {
        guard !batch.isEmpty else { return IngestOutcome() }
        let plan = try BatchPlan(batch, store: name)
        return try read { connection throws(FleetStoreError) in
            try memory.makePartitions(for: plan, with: connection)
            let remembered = memory.clocks
            let stored = try connection.transaction { () throws(FleetStoreError) in
                try PostgresIngest(connection: connection, plan: plan)
                    .store(batch.deadLetters, knowing: remembered)
            }
            memory.learn(stored.clocks)
            return stored.outcome
        }
    }

    func retain(_ limits: Retention) throws(FleetStoreError) -> RetentionReport {
        let limits = limits.inQuarters
        var report = RetentionReport()
        for step in RetentionStep.all(limits) {
            let removed: [Int64] = try read { connection throws(FleetStoreError) in
                try connection.rows(step.atOnce, step.limit)
            }
            step.note(removed.count, in: &report)
        }
        if let before = limits.samplesBefore {
            try finishWindows(before: before)
            for day in try read({ connection throws(FleetStoreError) in
                try connection.partitions(before: before)
            }) {
                report.measurements += try change("drop a day of samples") {
                    connection throws(FleetStoreError) in try connection.drop(day)
                }
            }
        }
        try removeHistory(limits, &report)
        try foldKeys(limits)
        return report
    }

    func alone<Value>(
        _ body: (PostgresConnection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        try read { connection throws(FleetStoreError) in
            try connection.transaction { () throws(FleetStoreError) in
                try connection.execute(
                    "BEGIN; SELECT pg_advisory_xact_lock(\(PostgresSchema.keyLock))", "fold keys")
                let value = try body(connection)
                try connection.execute("COMMIT", "fold keys")
                return value
            }
        }
    }

    func change<Value>(
        _ operation: String, _ body: (PostgresConnection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        try read { connection throws(FleetStoreError) in
            try connection.transaction { () throws(FleetStoreError) in
                try connection.execute("BEGIN", operation)
                let value = try body(connection)
                try connection.execute("COMMIT", operation)
                return value
            }
        }
    }

    /// Runs a call on the connection, and drops one that is lost.
    func read<Value>(
        _ body: (PostgresConnection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        let connection = try opened()
        do throws(FleetStoreError) {
            return try body(connection)
        } catch {
            if !connection.isAlive {
                self.connection = nil
                memory = PostgresMemory()
            }
            throw error
        }
    }

    private func opened() throws(FleetStoreError) -> PostgresConnection {
        if let connection { return connection }
        let opened = try PostgresConnection(address, store: name)
        for table in PostgresSchema.temporary {
            try opened.execute(table, "make the staging tables")
        }
        connection = opened
        return opened
    }
}

/// What a worker remembers between batches, so that it need not ask again.
struct PostgresMemory {
    /// More boots than this are forgotten together; a fleet has far fewer alive.
    private static let limit = 200_000

    /// Clocks of boots; a boot that has one keeps it for ever.
    private(set) var clocks: [GatewayBoot: BootClock] = [:]
    private var days: Set<Int64> = []

    mutating func learn(_ news: [GatewayBoot: BootClock]) {
        if clocks.count > Self.limit { clocks = [:] }
        clocks.merge(news) { _, new in new }
    }

    /// Makes the tables of the days that a batch touches, as far as its times are known by now.
    mutating func makePartitions(
        for plan: BatchPlan, with connection: PostgresConnection
    ) throws(FleetStoreError) {
        for record in plan.records {
            let boot = GatewayBoot(gateway: record.key.gateway, boot: record.clock.boot)
            let (time, _) = record.landing(clocks[boot] ?? plan.told[boot])
            let day = PostgresPartitions.day(time)
            guard !days.contains(day),
                PostgresPartitions.hasTable(day, receivedAt: record.receivedMilliseconds)
            else { continue }
            try connection.makePartitions(of: day)
            days.insert(day)
        }
    }
}
