/// What tells watchers that there is something new; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
package protocol WatchStore: AnyObject {
    /// What is newest of each of these gateways; one of which nothing is known has no mark.
    ///
    /// Costs the same for one watcher and for a thousand of the same gateways.
    func marks(of gateways: [String]) throws(FleetStoreError) -> [GatewayMark]

    /// Which of these watches are over at a Unix time in milliseconds: the token is good no longer, or its
    /// user may not see the gateway any more.
    func endedWatches(_ watches: Set<Watch>, now: Int64) throws(FleetStoreError) -> Set<Watch>
}

/// What tells one state of a gateway from the next.
package struct GatewayMark: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// The record of its newest sample, by epoch and number, and when that was made by which clock; nil
    /// when nothing came.
    package var epoch: Int64?, sequence: Int64?, newest: Int64?
    /// How that time is known.
    package var quality: TimeQuality
    /// Its open alarms.
    package var alarms = AlarmCount()

    /// That of a gateway of which nothing came.
    package init(gateway: String) {
        self.gateway = gateway
        quality = .unmended
    }
}

/// How many alarms of a gateway are open.
package struct AlarmCount: Hashable, Sendable {
    /// Open ones, and those of them that nobody has acknowledged.
    package var open: Int64 = 0, unacknowledged: Int64 = 0
    /// How bad the worst of them is: 4 fault, 3 protection, 2 warning, 1 information, 0 none.
    package var severity: Int64 = 0
}

/// Somebody who looks at a gateway for as long as they may.
package struct Watch: Hashable, Sendable {
    /// SHA-256 of the token that was shown.
    package var tokenHash: String
    /// The gateway's id; nil looks at the whole tenant.
    package var gateway: String?

    /// Joins the parts.
    package init(tokenHash: String, gateway: String?) {
        self.tokenHash = tokenHash
        self.gateway = gateway
    }
}

extension ChangingStore {
    package func marks(of gateways: [String]) throws(FleetStoreError) -> [GatewayMark] {
        guard !gateways.isEmpty else { return [] }
        return try read { database throws(FleetStoreError) in
            let counts: [OpenAlarms] = try database.rows(WatchQuery.alarms, [])
            let alarms = Dictionary(counts.map { ($0.gateway, $0.count) }) { first, _ in first }
            var marks: [GatewayMark] = []
            var rest = gateways[...]
            while let first = rest.first {
                let page = rest.prefix(WatchQuery.most)
                rest = rest.dropFirst(page.count)
                let places = WatchQuery.places(page.count)
                let ids = Array(page) + Array(repeating: first, count: places - page.count)
                let found: [GatewayMark] = try database.rows(
                    WatchQuery.marks(places), ids.map { .text($0) })
                marks += found.map { mark in
                    var mark = mark
                    mark.alarms = alarms[mark.gateway] ?? AlarmCount()
                    return mark
                }
            }
            return marks
        }
    }

    package func endedWatches(
        _ watches: Set<Watch>, now: Int64
    ) throws(FleetStoreError) -> Set<Watch> {
        try read { database throws(FleetStoreError) in
            var ended: Set<Watch> = []
            for watch in watches {
                guard let user = try database.bearer(watch.tokenHash, now: now)?.user else {
                    ended.insert(watch)
                    continue
                }
                guard let gateway = watch.gateway else {
                    if !user.role.seesAll { ended.insert(watch) }
                    continue
                }
                let seen = GatewayQuery.condition(user.sight)
                let found: [RowText] = try database.rows(
                    "SELECT t.gateway FROM tenant_gateway t WHERE \(seen.text) "
                        + "AND t.gateway = ?\(seen.parameters.count + 1)",
                    seen.parameters + [.text(gateway)])
                if found.isEmpty { ended.insert(watch) }
            }
            return ended
        }
    }
}

/// Statements of watchers.
private enum WatchQuery {
    /// Gateways of one statement.
    static let most = 256

    static let alarms = """
        SELECT g.name, count(*), sum(CASE WHEN a.acknowledged_ms = 0 THEN 1 ELSE 0 END),
        max(\(GatewayQuery.severity))
        FROM alarm a JOIN gateway g ON g.id = a.gateway WHERE a.cleared_ms = 0 GROUP BY g.name
        """

    /// Places for so many, so that there are few statements in all.
    static func places(_ count: Int) -> Int {
        var places = 1
        while places < count { places *= 2 }
        return places
    }

    static func marks(_ places: Int) -> String {
        let list = (1...places).map { "?\($0)" }.joined(separator: ", ")
        return """
            SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality
            FROM gateway g LEFT JOIN bank_state s ON s.gateway = g.id WHERE g.name IN (\(list))
            """
    }
}

extension GatewayMark: RowReadable {
    init(from row: inout some RowSource) {
        gateway = row.word()
        (epoch, sequence, newest) = (row.int64(), row.int64(), row.int64())
        quality = row.int32().flatMap { TimeQuality(rawValue: $0) } ?? .unmended
    }
}

/// The open alarms of a gateway.
private struct OpenAlarms: RowReadable {
    let gateway: String
    let count: AlarmCount

    init(from row: inout some RowSource) {
        gateway = row.word()
        count = AlarmCount(
            open: row.wide(), unacknowledged: row.wide(), severity: row.wide())
    }
}
