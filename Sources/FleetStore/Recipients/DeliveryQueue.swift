import TimeZones

/// What users have to be told.
extension ChangingStore {
    package func gatherDeliveries(now: Int64) throws(FleetStoreError) {
        try change("gather deliveries") { database throws(FleetStoreError) in
            try database.takeTurn()
            let gathering = DeliveryGathering(now: now)
            try gathering.end(in: database)
            try gathering.begin(in: database)
            try gathering.clean(database)
        }
    }

    package func takeMessage(
        now: Int64, mail: Bool, push: Bool
    ) throws(FleetStoreError) -> DeliveryMessage? {
        try change("take a message") { database throws(FleetStoreError) in
            try database.takeTurn()
            let mailName = SQLValue.text(DeliveryChannel.mailName)
            let channels: [DueChannel] = try database.rows(
                """
                SELECT recipient, channel FROM delivery WHERE state = 'waiting' AND next_ms <= ?1
                AND ((channel = ?2 AND ?3 <> 0) OR (channel <> ?2 AND ?4 <> 0))
                GROUP BY recipient, channel ORDER BY min(next_ms), recipient, channel LIMIT 50
                """,
                [.number(now), mailName, .number(mail ? 1 : 0), .number(push ? 1 : 0)])
            for channel in channels {
                let take = DeliveryTake(now: now, recipient: channel.recipient, channel.name)
                if let message = try take.message(from: database) { return message }
            }
            return nil
        }
    }

    package func settle(
        _ message: DeliveryMessage, _ outcome: DeliveryOutcome, now: Int64
    ) throws(FleetStoreError) {
        try change("settle a message") { database throws(FleetStoreError) in
            try database.takeTurn()
            let key: [SQLValue] = [
                .text(message.recipient), .text(message.channel.name), .text(message.id),
            ]
            let isOfIt = "WHERE recipient = ?1 AND channel = ?2 AND message = ?3 AND state = "
            switch outcome {
            case .sent:
                // what began is looked at until it ends; what ended is done with
                try database.run(
                    """
                    UPDATE delivery SET settled_ms = ?4, reason = '',
                    state = CASE WHEN change = 'raised' THEN 'sent' ELSE 'ended' END
                    \(isOfIt) 'waiting'
                    """, key + [.number(now)])
                try database.run(
                    "UPDATE delivery SET settled_ms = ?4 \(isOfIt) 'left_out'",
                    key + [.number(now)])
            case .failed(let retryAt, let reason):
                try database.run(
                    "UPDATE delivery SET tries = tries + 1, next_ms = ?4, reason = ?5 \(isOfIt) 'waiting'",
                    key + [.number(retryAt), .text(reason)])
            case .givenUp(let reason):
                try database.run(
                    """
                    UPDATE delivery SET tries = tries + 1, state = 'given_up', settled_ms = ?4,
                    reason = ?5 \(isOfIt) 'waiting'
                    """, key + [.number(now), .text(reason)])
            }
        }
    }

