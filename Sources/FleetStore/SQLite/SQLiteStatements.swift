import History

/// Statements that are built from the columns.
enum SQLiteStatements {
    static let record = insert("record", FirstSchema.record) + once
    static let bankSample = insert("bank_sample", FirstSchema.sample, LaterSchemas.bank)
    static let packSample = insert(
        "pack_sample", FirstSchema.sample, FirstSchema.pack(shorts: ""))
    static let event = insert("event", FirstSchema.sample, LaterSchemas.event)
    static func window(_ tier: HistoryTier) -> String { insert(tier.table, HistorySchema.window) }
    static let deadLetter =
        insert("dead_letter", FirstSchema.deadLetter, "times bigint, last_ms bigint, payload blob")
        + Letters.again
    static let bankState =
        insert(
            "bank_state", FirstSchema.sample, "made_ms bigint", LaterSchemas.bank)
        + FirstSchema.moveForward("bank_state", LaterSchemas.stateColumns)
    static let outboxReport =
        insert("outbox_report", FirstSchema.report)
        + FirstSchema.moveForward("outbox_report", FirstSchema.names(of: FirstSchema.report))

    /// What is stored beside each key of a JSON array (1) of arrays.
    static let neighbours = """
        SELECT k.gateway, k.epoch, k.seq, o.seq, o.time_ms, o.time_quality,
        b.seq, b.time_ms, b.time_quality, a.seq, a.time_ms, a.time_quality,
        \(KeyRanges.beside)
        FROM (SELECT value ->> 0 AS gateway, value ->> 1 AS epoch, value ->> 2 AS seq
              FROM json_each(?1)) k
        LEFT JOIN record o ON o.gateway = k.gateway AND o.epoch = k.epoch AND o.seq = k.seq
        LEFT JOIN record b ON b.gateway = k.gateway AND b.epoch = k.epoch AND b.seq = (
            SELECT max(r.seq) FROM record r
            WHERE r.gateway = k.gateway AND r.epoch = k.epoch AND r.seq < k.seq)
        LEFT JOIN record a ON a.gateway = k.gateway AND a.epoch = k.epoch AND a.seq = (
            SELECT min(r.seq) FROM record r
            WHERE r.gateway = k.gateway AND r.epoch = k.epoch AND r.seq > k.seq)
        """

    private static let once = " ON CONFLICT DO NOTHING"

    /// An insert with a parameter for each column.
    private static func insert(_ table: String, _ columns: String...) -> String {
        let names = columns.flatMap(FirstSchema.names)
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(marks))"
    }
}
