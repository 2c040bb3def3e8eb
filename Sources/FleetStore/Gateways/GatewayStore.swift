/// What users see of gateways; SQLite and PostgreSQL keep the same contract.
///
/// One thread uses an instance; several instances may use one database at once. Calls block.
///
/// 1. What lies outside a sight is as if it were not there, whether or not it exists.
package protocol GatewayStore: AnyObject {
    /// Gateways within a sight, a page of them.
    func gateways(_ page: GatewayPage) throws(FleetStoreError) -> [GatewaySummary]

    /// One gateway; nil when there is none of that id within the sight.
    func gateway(
        _ id: String, within sight: GatewaySight
    ) throws(FleetStoreError) -> GatewaySummary?

    /// How all gateways within a sight are; those whose newest measurement was made within two Unix times in
    /// milliseconds, by a clock that is known, count as live.
    func summary(
        within sight: GatewaySight, liveFrom: Int64, liveTo: Int64
    ) throws(FleetStoreError) -> FleetSummary

    /// Says something else of a gateway, within what the user sees and may do now, and notes it.
    ///
    /// Nothing is changed unless what was said until then is current.
    func change(
        _ asked: GatewayChange, ifAny isCurrent: (_ label: String, _ zone: String) -> Bool
    ) throws(FleetStoreError) -> GatewayChangeVerdict

    /// The newest sample of a gateway's bank with the packs of the same record; nil when nothing came since a Unix
    /// time in milliseconds.
    func newest(
        of gateway: String, seenFrom: Int64
    ) throws(FleetStoreError) -> NewestSample?

    /// The names of rollouts that have no gateway but such as lie within a sight, in order.
    func rolloutNames(within sight: GatewaySight) throws(FleetStoreError) -> [String]

    /// The groups of gateways within a sight, and their tags, by name.
    func groups(within sight: GatewaySight) throws(FleetStoreError) -> [GatewayCount]
    func tags(within sight: GatewaySight) throws(FleetStoreError) -> [GatewayCount]

    /// Open alarms within a sight by code and level, that of the most gateways first.
    func alarmCauses(within sight: GatewaySight) throws(FleetStoreError) -> [AlarmCause]
}

/// Which gateways are asked for.
package struct GatewayPage: Hashable, Sendable {
    /// A place in the order: behind the gateway of this id.
    package struct Place: Hashable, Sendable {
        /// How bad its worst open alarm was, 0…4; nought where the order is that of ids.
        package var severity: Int64
        /// Its id.
        package var id: String

        /// Joins the parts.
        package init(severity: Int64, id: String) {
            self.severity = severity
            self.id = id
        }
    }

    /// Those that are seen.
    package var sight: GatewaySight
    /// Those of them that are wanted.
    package var filter = GatewayFilter()
    /// The worst alarm first instead of by id.
    package var isAlarmFirst = false
    /// The last gateway of the page before; those behind it are given.
    package var after: Place?
    /// At most this many.
    package var limit = 100

    /// The first hundred.
    package init(within sight: GatewaySight) { self.sight = sight }
}

/// A gateway as a list shows it.
package struct GatewaySummary: Hashable, Sendable {
    /// The gateway's id.
    package var id: String
    /// What people call it, its model, region and time zone; empty when nobody said.
    package var label: String, model: String, region: String, zone: String
    /// When its newest measurement was made, Unix time in milliseconds; nil when there is none.
    package var newest: Int64?
    /// How that time is known.
    package var quality: TimeQuality
    /// Packs that belong to the bank and those that answered; nil when nothing came.
    package var packsConfigured: Int32?, packsOnline: Int32?
    /// State of charge, 0.01 %, and power, W, of that measurement; positive charges.
    package var stateOfCharge: Int32?, watts: Int32?
    /// Open alarms, and those of them that nobody has acknowledged.
    package var openAlarms: Int64, unacknowledged: Int64
    /// How bad the worst of them is: 4 fault, 3 protection, 2 warning, 1 information, 0 none.
    package var severity: Int64
    /// Who lets the user see it, by their name; nil for who sees it in their own right.
    package var sharedBy: String?
    /// From when on its reader may know what was recorded, Unix time in milliseconds; `.min` is all there is.
    package var seenFrom: Int64

    /// Where it stands in a list.
    package func place(isAlarmFirst: Bool) -> GatewayPage.Place {
        GatewayPage.Place(severity: isAlarmFirst ? severity : 0, id: id)
    }
}