    package func deliveries(
        of name: String, limit: Int
    ) throws(FleetStoreError) -> [DeliveryEntry] {
        try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT d.change, g.name, d.code, d.level, d.pack, d.raised_ms, d.channel, d.state,
                d.reason, d.tries FROM delivery d JOIN gateway g ON g.id = d.gateway
                WHERE d.recipient = ?1
                ORDER BY d.raised_ms DESC, g.name, d.code, d.level, d.pack, d.channel, d.change DESC
                LIMIT ?2
                """, [.text(name), .number(Int64(max(0, limit)))])
        }
    }
}

/// Finds what began and what ended since the last look.
private struct DeliveryGathering {
    let now: Int64

    /// How long an alarm that is not urgent must stand before it is told, ms.
    private static let hold: Int64 = 60_000
    /// How long what was told is remembered, ms: thirty days.
    private static let memory: Int64 = 2_592_000_000
    private static let urgent = "('protection', 'fault')"
    private static let ofSubject = """
        a.gateway = d.gateway AND a.code = d.code AND a.level = d.level AND a.pack = d.pack
        """
    /// Over for so long that it cannot be raised again as the same one; parameter ?1.
    private static let isOver = """
        NOT EXISTS (SELECT 1 FROM alarm a WHERE \(ofSubject)
        AND (a.cleared_ms = 0 OR a.cleared_ms > ?1))
        """

    private var over: SQLValue { .number(now.addingSaturated(-AlarmFold.hysteresis)) }

    /// Rows for alarms that stand.
    func begin(in database: some FleetDatabase) throws(FleetStoreError) {
        func rank(_ level: String) -> String {
            "CASE \(level) WHEN 'fault' THEN 4 WHEN 'protection' THEN 3 WHEN 'information' THEN 1 "
                + "ELSE 2 END"
        }
        try database.run(
            """
            INSERT INTO delivery (recipient, channel, gateway, code, level, pack, raised_ms, change,
            state, reason, message, tries, next_ms, settled_ms)
            SELECT c.owner, c.channel, a.gateway, a.code, a.level, a.pack, a.raised_ms, 'raised',
                'waiting', '', '', 0, CAST(?2 AS bigint), 0
            FROM alarm a JOIN gateway g ON g.id = a.gateway
            JOIN tenant_gateway t ON t.gateway = g.name JOIN fleet_user u ON u.tenant = t.tenant
            JOIN (SELECT name AS owner, '\(DeliveryChannel.mailName)' AS channel,
                    mail_ms AS since_ms FROM recipient WHERE mail <> ''
                UNION ALL SELECT owner, id, made_ms FROM push_subscription) c ON c.owner = u.name
            LEFT JOIN recipient r ON r.name = u.name
            WHERE (a.cleared_ms = 0 OR a.cleared_ms > ?1)
            AND (a.level IN \(Self.urgent) OR (a.cleared_ms = 0 AND a.raised_ms <= ?3))
            AND a.raised_ms >= c.since_ms
            AND \(rank("a.level")) >= \(rank("coalesce(r.level, 'warning')"))
            AND (u.role IN ('operator', 'admin') OR EXISTS (SELECT 1 FROM gateway_viewer v
                WHERE v.viewer = u.name AND v.gateway = g.name))
            AND NOT EXISTS (SELECT 1 FROM delivery d WHERE d.recipient = c.owner
                AND d.channel = c.channel AND \(Self.ofSubject) AND d.change = 'raised'
                AND (d.raised_ms >= a.raised_ms OR d.state IN ('waiting', 'sent')))
            ON CONFLICT DO NOTHING
            """,
            [over, .number(now), .number(now.addingSaturated(-Self.hold))])
    }

    /// Rows for alarms that were told raised and are over (rule 3).
    func end(in database: some FleetDatabase) throws(FleetStoreError) {
        let time = SQLValue.number(now)
        try database.run(
            """
            UPDATE delivery AS d SET state = 'dropped', reason = 'over before it was told',
            settled_ms = ?2 WHERE d.state = 'waiting' AND d.change = 'raised'
            AND d.level NOT IN \(Self.urgent) AND \(Self.isOver)
            """, [over, time])
        try database.run(
            """
            INSERT INTO delivery (recipient, channel, gateway, code, level, pack, raised_ms, change,
            state, reason, message, tries, next_ms, settled_ms)
            SELECT d.recipient, d.channel, d.gateway, d.code, d.level, d.pack, d.raised_ms, 'cleared',
                'waiting', '', '', 0, CAST(?2 AS bigint), 0
            FROM delivery d WHERE d.state = 'sent' AND d.change = 'raised' AND \(Self.isOver)
            AND (SELECT a.ending FROM alarm a WHERE \(Self.ofSubject) AND a.last_ms >= d.raised_ms
                ORDER BY a.raised_ms DESC LIMIT 1) = '\(Alarm.Ending.cleared.rawValue)'
            ON CONFLICT DO NOTHING
            """, [over, time])
        try database.run(
            """
            UPDATE delivery AS d SET state = 'ended' WHERE d.state = 'sent' AND d.change = 'raised'
            AND \(Self.isOver)
            """, [over])
    }

    /// Forgets what is long over, once an hour.
    func clean(_ database: some FleetDatabase) throws(FleetStoreError) {
        let turns: [Int64] = try database.rows(
            "UPDATE delivery_turn SET cleaned_ms = ?1 WHERE cleaned_ms < ?2 RETURNING id",
            [.number(now), .number(now.addingSaturated(-DeliveryPlan.hour))])
        guard !turns.isEmpty else { return }
        try database.run(
            """
            DELETE FROM delivery AS d WHERE d.state NOT IN ('waiting', 'sent')
            AND d.settled_ms < ?2 AND \(Self.isOver)
            """, [over, .number(now.addingSaturated(-Self.memory))])
    }
}

/// Makes a message of what is due for one user by one channel.
private struct DeliveryTake {
    let now: Int64
    let recipient: String
    let channel: String

    /// How long others leave alone what one has taken, ms; longer than a message may take to send.
    private static let lease: Int64 = 120_000
    private static let zones = ZoneFolder()

    init(now: Int64, recipient: String, _ channel: String) {
        self.now = now
        self.recipient = recipient
        self.channel = channel
    }

    private var names: [SQLValue] { [.text(recipient), .text(channel)] }
    private static let isRow = """
        WHERE recipient = ?1 AND channel = ?2 AND gateway = ?3 AND code = ?4 AND level = ?5
        AND pack = ?6 AND raised_ms = ?7 AND change = ?8
        """

    func message(from database: some FleetDatabase) throws(FleetStoreError) -> DeliveryMessage? {
        guard let user = try database.lockUser(recipient),
            let preferences = try database.preferences(of: recipient)
        else {
            try database.run("DELETE FROM delivery WHERE recipient = ?1", [.text(recipient)])
            return nil
        }
        let way = try way(database, preferences)
        var circumstances = DeliveryPlan.Circumstances(
            now: now, preferences: preferences, zones: Self.zones, hasChannel: way != nil)
        try look(database, &circumstances)
        let verdict = DeliveryPlan(circumstances: circumstances)
            .verdict(try due(database, user))
        for (row, reason) in verdict.dropped {
            try database.run(
                "UPDATE delivery SET state = 'dropped', reason = ?9, settled_ms = ?10 \(Self.isRow)",
                names + row.key + [.text(reason), .number(now)])
        }
        for (row, until) in verdict.waiting {
            try database.run(
                "UPDATE delivery SET next_ms = ?9 \(Self.isRow)",
                names + row.key + [.number(until)])
        }
        guard let way, let first = verdict.told.first else { return nil }
        let id = first.message.isEmpty ? Self.newID() : first.message
        for row in verdict.told {
            try database.run(
                "UPDATE delivery SET message = ?9, next_ms = ?10 \(Self.isRow)",
                names + row.key + [.text(id), .number(now.addingSaturated(Self.lease))])
        }
        for row in verdict.counted {
            try database.run(
                """
                UPDATE delivery SET message = ?9, state = 'left_out', settled_ms = ?10,
                reason = 'counted in a message that had no room for it' \(Self.isRow)
                """, names + row.key + [.text(id), .number(now)])
        }
        let leftOut: [Int64] = try database.rows(
            """
            SELECT count(*) FROM delivery
            WHERE recipient = ?1 AND channel = ?2 AND message = ?3 AND state = 'left_out'
            """, names + [.text(id)])
        return DeliveryMessage(
            id: id, recipient: recipient, preferences: preferences, channel: way,
            notices: verdict.told.map { row in
                DeliveryNotice(
                    row.isRaising ? .raised : .cleared, row.alarm, label: row.label,
                    zone: row.zone)
            }, leftOut: Int(leftOut.first ?? 0), tries: verdict.told.map(\.tries).max() ?? 0)
    }

    /// The way to the user; nil when they have this one no more.
    private func way(
        _ database: some FleetDatabase, _ preferences: RecipientPreferences
    ) throws(FleetStoreError) -> DeliveryChannel? {
        if channel == DeliveryChannel.mailName { return preferences.mail.map { .mail($0) } }
        let found: [PushSubscription] = try database.rows(
            """
            SELECT \(PushSubscription.columns) FROM push_subscription WHERE id = ?2 AND owner = ?1
            """, names)
        return found.first.map { .push($0) }
    }

    /// What was told of late, and what is under way.
    private func look(
        _ database: some FleetDatabase, _ circumstances: inout DeliveryPlan.Circumstances
    ) throws(FleetStoreError) {
        let sent: [SentMessage] = try database.rows(
            """
            SELECT message, change, code, level, max(settled_ms) FROM delivery
            WHERE recipient = ?1 AND channel = ?2 AND settled_ms > ?3 AND message <> ''
            AND state IN ('sent', 'ended') GROUP BY message, change, code, level
            """, names + [.number(now.addingSaturated(-DeliveryPlan.hour))])
        var times: [String: Int64] = [:]
        for row in sent {
            times[row.message] = row.time
            guard row.time > now.addingSaturated(-DeliveryPlan.pause) else { continue }
            circumstances.told[row.cause] = max(row.time, circumstances.told[row.cause] ?? .min)
        }
        circumstances.sent = times.values.sorted()
        let busy: [Int64] = try database.rows(
            """
            SELECT next_ms FROM delivery WHERE recipient = ?1 AND channel = ?2
            AND state = 'waiting' AND message <> '' AND next_ms > ?3 LIMIT 1
            """, names + [.number(now)])
        circumstances.isBusy = !busy.isEmpty
    }

    /// What is due, with what the user sees now (rule 1).
    private func due(
        _ database: some FleetDatabase, _ user: User
    ) throws(FleetStoreError) -> [DueDelivery] {
        let viewer = user.sight.viewer
        let grant =
            viewer == nil
            ? ""
            : """
            AND EXISTS (SELECT 1 FROM gateway_viewer v
            WHERE v.viewer = ?1 AND v.gateway = t.gateway)
            """
        return try database.rows(
            """
            SELECT d.gateway, d.change, d.raised_ms, d.message, d.tries, d.next_ms,
            coalesce(e.label, ''), coalesce(e.zone, ''),
            CASE WHEN EXISTS (SELECT 1 FROM tenant_gateway t WHERE t.gateway = g.name
                AND t.tenant = ?3 \(grant)) THEN CAST(1 AS bigint) ELSE CAST(0 AS bigint) END,
            g.name, d.code, d.level, d.pack, a.last_ms, a.cleared_ms, a.ending, a.times, a.message
            FROM delivery d JOIN gateway g ON g.id = d.gateway
            LEFT JOIN device e ON e.id = g.name
            LEFT JOIN alarm a ON a.gateway = d.gateway AND a.code = d.code AND a.level = d.level
                AND a.pack = d.pack AND a.raised_ms = (SELECT max(b.raised_ms) FROM alarm b
                WHERE b.gateway = d.gateway AND b.code = d.code AND b.level = d.level
                AND b.pack = d.pack)
            WHERE d.recipient = ?1 AND d.channel = ?2 AND d.state = 'waiting' AND d.next_ms <= ?4
            ORDER BY d.next_ms, d.raised_ms, g.name, d.code, d.level, d.pack, d.change LIMIT 5000
            """, names + [.text(user.tenant), .number(now)])
    }

    private static func newID() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let word = UInt32.random(in: 0...UInt32.max, using: &generator)
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits
        }.joined()
    }
}

private struct DueChannel: RowReadable {
    let recipient: String
    let name: String

    init(from row: inout some RowSource) {
        recipient = row.word()
        name = row.word()
    }
}

/// When a cause was told in a message.
private struct SentMessage: RowReadable {
    let message: String
    let cause: DeliveryPlan.Cause
    let time: Int64

    init(from row: inout some RowSource) {
        message = row.word()
        cause = DeliveryPlan.Cause(change: row.word(), code: row.word(), level: row.word())
        time = row.wide()
    }
}

extension DeliveryEntry: RowReadable {
    init(from row: inout some RowSource) {
        kind = row.word() == Notice.Kind.cleared.rawValue ? .cleared : .raised
        subject = AlarmSubject(
            gateway: row.word(), code: row.word(), level: row.word(), pack: row.number())
        raised = row.wide()
        channel = row.word()
        state = row.word()
        reason = row.word()
        tries = row.number()
    }
}
