import History

/// The tables of version 8, about windows of history; never changed again.
///
/// Both databases take the same words. Each quantity has a sum, so that a mean of means is exact.
enum HistorySchema {
    /// Packs that history keeps, and 0 for the bank: as many as a bank can have.
    static let packs = "(\((0...16).map(String.init).joined(separator: ", ")))"
    static let packNumbers: ClosedRange<Int32> = 0...16

    /// What a measurement says since version 8 of the pack and the cell behind each limit.
    static let limits = """
        charge_pack integer, charge_cell integer, discharge_pack integer, discharge_cell integer
        """

    static let window = """
        gateway integer NOT NULL, pack integer NOT NULL, start_ms bigint NOT NULL,
        samples integer NOT NULL, silent integer NOT NULL,
        first_ms bigint, first_epoch bigint, first_seq bigint,
        last_ms bigint, last_epoch bigint, last_seq bigint,
        first_power_ms bigint, first_power_mw bigint, last_power_ms bigint, last_power_mw bigint,
        energy_in_mj bigint NOT NULL, energy_out_mj bigint NOT NULL, covered_ms bigint NOT NULL,
        full_mah bigint, soh_cpct integer, cycles integer,
        power_mw_sum bigint, power_mw_min bigint, power_mw_max bigint, power_mw_last bigint,
        power_mw_count integer,
        voltage_mv_sum bigint, voltage_mv_min integer, voltage_mv_max integer,
        voltage_mv_last integer, voltage_mv_count integer,
        current_ma_sum bigint, current_ma_min integer, current_ma_max integer,
        current_ma_last integer, current_ma_count integer,
        soc_cpct_sum bigint, soc_cpct_min integer, soc_cpct_max integer, soc_cpct_last integer,
        soc_cpct_count integer,
        temperature_ddegc_sum bigint, temperature_ddegc_min integer,
        temperature_ddegc_max integer, temperature_ddegc_last integer,
        temperature_ddegc_count integer,
        spread_mv_sum bigint, spread_mv_min integer, spread_mv_max integer, spread_mv_last integer,
        spread_mv_count integer,
        deviation_mv_sum bigint, deviation_mv_min integer, deviation_mv_max integer,
        deviation_mv_last integer, deviation_mv_count integer
        """

    static let columns = FirstSchema.names(of: window)
    static let columnList = columns.joined(separator: ", ")

    /// `isOrdered` keeps rows in the order of the key, which SQLite calls WITHOUT ROWID; marks are
    /// unique where writers take turns, and a mere list where several write at once.
    static func statements(isOrdered: Bool) -> [String] {
        let end = isOrdered ? " WITHOUT ROWID" : ""
        let places = ["bank_sample", "bank_state"].flatMap { table in
            FirstSchema.names(of: limits).map { "ALTER TABLE \(table) ADD COLUMN \($0) integer" }
        }
        return places
            + HistoryTier.allCases.map { tier in
                "CREATE TABLE \(tier.table) (\(window), PRIMARY KEY (gateway, pack, start_ms))\(end)"
            } + [
                "CREATE TABLE rollup_mark (tier integer NOT NULL, start_ms bigint NOT NULL, "
                    + "gateway integer NOT NULL"
                    + (isOrdered ? ", PRIMARY KEY (tier, start_ms, gateway))" : ")") + end,
                // up to where windows, and samples as tier 0, were removed; gateway 0 stands for all
                "CREATE TABLE rollup_horizon (gateway integer NOT NULL, tier integer NOT NULL, "
                    + "before_ms bigint NOT NULL, PRIMARY KEY (gateway, tier))",
                // the zone by which the days of a gateway were cut
                "CREATE TABLE rollup_zone (gateway integer PRIMARY KEY, zone text NOT NULL)",
                """
                INSERT INTO rollup_mark (tier, start_ms, gateway)
                SELECT DISTINCT 2, \(WindowMarks.quarter(of: "time_ms")), gateway FROM bank_sample
                """,
            ]
            + (isOrdered
                ? [] : ["CREATE INDEX rollup_mark_place ON rollup_mark (tier, start_ms, gateway)"])
    }
}

extension HistoryTier {
    /// The table that keeps its windows.
    var table: String {
        switch self {
        case .minute: "rollup_minute"
        case .quarter: "rollup_quarter"
        case .day: "rollup_day"
        }
    }
}
