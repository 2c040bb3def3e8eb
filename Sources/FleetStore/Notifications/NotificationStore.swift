/// Who is told of alarms, and what they were told; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. Each alarm that stands long enough is told once raised, and once cleared when it has been over for as
///    long as it could come back as the same one; what flickers is not told again and again.
/// 2. Nothing is cleared by silence, by retention or by a late record; what was told raised is told cleared
///    only when no alarm of its subject stands.
/// 3. Of two that tell at once each has its own notices. What was taken and not settled within a minute, because
///    its program ended, is given out again: a receiver may hear twice, and knows it by the number.
package protocol NotificationStore: AnyObject {
    /// Brings the database to the newest version of its tables; safe to call from several processes.
    func migrate() throws(FleetStoreError)

    /// All hooks by name.
    func hooks() throws(FleetStoreError) -> [Hook]

    /// Adds a hook; false when there is one of its name.
    func add(_ hook: Hook) throws(FleetStoreError) -> Bool

    /// Removes a hook and what it has to be told; false when there is none of that name.
    func removeHook(_ name: String) throws(FleetStoreError) -> Bool

    /// Takes what a hook has to be told at this Unix time in milliseconds, the longest waiting first.
    func takeNotices(for hook: Hook, now: Int64, limit: Int) throws(FleetStoreError) -> [Notice]

    /// Notes that notices were told, or that it failed and when to try again.
    func settle(
        _ notices: [Notice], of hook: Hook, retryAt: Int64?
    ) throws(FleetStoreError)
}

extension ChangingStore {
    package func hooks() throws(FleetStoreError) -> [Hook] {
        let hooks: [Hook] = try read { database throws(FleetStoreError) in
            try database.rows("SELECT \(Hook.columns) FROM hook", [])
        }
        return hooks.sorted { $0.name < $1.name }
    }

    package func add(_ hook: Hook) throws(FleetStoreError) -> Bool {
        try change("add a hook") { database throws(FleetStoreError) in
            let added: [RowText] = try database.rows(
                """
                INSERT INTO hook (\(Hook.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                ON CONFLICT (name) DO NOTHING RETURNING name
                """, hook.parameters)
            return !added.isEmpty
        }
    }

    package func removeHook(_ name: String) throws(FleetStoreError) -> Bool {
        try change("remove a hook") { database throws(FleetStoreError) in
            let removed: [RowText] = try database.rows(
                "DELETE FROM hook WHERE name = ?1 RETURNING name", [.text(name)])
            try database.run("DELETE FROM notification WHERE hook = ?1", [.text(name)])
            return !removed.isEmpty
        }
    }

    package func takeNotices(
        for hook: Hook, now: Int64, limit: Int
    ) throws(FleetStoreError) -> [Notice] {
        try change("take notices") { database throws(FleetStoreError) in
            // two that tell the same hook take turns, and one that was removed is told nothing
            let known: [RowText] = try database.rows(
                "UPDATE hook SET name = name WHERE name = ?1 RETURNING name", [.text(hook.name)])
            guard !known.isEmpty else { return [] }
            let queue = NoticeQueue(hook: hook, now: now)
            try queue.look(in: database)
            return try queue.take(limit, from: database)
        }
    }

    package func settle(
        _ notices: [Notice], of hook: Hook, retryAt: Int64?
    ) throws(FleetStoreError) {
        try change("settle notices") { database throws(FleetStoreError) in
            for notice in notices { try database.settle(notice, of: hook.name, retryAt) }
        }
    }
}

/// What a hook has to be told at a moment.
private struct NoticeQueue {
    let hook: Hook
    let now: Int64

    /// How long others leave alone what one has taken, ms.
    private static let lease: Int64 = 60_000

    private static let ofSubject = """
        a.gateway = n.gateway AND a.code = n.code AND a.level = n.level AND a.pack = n.pack
        """

    /// Finds what began and what ended since the last look.
    func look(in database: some FleetDatabase) throws(FleetStoreError) {
        let name = SQLValue.text(hook.name)
        let levels = hook.levelsTold.map { "'\($0)'" }.joined(separator: ", ")
        try database.run(
            """
            INSERT INTO notification (hook, gateway, code, level, pack, raised_ms, state, tries, next_ms)
            SELECT CAST(?1 AS text), a.gateway, a.code, a.level, a.pack, a.raised_ms, 'raising', 0,
                CAST(?2 AS bigint)
            FROM alarm a WHERE a.cleared_ms = 0 AND a.level IN (\(levels)) AND a.raised_ms >= ?3
            AND a.raised_ms <= ?4
            ON CONFLICT (hook, gateway, code, level, pack) DO UPDATE
            SET raised_ms = excluded.raised_ms, state = 'raising', tries = 0,
                next_ms = excluded.next_ms
            WHERE notification.state = 'told' AND notification.raised_ms < excluded.raised_ms
            """,
            [name, .number(now), .number(hook.made), .number(now - hook.after)])
        // over for so long that it cannot be raised again as the same one
        let isOver = """
            NOT EXISTS (SELECT 1 FROM alarm a WHERE \(Self.ofSubject)
            AND (a.cleared_ms = 0 OR a.cleared_ms > ?2))
            """
        let over = [name, SQLValue.number(now - AlarmFold.hysteresis)]
        try database.run(
            """
            UPDATE notification AS n SET state = 'told' WHERE n.hook = ?1 AND n.state = 'raising'
            AND \(isOver)
            """, over)
        try database.run(
            """
            UPDATE notification AS n SET state = 'clearing', tries = 0, next_ms = ?3
            WHERE n.hook = ?1 AND n.state = 'raised' AND \(isOver)
            """, over + [.number(now)])
    }