/// The newest sample of a bank and its packs.
package struct NewestSample: Hashable, Sendable {
    /// The bank.
    package var bank: StoredSample<BankSample>
    /// Its packs, in order.
    package var packs: [PackSample]
}

extension StoredSample {
    /// Whether somebody who may know what was recorded from a Unix time in milliseconds on sees it; of a clock that
    /// nobody knows nothing is before or after anything.
    fileprivate func isSeen(from time: Int64) -> Bool {
        quality == .unmended || timeMilliseconds >= time
    }
}

extension ChangingStore {
    package func gateways(_ page: GatewayPage) throws(FleetStoreError) -> [GatewaySummary] {
        try read { database throws(FleetStoreError) in
            let (statement, parameters) = page.query(for: database)
            return try database.rows(statement, parameters)
        }
    }

    package func gateway(
        _ id: String, within sight: GatewaySight
    ) throws(FleetStoreError) -> GatewaySummary? {
        var (seen, parameters) = GatewayQuery.condition(sight)
        parameters.append(.text(id))
        let statement = GatewayQuery.summaries(
            of: """
                SELECT t.gateway FROM tenant_gateway t
                WHERE \(seen) AND t.gateway = ?\(parameters.count)
                """, within: sight)
        let found: [GatewaySummary] = try read { database throws(FleetStoreError) in
            try database.rows(statement, parameters)
        }
        return found.first
    }

    package func newest(
        of gateway: String, seenFrom: Int64
    ) throws(FleetStoreError) -> NewestSample? {
        try read { database throws(FleetStoreError) in
            let banks: [StoredSample<BankSample>] = try database.rows(
                Queries.currentBanks + " WHERE g.name = ?1", [.text(gateway)])
            guard let bank = banks.first, bank.isSeen(from: seenFrom) else { return nil }
            // several records may lie at one time
            let packs: [StoredSample<PackSample>] = try database.rows(
                Queries.packsOfRecord,
                [
                    .text(gateway), .number(bank.timeMilliseconds), .number(bank.key.epoch),
                    .number(bank.key.sequence),
                ])
            return NewestSample(bank: bank, packs: packs.map(\.sample))
        }
    }

    package func alarmCauses(
        within sight: GatewaySight
    ) throws(FleetStoreError) -> [AlarmCause] {
        try alarmCauses(GatewayQuery.alarmCauses(within: sight))
    }
}

/// Statements about gateways within a sight.
enum GatewayQuery {
    /// How bad an alarm `a` is.
    static let severity = """
        CASE a.level WHEN 'fault' THEN 4 WHEN 'protection' THEN 3 WHEN 'warning' THEN 2 ELSE 1 END
        """

    /// What a row of `tenant_gateway` named `t` has to be; parameters ?1 and, for a viewer, ?2.
    static func condition(_ sight: GatewaySight) -> (text: String, parameters: [SQLValue]) {
        guard let viewer = sight.viewer else { return ("t.tenant = ?1", [.text(sight.tenant)]) }
        return (
            "t.tenant = ?1 AND EXISTS (SELECT 1 FROM gateway_viewer v "
                + "WHERE v.viewer = ?2 AND v.gateway = t.gateway)",
            [.text(sight.tenant), .text(viewer)]
        )
    }

    /// What is known of gateways that a table of this name has in its column `gateway`, whether or not there is any.
    ///
    /// A viewer, ?2, knows of it what was recorded from their time on; of a clock that nobody knows nothing is before
    /// or after anything.
    static func joins(to table: String, within sight: GatewaySight) -> String {
        let all = """
            LEFT JOIN device d ON d.id = \(table).gateway
            LEFT JOIN gateway g ON g.name = \(table).gateway
            """
        let state = "LEFT JOIN bank_state s ON s.gateway = g.id"
        guard sight.viewer != nil else { return "\(all) \(state)" }
        return """
            \(all) LEFT JOIN gateway_viewer f ON f.viewer = ?2 AND f.gateway = \(table).gateway
            \(state)
            AND (s.time_quality = \(TimeQuality.unmended.rawValue) OR s.time_ms >= f.seen_from_ms)
            """
    }

