extension StoredSample: RowReadable where Sample: RowSample {
    /// Its columns: gateway, epoch, number, time, quality, then the sample.
    init(from row: inout some RowSource) {
        let gateway = row.word()
        let epoch = row.wide()
        key = RecordKey(gateway: gateway, epoch: epoch, sequence: row.wide())
        timeMilliseconds = row.wide()
        quality = row.int32().flatMap(TimeQuality.init(rawValue:)) ?? .unmended
        sample = Sample(from: &row)
    }
}

extension GatewayTally: RowReadable {
    init(from row: inout some RowSource) {
        self.init(
            gateway: row.word(), records: row.wide(), events: row.wide(),
            packSamples: row.wide(), deadLetters: row.wide(),
            deadLettersDropped: row.wide(), unmended: row.wide(),
            outbox: OutboxReport(optionalFrom: &row),
            shared: SharedIdentity(optionalFrom: &row))
    }
}

extension OutboxReport {
    /// Its columns: depth, oldest, bytes, budget, losses as a JSON object.
    func write(to row: inout some RowSink) {
        row.put(depth)
        row.put(oldestWallMilliseconds)
        row.put(bytes)
        row.put(budgetBytes)
        row.put(LossText.text(losses))
    }

    /// Nil when the row has no report.
    init?(optionalFrom row: inout some RowSource) {
        guard let depth = row.int64() else {
            for _ in 1...4 { _ = row.text() }
            return nil
        }
        self.init(
            depth: depth, oldestWallMilliseconds: row.int64(), bytes: row.wide(),
            budgetBytes: row.wide(), losses: LossText.losses(row.word()))
    }
}

extension SharedIdentity {
    /// Nil when the row has none.
    init?(optionalFrom row: inout some RowSource) {
        guard let first = row.int64() else { return nil }
        self.init(
            firstSeen: first, lastSeen: row.wide(), sightings: row.wide(),
            sessions: [GatewaySession(from: &row), GatewaySession(from: &row)])
    }
}

extension GatewaySession: RowReadable {
    init(from row: inout some RowSource) {
        self.init(epoch: row.wide(), boot: row.word())
    }
}

extension Int64: RowReadable {
    init(from row: inout some RowSource) { self = row.wide() }
}

/// A boot's clock as the tables keep it: gateway, boot, monotonic, offset.
struct KnownClock: RowReadable {
    let boot: GatewayBoot
    let clock: BootClock

    init(from row: inout some RowSource) {
        boot = GatewayBoot(gateway: row.word(), boot: row.word())
        clock = BootClock(monotonic: row.wide(), offset: row.wide())
    }
}

/// What is known of a gateway before a batch: its number, whether records of it have no time, and
/// where one of its epochs began.
struct KnownGateway: RowReadable {
    let name: String
    let id: Int32
    let hasUnmended: Bool
    let beginning: EpochBeginning?

    init(from row: inout some RowSource) {
        name = row.word()
        id = row.number()
        hasUnmended = row.bool() ?? false
        if let epoch = row.int64() {
            beginning = EpochBeginning(
                gateway: id, epoch: epoch, made: row.wide(), boot: row.word())
        } else {
            beginning = nil
        }
    }
}

/// The clocks that a stored record bears: gateway, epoch, number, boot, monotonic.
struct StoredClock: RowReadable {
    let key: RecordKey
    let boot: String
    let monotonic: Int64

    init(from row: inout some RowSource) {
        key = RecordKey(gateway: row.word(), epoch: row.wide(), sequence: row.wide())
        boot = row.word()
        monotonic = row.wide()
    }
}
