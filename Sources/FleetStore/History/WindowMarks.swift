import History

/// Marks of windows that have to be computed, anew or for the first time.
///
/// Ingest marks the quarter hours of the records that it stores, in their transaction. Whoever computes a
/// window removes its marks first and reads the samples after that, so a record that lands in between
/// leaves a mark of its own. Marks are never looked at by those who add them, so no two wait for each
/// other.
enum WindowMarks {
    /// The quarter hour around a time; rounded down, also before 1970.
    static func quarter(of column: String) -> String {
        "(\(column) - ((\(column) % 900000) + 900000) % 900000)"
    }

    static let add = """
        INSERT INTO rollup_mark (tier, start_ms, gateway) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING
        """

    /// Marks the quarter hours of measurements of a gateway (1), an epoch (2) and numbers (3 to 4).
    static let addRecords = """
        INSERT INTO rollup_mark (tier, start_ms, gateway)
        SELECT DISTINCT 2, \(quarter(of: "time_ms")), gateway FROM record
        WHERE gateway = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4 AND kind = 1
        ON CONFLICT DO NOTHING
        """

    /// Windows of a tier (1) that begin at a time (2) at the latest, the oldest first.
    static let due = """
        SELECT DISTINCT start_ms, gateway FROM rollup_mark WHERE tier = ?1 AND start_ms <= ?2
        ORDER BY start_ms, gateway LIMIT ?3
        """

    /// The same of one gateway (3).
    static let dueOfGateway = """
        SELECT DISTINCT start_ms, gateway FROM rollup_mark
        WHERE tier = ?1 AND start_ms < ?2 AND gateway = ?3 ORDER BY start_ms
        """

    static let take = """
        DELETE FROM rollup_mark WHERE tier = ?1 AND start_ms = ?2 AND gateway = ?3 RETURNING 1
        """
}

/// A window that has to be computed.
struct WindowMark: Hashable, RowReadable {
    let start: Int64
    let gateway: Int32

    init(start: Int64, gateway: Int32) {
        self.start = start
        self.gateway = gateway
    }

    init(from row: inout some RowSource) {
        start = row.wide()
        gateway = row.number()
    }

    func values(_ tier: HistoryTier) -> [SQLValue] {
        [.number(Int64(tier.rawValue)), .number(start), .number(Int64(gateway))]
    }
}

extension FleetDatabase {
    /// Marks a window.
    func mark(_ window: WindowMark, _ tier: HistoryTier) throws(FleetStoreError) {
        try run(WindowMarks.add, window.values(tier))
    }

    /// Marks the quarter hours in which measurements lie now; `span` is gateway, epoch, first and last
    /// number.
    func markRecords(_ span: [SQLValue]) throws(FleetStoreError) {
        try run(WindowMarks.addRecords, span)
    }
}
