import History

/// What the fleet holds of a person, page by page; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block. However much there
/// is of a person, a page is no longer than its limit.
package protocol PersonStore: AnyObject {
    /// Measurements of a gateway with their packs, those made first before others, behind a record.
    ///
    /// Those of one time are ordered by epoch and number. A page that is shorter than `limit` need not be the last; an
    /// empty one is.
    func measurements(
        of gateway: String, behind record: RecordMoment, limit: Int
    ) throws(FleetStoreError) -> [MeasuredRecord]

    /// Events of a gateway, in the same order.
    func events(
        of gateway: String, behind record: RecordMoment, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>]

    /// What a user changed, and what was changed about them, the newest first, behind a place.
    func audit(
        about user: User, behind place: AuditPlace?, limit: Int
    ) throws(FleetStoreError) -> [PlacedEntry]

    /// What a user said of alarms, the newest first.
    func words(of name: String, limit: Int) throws(FleetStoreError) -> [AlarmWord]
}

/// A measurement of a bank with all its packs.
package struct MeasuredRecord: Hashable, Sendable {
    /// The bank.
    package var bank: StoredSample<BankSample>
    /// Its packs, in order.
    package var packs: [PackSample]

    /// Where it stands among others of its gateway.
    package var place: RecordMoment {
        RecordMoment(
            time: bank.timeMilliseconds, epoch: bank.key.epoch, sequence: bank.key.sequence)
    }
}

extension ChangingStore {
    package func measurements(
        of gateway: String, behind record: RecordMoment, limit: Int
    ) throws(FleetStoreError) -> [MeasuredRecord] {
        try read { database throws(FleetStoreError) in
            var place = record
            var banks = try database.banks(of: gateway, behind: place, limit)
            if banks.isEmpty {
                // the house may have been silent for years
                let next: [Int64] = try database.rows(
                    PersonQueries.nextMeasurement,
                    [.text(gateway), .number(PersonQueries.end(place.time))])
                guard let next = next.first else { return [] }
                place = RecordMoment(time: next, epoch: .min, sequence: .min)
                banks = try database.banks(of: gateway, behind: place, limit)
            }
            return try database.withPacks(banks)
        }
    }

    package func events(
        of gateway: String, behind record: RecordMoment, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                PersonQueries.events, PersonQueries.page(gateway, behind: record, limit))
        }
    }

    package func audit(
        about user: User, behind place: AuditPlace?, limit: Int
    ) throws(FleetStoreError) -> [PlacedEntry] {
        let place = place ?? AuditPlace(milliseconds: .max, number: .max)
        return try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT author, made_ms, tenant, action, subject, detail, number FROM audit_entry
                WHERE tenant = ?1 AND (author = ?2 OR subject = ?2)
                AND (made_ms < ?3 OR (made_ms = ?3 AND number < ?4))
                ORDER BY made_ms DESC, number DESC LIMIT ?5
                """,
                [
                    .text(user.tenant), .text(user.name), .number(place.milliseconds),
                    .number(place.number), .number(Int64(max(0, limit))),
                ])
        }
    }

    package func words(of name: String, limit: Int) throws(FleetStoreError) -> [AlarmWord] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT g.name, w.code, w.level, w.pack, w.kind, w.made_ms, w.author, w.message
                FROM alarm_word w JOIN gateway g ON g.id = w.gateway WHERE w.author = ?1
                AND w.kind = 'acknowledged'
                ORDER BY w.made_ms DESC, w.gateway, w.code, w.level, w.pack LIMIT ?2
                """, [.text(name), .number(Int64(max(0, limit)))])
        }
    }
}

/// Statements about what is held of a person.
private enum PersonQueries {
    /// A statement looks at a day at most, ms: PostgreSQL has a table for each, and opens no other then.
    private static let day: Int64 = 86_400_000

    static func end(_ time: Int64) -> Int64 { time.addingSaturated(day) }

    static let measurements = samples("bank_sample", LaterSchemas.bank)
    static let events = samples("event", LaterSchemas.event, isBounded: false)

    /// When the first measurement of a gateway (1) from a time (2) on was made.
    static let nextMeasurement = """
        SELECT s.time_ms FROM bank_sample s JOIN gateway g ON g.id = s.gateway
        WHERE g.name = ?1 AND s.time_ms >= ?2 ORDER BY s.time_ms LIMIT 1
        """

    /// The packs of a gateway (1) between two times (2, 3), both among them, in no order.
    static let packs = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.pack(shorts: "")))
        FROM pack_sample s JOIN gateway g ON g.id = s.gateway
        WHERE g.name = ?1 AND s.time_ms >= ?2 AND s.time_ms <= ?3
        """

    /// Gateway, time, epoch, number, limit, and the end of what is looked at.
    static func page(_ gateway: String, behind record: RecordMoment, _ limit: Int) -> [SQLValue] {
        [
            .text(gateway), .number(record.time), .number(record.epoch), .number(record.sequence),
            .number(Int64(max(0, limit))),
        ]
    }

    private static func samples(
        _ table: String, _ columns: String, isBounded: Bool = true
    ) -> String {
        """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \(list(columns))
        FROM \(table) s JOIN gateway g ON g.id = s.gateway
        WHERE g.name = ?1 AND s.time_ms >= ?2 \(isBounded ? "AND s.time_ms < ?6" : "")
        AND (s.time_ms > ?2 OR s.epoch > ?3 OR (s.epoch = ?3 AND s.seq > ?4))
        ORDER BY s.time_ms, s.epoch, s.seq LIMIT ?5
        """
    }

    private static func list(_ columns: String) -> String {
        FirstSchema.names(of: columns).map { "s.\($0)" }.joined(separator: ", ")
    }
}

extension FleetDatabase {
    fileprivate func banks(
        of gateway: String, behind record: RecordMoment, _ limit: Int
    ) throws(FleetStoreError) -> [StoredSample<BankSample>] {
        try rows(
            PersonQueries.measurements,
            PersonQueries.page(gateway, behind: record, limit) + [
                .number(PersonQueries.end(record.time))
            ])
    }

    /// Measurements with the packs of the same records; only those are kept in memory.
    fileprivate func withPacks(
        _ banks: [StoredSample<BankSample>]
    ) throws(FleetStoreError) -> [MeasuredRecord] {
        guard let first = banks.first, let last = banks.last else { return [] }
        var packs = Dictionary(banks.map { ($0.key, [PackSample]()) }) { one, _ in one }
        try each(
            PersonQueries.packs,
            [
                .text(first.key.gateway), .number(first.timeMilliseconds),
                .number(last.timeMilliseconds),
            ]
        ) { (row: StoredSample<PackSample>) in
            packs[row.key]?.append(row.sample)
        }
        return banks.map { bank in
            MeasuredRecord(
                bank: bank, packs: (packs[bank.key] ?? []).sorted { $0.pack < $1.pack })
        }
    }
}

extension AlarmWord: RowReadable {
    init(from row: inout some RowSource) {
        let subject = AlarmSubject(
            gateway: row.word(), code: row.word(), level: row.word(), pack: row.number())
        let kind = Kind(rawValue: row.word()) ?? .acknowledged
        self.init(
            subject, kind, made: row.wide(), author: row.word(), text: row.word())
    }
}
