/// Alarms of the fleet; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. Alarms follow from the events that are stored and from what was said of them: whatever order
///    records come in, the alarms are the same in the end.
/// 2. What was stored before a program ended is not forgotten by the next one that keeps alarms.
/// 3. An alarm ends when it is cleared, or its gateway began anew; never by silence.
package protocol AlarmStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// Makes alarms of what came since the last call, of at most so many gateways; how many it were.
    func keepAlarms(limit: Int) throws(FleetStoreError) -> Int

    /// Alarms, the one raised last first; those of one time by gateway, code, level and pack.
    func alarms(_ filter: AlarmFilter) throws(FleetStoreError) -> [Alarm]

    /// Open alarms by code and level, that of the most gateways first.
    func alarmCauses() throws(FleetStoreError) -> [AlarmCause]

    /// Keeps a word; false when no gateway of that name has reported anything yet.
    ///
    /// What was raised is not raised again before it is cleared, nor the other way round: several servers may
    /// find the same.
    /// The alarm shows it after the next `keepAlarms`. An acknowledgement counts for the newest alarm of
    /// its subject, also where the gateway's clock is ahead of its author's.
    func add(_ word: AlarmWord) throws(FleetStoreError) -> Bool

    /// When each gateway's newest measurement was made, ordered by gateway.
    func newestMeasurements() throws(FleetStoreError) -> [(gateway: String, made: Int64)]
}

