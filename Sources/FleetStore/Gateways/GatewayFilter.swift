/// Which gateways of those that are seen are asked for; without anything, all.
package struct GatewayFilter: Hashable, Sendable {
    /// When the newest measurement was made, by a clock that is known.
    package enum Newest: Hashable, Sendable {
        /// Within these Unix times in milliseconds.
        case within(ClosedRange<Int64>)
        /// At another time, or by a clock that nobody knows.
        case outside(ClosedRange<Int64>)
        /// Never.
        case never
    }

    /// What alarms a gateway has.
    package enum Alarms: String, Hashable, Sendable, CaseIterable {
        /// One that stands.
        case open
        /// One that stands and that nobody looks after.
        case unacknowledged
    }

    /// Each of them stands in the label, the id, the region or the model, whether in capitals or not.
    package var words: [String] = []
    /// The group whose configuration it gets.
    package var group: String?
    /// When it measured last.
    package var newest: Newest?
    /// How bad its worst open alarm is: 4 fault, 3 protection, 2 warning, 1 information, 0 none.
    package var severity: Int64?
    /// What alarms it has.
    package var alarms: Alarms?

    /// All gateways.
    package init() {}
}

extension GatewayFilter {
    /// Whether it looks at alarms, the `o` of its conditions.
    var asksForAlarms: Bool { severity != nil || alarms != nil }

    /// What a row of `tenant_gateway` named `t` has to be, with what ``GatewayQuery/joins(to:within:)`` knows of it and
    /// its open alarms `o`; to follow another condition.
    func conditions(
        for database: some FleetDatabase, _ place: (SQLValue) -> String
    ) -> String {
        var conditions: [String] = []
        if let group { conditions.append("d.device_group = \(place(.text(group)))") }
        switch newest {
        case .within(let moments): conditions.append(Self.made(within: moments, place))
        case .outside(let moments):
            conditions.append(
                "s.time_ms IS NOT NULL AND NOT (\(Self.made(within: moments, place)))")
        case .never: conditions.append("s.time_ms IS NULL")
        case nil: break
        }
        if let severity {
            conditions.append("coalesce(o.severity, 0) = \(place(.number(severity)))")
        }
        switch alarms {
        case .open: conditions.append("o.alarms > 0")
        case .unacknowledged: conditions.append("o.unacknowledged > 0")
        case nil: break
        }
        if !words.isEmpty {
            // last, for it is the dearest
            conditions.append(database.areFound(words.map { $0.lowercased() }, place))
        }
        return conditions.map { " AND (\($0))" }.joined()
    }

    private static func made(
        within moments: ClosedRange<Int64>, _ place: (SQLValue) -> String
    ) -> String {
        """
        s.time_ms >= \(place(.number(moments.lowerBound))) \
        AND s.time_ms <= \(place(.number(moments.upperBound))) \
        AND s.time_quality <> \(TimeQuality.unmended.rawValue)
        """
    }
}
