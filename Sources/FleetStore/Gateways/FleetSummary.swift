/// How all gateways of a sight are, in numbers.
package struct FleetSummary: Hashable, Sendable {
    /// Gateways; each is one of the four that follow.
    package var gateways: Int64 = 0
    /// Those whose newest measurement tells how things are now.
    package var live: Int64 = 0
    /// Those with an older one that nobody misses yet.
    package var stale: Int64 = 0
    /// Those that are missed: the alarm that nothing is heard of them is open.
    package var silent: Int64 = 0
    /// Those that never measured.
    package var never: Int64 = 0
    /// Open alarms by level.
    package var faults: Int64 = 0, protections: Int64 = 0, warnings: Int64 = 0
    package var informations: Int64 = 0
    /// Open alarms that nobody has acknowledged.
    package var unacknowledged: Int64 = 0
}

extension ChangingStore {
    package func summary(
        within sight: GatewaySight, liveFrom: Int64, liveTo: Int64
    ) throws(FleetStoreError) -> FleetSummary {
        let (statement, parameters) = GatewayQuery.summary(
            within: sight, liveFrom: liveFrom, liveTo: liveTo)
        let found: [FleetSummary] = try read { database throws(FleetStoreError) in
            try database.rows(statement, parameters)
        }
        return found.first ?? FleetSummary()
    }
}

extension GatewayQuery {
    /// One row with the numbers of all gateways within a sight.
    static func summary(
        within sight: GatewaySight, liveFrom: Int64, liveTo: Int64
    ) -> (statement: String, parameters: [SQLValue]) {
        var (seen, parameters) = condition(sight)
        func place(_ number: Int64) -> String {
            parameters.append(.number(number))
            return "?\(parameters.count)"
        }
        let live = """
            s.time_ms >= \(place(liveFrom)) AND s.time_ms <= \(place(liveTo))
            AND s.time_quality <> \(TimeQuality.unmended.rawValue)
            """
        func sum(_ condition: String) -> String {
            "coalesce(sum(CASE WHEN \(condition) THEN 1 ELSE 0 END), 0)"
        }
        func alarms(_ column: String) -> String {
            "CAST(coalesce(sum(o.\(column)), 0) AS bigint)"
        }
        func level(_ name: String) -> String {
            "sum(CASE WHEN a.level = '\(name)' THEN 1 ELSE 0 END)"
        }
        return (
            """
            SELECT count(*), \(sum(live)), \(sum("s.time_ms IS NULL")),
            \(sum("s.time_ms IS NOT NULL AND o.silent > 0 AND NOT (\(live))")),
            \(alarms("faults")), \(alarms("protections")), \(alarms("warnings")),
            \(alarms("alarms")), \(alarms("unacknowledged"))
            FROM tenant_gateway t LEFT JOIN gateway g ON g.name = t.gateway
            LEFT JOIN bank_state s ON s.gateway = g.id
            LEFT JOIN (SELECT a.gateway AS gateway, count(*) AS alarms,
                \(level("fault")) AS faults, \(level("protection")) AS protections,
                \(level("warning")) AS warnings,
                sum(CASE WHEN a.code = '\(AlarmWord.silentGateway)' THEN 1 ELSE 0 END) AS silent,
                sum(CASE WHEN a.acknowledged_ms = 0 THEN 1 ELSE 0 END) AS unacknowledged
                FROM alarm a WHERE a.cleared_ms = 0 GROUP BY a.gateway) o ON o.gateway = g.id
            WHERE \(seen)
            """, parameters
        )
    }
}

extension FleetSummary: RowReadable {
    init(from row: inout some RowSource) {
        gateways = row.wide()
        live = row.wide()
        never = row.wide()
        silent = row.wide()
        stale = gateways - live - never - silent
        faults = row.wide()
        protections = row.wide()
        warnings = row.wide()
        // whatever has none of the three levels
        informations = row.wide() - faults - protections - warnings
        unacknowledged = row.wide()
    }
}