    /// Takes what is due, so that nobody else does for a while.
    func take(
        _ limit: Int, from database: some FleetDatabase
    ) throws(FleetStoreError) -> [Notice] {
        let due: [DueNotice] = try database.rows(
            """
            SELECT g.name, n.code, n.level, n.pack, n.raised_ms, n.state, n.tries, n.gateway
            FROM notification n JOIN gateway g ON g.id = n.gateway
            WHERE n.hook = ?1 AND n.state IN ('raising', 'clearing') AND n.next_ms <= ?2
            ORDER BY n.next_ms, n.raised_ms, g.name, n.code, n.level, n.pack LIMIT ?3
            """, [.text(hook.name), .number(now), .number(Int64(max(0, limit)))])
        var notices: [Notice] = []
        for notice in due {
            try database.run(
                """
                UPDATE notification SET next_ms = ?6
                WHERE hook = ?1 AND gateway = ?2 AND code = ?3 AND level = ?4 AND pack = ?5
                """, notice.key(of: hook.name) + [.number(now + Self.lease)])
            let alarms: [Alarm] = try database.rows(
                """
                SELECT g.name, \(Alarm.columns(of: "a"))
                FROM alarm a JOIN gateway g ON g.id = a.gateway
                WHERE a.gateway = ?1 AND a.code = ?2 AND a.level = ?3 AND a.pack = ?4
                ORDER BY a.raised_ms DESC LIMIT 1
                """, Array(notice.key(of: hook.name).dropFirst()))
            var alarm = alarms.first ?? Alarm(notice.subject, raised: notice.raised, text: "")
            // what is told cleared has the name under which it was told raised
            alarm.raised = notice.raised
            notices.append(
                Notice(notice.isClearing ? .cleared : .raised, alarm, tries: notice.tries))
        }
        return notices
    }
}

extension FleetDatabase {
    fileprivate func settle(
        _ notice: Notice, of hook: String, _ retryAt: Int64?
    ) throws(FleetStoreError) {
        let subject = notice.alarm.subject
        let key: [SQLValue] = [
            .text(hook), .text(subject.gateway), .text(subject.code), .text(subject.level),
            .number(Int64(subject.pack)),
        ]
        let isNotice = """
            WHERE hook = ?1 AND gateway = (SELECT id FROM gateway WHERE name = ?2) AND code = ?3
            AND level = ?4 AND pack = ?5 AND state = ?6
            """
        let state = SQLValue.text(notice.kind == .raised ? "raising" : "clearing")
        if let retryAt {
            try run(
                "UPDATE notification SET tries = tries + 1, next_ms = ?7 \(isNotice)",
                key + [state, .number(retryAt)])
        } else {
            let next = SQLValue.text(notice.kind == .raised ? "raised" : "told")
            try run(
                "UPDATE notification SET state = ?7, tries = 0 \(isNotice)", key + [state, next])
        }
    }
}

/// A row of what has to be told.
private struct DueNotice: RowReadable {
    let subject: AlarmSubject
    let raised: Int64
    let isClearing: Bool
    let tries: Int32
    private let gateway: Int64

    init(from row: inout some RowSource) {
        subject = AlarmSubject(
            gateway: row.word(), code: row.word(), level: row.word(), pack: row.number())
        raised = row.wide()
        isClearing = row.word() == "clearing"
        tries = row.number()
        gateway = row.wide()
    }

    func key(of hook: String) -> [SQLValue] {
        [
            .text(hook), .number(gateway), .text(subject.code), .text(subject.level),
            .number(Int64(subject.pack)),
        ]
    }
}

extension Hook: RowReadable {
    static let columns = "name, url, secret, authorities, language, level, after_ms, made_ms"

    init(from row: inout some RowSource) {
        self.init(
            name: row.word(), url: row.word(), secret: row.word(), authorities: row.word(),
            language: row.word(), level: row.word(), after: row.wide(), made: row.wide())
    }

    var parameters: [SQLValue] {
        [
            .text(name), .text(url), .text(secret), .text(authorities), .text(language),
            .text(level), .number(after), .number(made),
        ]
    }
}
