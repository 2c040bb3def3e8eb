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

    /// Keeps that somebody looks at these gateways until a Unix time in milliseconds; of those that never
    /// sent anything nothing is kept.
    func noteWatched(_ gateways: [String], now: Int64, until: Int64) throws(FleetStoreError)

    /// The gateways at which somebody looks at a Unix time in milliseconds, ordered.
    func watchedGateways(now: Int64) throws(FleetStoreError) -> [String]
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
            for page in WatchQuery.pages(gateways) {
                let found: [GatewayMark] = try database.rows(
                    WatchQuery.marks(page.count), page.map { .text($0) })
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
            let users = try database.bearers(Set(watches.map(\.tokenHash)), now: now)
            let seen = try database.sights(of: Set(watches.compactMap(\.gateway)))
            return watches.filter { watch in
                guard let user = users[watch.tokenHash] else { return true }
                guard let gateway = watch.gateway else { return !user.role.seesAll }
                return seen[gateway]?.contains(user.sight) != true
            }
        }
    }
}

extension ChangingStore {
    package func noteWatched(
        _ gateways: [String], now: Int64, until: Int64
    ) throws(FleetStoreError) {
        guard !gateways.isEmpty else { return }
        try change("keep that somebody looks") { database throws(FleetStoreError) in
            try database.run("DELETE FROM watched_gateway WHERE until_ms <= ?1", [.number(now)])
            // servers that note the same ones at once meet them in one order
            for page in WatchQuery.pages(gateways.sorted()) {
                try database.run(
                    WatchQuery.watched(page.count), page.map { .text($0) } + [.number(until)])
            }
        }
    }

    package func watchedGateways(now: Int64) throws(FleetStoreError) -> [String] {
        let gateways: [RowText] = try read { database throws(FleetStoreError) in
            try database.rows(
                """
                SELECT g.name FROM watched_gateway w JOIN gateway g ON g.id = w.gateway
                WHERE w.until_ms > ?1
                """, [.number(now)])
        }
        return gateways.map(\.text).sorted()
    }
}

extension FleetDatabase {
    /// Who shows which of these tokens, of those that are good.
    fileprivate func bearers(
        _ hashes: Set<String>, now: Int64
    ) throws(FleetStoreError) -> [String: User] {
        var users: [String: User] = [:]
        for page in WatchQuery.pages(hashes) {
            let bearers: [TokenBearer] = try rows(
                WatchQuery.bearers(page.count), page.map { .text($0) } + [.number(now)])
            for bearer in bearers { users[bearer.token.hash] = bearer.user }
        }
        return users
    }

    /// All sights within which each of these gateways lies.
    fileprivate func sights(
        of gateways: Set<String>
    ) throws(FleetStoreError) -> [String: Set<GatewaySight>] {
        var sights: [String: Set<GatewaySight>] = [:]
        for page in WatchQuery.pages(gateways) {
            let seen: [SeenGateway] = try rows(
                WatchQuery.sights(page.count), page.map { .text($0) })
            for one in seen { sights[one.gateway, default: []].formUnion(one.sights) }
        }
        return sights
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

    /// The words in pages of powers of two, so that there are few statements in all; a word may stand in one
    /// several times.
    static func pages(_ words: some Collection<String>) -> [[String]] {
        let words = Array(words)
        return stride(from: 0, to: words.count, by: most).map { start in
            let page = words[start..<min(start + most, words.count)]
            var places = 1
            while places < page.count { places *= 2 }
            return page + Array(repeating: words[start], count: places - page.count)
        }
    }

    private static func list(_ places: Int) -> String {
        (1...places).map { "?\($0)" }.joined(separator: ", ")
    }

    static func marks(_ places: Int) -> String {
        """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality
        FROM gateway g LEFT JOIN bank_state s ON s.gateway = g.id WHERE g.name IN (\(list(places)))
        """
    }

    /// Those who show good tokens; the time follows the hashes.
    static func bearers(_ places: Int) -> String {
        TokenBearer.selection
            + " WHERE t.hash IN (\(list(places))) AND t.expires_ms > ?\(places + 1)"
    }

    /// Keeps until when somebody looks; the time follows the names.
    static func watched(_ places: Int) -> String {
        """
        INSERT INTO watched_gateway (gateway, until_ms)
        SELECT g.id, ?\(places + 1) FROM gateway g WHERE g.name IN (\(list(places))) ORDER BY g.id
        ON CONFLICT (gateway) DO UPDATE SET until_ms = excluded.until_ms
        WHERE watched_gateway.until_ms < excluded.until_ms
        """
    }

    /// The tenant of each gateway, and those to whom it was granted: ``GatewayQuery/condition(_:)`` for all at once.
    static func sights(_ places: Int) -> String {
        """
        SELECT t.gateway, t.tenant, v.viewer FROM tenant_gateway t
        LEFT JOIN gateway_viewer v ON v.gateway = t.gateway WHERE t.gateway IN (\(list(places)))
        """
    }
}

/// A gateway with its tenant and one of those to whom it was granted.
private struct SeenGateway: RowReadable {
    let gateway: String
    let sights: Set<GatewaySight>

    init(from row: inout some RowSource) {
        gateway = row.word()
        let tenant = row.word()
        let viewer = row.text()
        sights = [
            GatewaySight(tenant: tenant, viewer: nil), GatewaySight(tenant: tenant, viewer: viewer),
        ]
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
