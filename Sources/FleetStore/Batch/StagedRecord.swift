/// A record on its way into the store, with the time it lands at.
struct StagedRecord {
    let record: FleetRecord
    /// The number the database has given the gateway.
    let gateway: Int32
    /// Unix time in milliseconds.
    var time: Int64
    let quality: TimeQuality
    /// Whether it is the newest telemetry of its gateway in the batch.
    var isNewestTelemetry = false
    /// Whether it is the newest record of its gateway in the batch that tells of the outbox.
    var isNewestReport = false

    var isTelemetry: Bool {
        if case .telemetry = record.body { true } else { false }
    }

    /// Whether alarms follow from it.
    var tellsOfAlarms: Bool {
        guard case .event(let event) = record.body else { return false }
        return event.change == "raised" || event.change == "cleared" || event.code == "started"
    }

    /// When it can have been made at the latest; orders records of different epochs.
    var made: Int64 { min(time, record.receivedMilliseconds) }

    /// Whether it was made after another one of the same gateway.
    func isNewer(than other: Self) -> Bool {
        record.key.epoch == other.record.key.epoch
            ? record.key.sequence > other.record.key.sequence : made > other.made
    }
}

/// A boot of a gateway.
struct GatewayBoot: Hashable {
    let gateway: String
    let boot: String
}

/// A key as the tables write it.
struct GatewayKey: Hashable, RowReadable {
    let gateway: Int32
    let epoch: Int64
    let sequence: Int64

    init(gateway: Int32, epoch: Int64, sequence: Int64) {
        self.gateway = gateway
        self.epoch = epoch
        self.sequence = sequence
    }

    init(_ record: StagedRecord) {
        self.init(
            gateway: record.gateway, epoch: record.record.key.epoch,
            sequence: record.record.key.sequence)
    }

    init(from row: inout some RowSource) {
        self.init(gateway: row.number(), epoch: row.wide(), sequence: row.wide())
    }

    func isSameEpoch(as other: Self) -> Bool {
        gateway == other.gateway && epoch == other.epoch
    }
}

extension RecordKey: Comparable {
    /// The order in which all workers write keys, so that none waits for another in a circle.
    package static func < (one: Self, other: Self) -> Bool {
        (one.gateway, one.epoch, one.sequence) < (other.gateway, other.epoch, other.sequence)
    }
}

extension StagedRecord {
    /// Gateway, epoch and number.
    func writeKey(to row: inout some RowSink) {
        row.put(gateway)
        row.put(record.key.epoch)
        row.put(record.key.sequence)
    }

    /// The columns of `FirstSchema.sample`.
    func writeSampleKey(to row: inout some RowSink) {
        writeKey(to: &row)
        row.put(time)
        row.put(small: quality.rawValue)
    }

    /// The columns of `FirstSchema.record`.
    func write(to row: inout some RowSink) {
        writeKey(to: &row)
        row.put(small: isTelemetry ? 1 : 2)
        row.put(record.clock.boot)
        row.put(BootClock.bounded(record.clock.wallMilliseconds))
        row.put(record.clock.isTrusted)
        row.put(BootClock.bounded(record.clock.monotonicMilliseconds))
        row.put(BootClock.bounded(record.receivedMilliseconds))
        row.put(time)
        row.put(small: quality.rawValue)
    }

    /// That it contradicts a session of another machine.
    func sighting(with other: GatewaySession) -> SharedSighting {
        SharedSighting(
            gateway: gateway, name: record.key.gateway, seen: record.receivedMilliseconds,
            sessions: [GatewaySession(epoch: record.key.epoch, boot: record.clock.boot), other])
    }

    /// Whether the stored record of the same key is a different one.
    func isAnother(than stored: StoredClock) -> Bool {
        record.clock.boot != stored.boot
            || BootClock.bounded(record.clock.monotonicMilliseconds) != stored.monotonic
    }

    /// Whether it cannot be the record that a range has its key of, for it was made after all of them.
    func isAnother(than range: KeyRange) -> Bool { quality == .trusted && time > range.newest }
}

extension DeadLetter {
    /// How many bytes of a message are kept.
    static let payloadLimit = 65_536

    /// The columns of `FirstSchema.deadLetter`.
    func write(to row: inout some RowSink) {
        row.put(topic)
        row.put(gateway)
        row.put(epoch)
        row.put(sequence)
        row.put(receivedMilliseconds)
        row.put(reason)
        row.put(digest)
    }
}