extension ChangingStore {
    package func keepAlarms(limit: Int) throws(FleetStoreError) -> Int {
        // in no order, so that gateways which are marked again and again keep no others waiting
        let due: [DueGateway] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT g.name, d.gateway, d.marks FROM alarm_due d
                JOIN gateway g ON g.id = d.gateway ORDER BY random() LIMIT ?1
                """, [.number(Int64(max(0, limit)))])
        }
        for gateway in due {
            try change("keep alarms") { database throws(FleetStoreError) in
                try database.keepAlarms(of: gateway)
            }
        }
        return due.count
    }

    package func alarms(_ filter: AlarmFilter) throws(FleetStoreError) -> [Alarm] {
        let (statement, parameters) = filter.query
        return try read { database throws(FleetStoreError) in
            try database.rows(statement, parameters)
        }
    }

    package func alarmCauses() throws(FleetStoreError) -> [AlarmCause] {
        try alarmCauses(
            (
                """
                SELECT code, level, count(*), count(DISTINCT gateway),
                sum(CASE WHEN acknowledged_ms = 0 THEN 1 ELSE 0 END), min(raised_ms), max(last_ms)
                FROM alarm WHERE cleared_ms = 0 GROUP BY code, level
                """, []
            ))
    }

    /// Those that a statement gives, in order.
    func alarmCauses(
        _ query: (statement: String, parameters: [SQLValue])
    ) throws(FleetStoreError) -> [AlarmCause] {
        let causes: [AlarmCause] = try read { database throws(FleetStoreError) in
            try database.rows(query.statement, query.parameters)
        }
        return causes.sorted {
            ($1.gateways, $1.alarms, $0.code, $0.level) < (
                $0.gateways, $0.alarms, $1.code, $1.level
            )
        }
    }

    package func add(_ word: AlarmWord) throws(FleetStoreError) -> Bool {
        try change("keep a word about an alarm") { database throws(FleetStoreError) in
            try database.keep(word)
        }
    }

    package func newestMeasurements()
        throws(FleetStoreError) -> [(gateway: String, made: Int64)]
    {
        let newest: [NewestMeasurement] = try read { database throws(FleetStoreError) in
            try database.rows(
                "SELECT g.name, s.made_ms FROM bank_state s JOIN gateway g ON g.id = s.gateway", [])
        }
        return newest.map { ($0.gateway, $0.made) }.sorted { $0.0 < $1.0 }
    }
}

extension FleetDatabase {
    /// At most so many events are looked at; what lies before them is known from the alarms.
    private static var window: Int64 { 5000 }

    /// Notes that the alarms of a gateway have to be made again.
    func markAlarms(of gateway: Int64) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO alarm_due (gateway, marks) VALUES (?1, 1)
            ON CONFLICT (gateway) DO UPDATE SET marks = alarm_due.marks + 1
            """, [.number(gateway)])
    }

    /// Keeps a word; false when no gateway of that name has reported anything yet.
    func keep(_ word: AlarmWord) throws(FleetStoreError) -> Bool {
        let subject = word.subject
        var made = word.made
        if word.kind == .acknowledged { made = max(made, try newestRaising(of: subject)) }
        let gateways: [Int64] = try rows(
            "SELECT id FROM gateway WHERE name = ?1", [.text(subject.gateway)])
        guard let gateway = gateways.first else { return false }
        // also where two take turns that say something of one gateway at once
        try markAlarms(of: gateway)
        if word.kind != .acknowledged,
            try lastKind(of: subject, gateway) == word.kind.rawValue
        {
            return true
        }
        try run(
            """
            INSERT INTO alarm_word (gateway, code, level, pack, made_ms, kind, author, message)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
            """,
            [
                .number(gateway), .text(subject.code), .text(subject.level),
                .number(Int64(subject.pack)), .number(made), .text(word.kind.rawValue),
                .text(word.author), .text(word.text),
            ])
        return true
    }

    /// Whether the fleet raised or cleared this subject last; nil when it never did.
    private func lastKind(
        of subject: AlarmSubject, _ gateway: Int64
    ) throws(FleetStoreError) -> String? {
        let kinds: [RowText] = try rows(
            """
            SELECT kind FROM alarm_word WHERE gateway = ?1 AND code = ?2 AND level = ?3
            AND pack = ?4 AND kind <> 'acknowledged' ORDER BY made_ms DESC LIMIT 1
            """,
            [
                .number(gateway), .text(subject.code), .text(subject.level),
                .number(Int64(subject.pack)),
            ])
        return kinds.first?.text
    }

    /// Notes it for gateways whose times were mended, and for those of new records that tell of alarms.
    ///
    /// Ascending, as all workers do, so that no two wait for each other.
    func markAlarms(
        of mended: Set<Int32>, and fresh: [StagedRecord]
    ) throws(FleetStoreError) {
        let telling = fresh.lazy.filter(\.tellsOfAlarms).map(\.gateway)
        for gateway in mended.union(telling).sorted() { try markAlarms(of: Int64(gateway)) }
    }

    /// Makes the alarms of a gateway from its events and from what was said of them.
    ///
    /// The mark goes only if nobody has marked the gateway since: a batch that commits meanwhile is
    /// looked at in the next turn.
    fileprivate func keepAlarms(of gateway: DueGateway) throws(FleetStoreError) {
        let id = SQLValue.number(gateway.id)
        // whoever keeps the same gateway at once waits here
        try run("UPDATE alarm_due SET marks = marks WHERE gateway = ?1", [id])
        let events: [AlarmEntryRow] = try rows(
            """
            SELECT change, code, level, pack, time_ms, epoch, seq, message FROM event
            WHERE gateway = ?1 AND (change IN ('raised', 'cleared') OR code = 'started')
            ORDER BY time_ms DESC, epoch DESC, seq DESC LIMIT ?2
            """, [id, .number(Self.window)])
        // what lies before that is known from the alarms that were made of it
        let isWhole = Int64(events.count) < Self.window
        let words: [AlarmWordRow] = try rows(
            """
            SELECT kind, code, level, pack, made_ms, author, message FROM alarm_word
            WHERE gateway = ?1 AND made_ms >= ?2 ORDER BY made_ms, kind
            """,
            [id, .number(isWhole ? .min : events.last?.entry.time ?? .min)])
        let entries = events.map(\.entry) + words.map(\.entry)
        let first = entries.map(\.time).min() ?? .max
        let open = first.subtractingReportingOverflow(AlarmFold.hysteresis)
        let kept: [Alarm] = try rows(
            """
            SELECT g.name, \(Alarm.columns(of: "a")) FROM alarm a JOIN gateway g ON g.id = a.gateway
            WHERE a.gateway = ?1 AND (a.raised_ms >= ?2 OR a.cleared_ms = 0 OR a.cleared_ms >= ?3)
            ORDER BY a.raised_ms, a.code, a.level, a.pack
            """, [id, .number(first), .number(open.overflow ? .min : open.partialValue)])
        let made = AlarmFold.alarms(
            of: gateway.name, from: entries, after: kept.filter { $0.raised < first })
        let (before, after) = (Set(kept), Set(made))
        for alarm in before.subtracting(after) { try remove(alarm, of: id) }
        for alarm in made where !before.contains(alarm) { try insert(alarm, of: id) }
        try run(
            "DELETE FROM alarm_due WHERE gateway = ?1 AND marks = ?2", [id, .number(gateway.marks)])
    }

    /// When an alarm of this subject was raised last, of all that are known.
    fileprivate func newestRaising(of subject: AlarmSubject) throws(FleetStoreError) -> Int64 {
        let newest: [Int64] = try rows(
            """
            SELECT coalesce(max(a.last_ms), 0) FROM alarm a JOIN gateway g ON g.id = a.gateway
            WHERE g.name = ?1 AND a.code = ?2 AND a.level = ?3 AND a.pack = ?4
            """,
            [
                .text(subject.gateway), .text(subject.code), .text(subject.level),
                .number(Int64(subject.pack)),
            ])
        return newest.first ?? 0
    }

    private func remove(_ alarm: Alarm, of gateway: SQLValue) throws(FleetStoreError) {
        try run(
            """
            DELETE FROM alarm WHERE gateway = ?1 AND code = ?2 AND level = ?3 AND pack = ?4
            AND raised_ms = ?5
            """, [gateway] + alarm.parameters.prefix(4))
    }

    private func insert(_ alarm: Alarm, of gateway: SQLValue) throws(FleetStoreError) {
        try run(
            """
            INSERT INTO alarm (gateway, \(Alarm.names.joined(separator: ", ")))
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            """, [gateway] + alarm.parameters)
    }
}