    /// Open alarms of those gateways that have some, by name.
    static let openAlarms = """
        (SELECT n.name AS name, count(*) AS alarms,
            sum(CASE WHEN a.acknowledged_ms = 0 THEN 1 ELSE 0 END) AS unacknowledged,
            max(\(severity)) AS severity
            FROM alarm a JOIN gateway n ON n.id = a.gateway WHERE a.cleared_ms = 0 GROUP BY n.name)
        """

    /// Summaries of the gateways that another statement gives as `gateway`, in no order.
    ///
    /// That one chooses and bounds them, so that what a list shows is looked up for its page alone.
    static func summaries(of chosen: String, within sight: GatewaySight) -> String {
        let open = "FROM alarm a WHERE a.gateway = g.id AND a.cleared_ms = 0"
        return """
            SELECT p.gateway, d.label, d.model, d.region, d.zone, s.time_ms, s.time_quality,
            s.packs_configured, s.packs_online, s.soc_cpct, s.power_w,
            (SELECT count(*) \(open)), (SELECT count(*) \(open) AND a.acknowledged_ms = 0),
            coalesce((SELECT max(\(severity)) \(open)), 0),
            \(sight.viewer == nil ? "'', 0" : "f.giver, f.seen_from_ms")
            FROM (\(chosen)) p \(joins(to: "p", within: sight))
            """
    }

    static func alarmCauses(
        within sight: GatewaySight
    ) -> (statement: String, parameters: [SQLValue]) {
        let seen = condition(sight)
        return (
            """
            SELECT a.code, a.level, count(*), count(DISTINCT a.gateway),
            sum(CASE WHEN a.acknowledged_ms = 0 THEN 1 ELSE 0 END), min(a.raised_ms), max(a.last_ms)
            FROM alarm a JOIN gateway g ON g.id = a.gateway
            JOIN tenant_gateway t ON t.gateway = g.name
            WHERE a.cleared_ms = 0 AND \(seen.text) GROUP BY a.code, a.level
            """, seen.parameters
        )
    }
}

extension GatewayPage {
    /// The statement, in the order asked for, and its parameters.
    func query(
        for database: some FleetDatabase
    ) -> (statement: String, parameters: [SQLValue]) {
        var (chosen, parameters) = GatewayQuery.condition(sight)
        func place(_ value: SQLValue) -> String {
            parameters.append(value)
            return "?\(parameters.count)"
        }
        chosen += filter.conditions(for: database, place)
        let severity = isAlarmFirst ? "coalesce(o.severity, 0)" : "0"
        if let after {
            let id = place(.text(after.id))
            if isAlarmFirst {
                let bound = place(.number(after.severity))
                chosen +=
                    " AND (\(severity) < \(bound) OR (\(severity) = \(bound) AND t.gateway > \(id)))"
            } else {
                chosen += " AND t.gateway > \(id)"
            }
        }
        chosen += isAlarmFirst ? " ORDER BY \(severity) DESC, t.gateway" : " ORDER BY t.gateway"
        let alarms =
            isAlarmFirst || filter.asksForAlarms
            ? "LEFT JOIN \(GatewayQuery.openAlarms) o ON o.name = t.gateway" : ""
        let statement = GatewayQuery.summaries(
            of: """
                SELECT t.gateway AS gateway, \(severity) AS severity FROM tenant_gateway t
                \(GatewayQuery.joins(to: "t", within: sight)) \(alarms)
                WHERE \(chosen) LIMIT \(place(.number(Int64(max(0, limit)))))
                """, within: sight)
        return (statement + " ORDER BY p.severity DESC, p.gateway", parameters)
    }
}

extension GatewaySummary: RowReadable {
    init(from row: inout some RowSource) {
        id = row.word()
        label = row.word()
        model = row.word()
        region = row.word()
        zone = row.word()
        newest = row.int64()
        quality = row.int32().flatMap { TimeQuality(rawValue: $0) } ?? .unmended
        packsConfigured = row.int32()
        packsOnline = row.int32()
        stateOfCharge = row.int32()
        watts = row.int32()
        openAlarms = row.wide()
        unacknowledged = row.wide()
        severity = row.wide()
        let giver = row.word()
        sharedBy = giver.isEmpty ? nil : giver
        let from = row.wide()
        seenFrom = from == 0 ? .min : from
    }
}
