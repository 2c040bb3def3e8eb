/// Statements that are built from the columns.
enum SQLiteStatements {
    static let record = insert("record", FirstSchema.record) + once
    static let bankSample = insert("bank_sample", FirstSchema.sample, FirstSchema.bank)
    static let packSample = insert(
        "pack_sample", FirstSchema.sample, FirstSchema.pack(shorts: ""))
    static let event = insert("event", FirstSchema.sample, FirstSchema.event)
    static let deadLetter = insert("dead_letter", FirstSchema.deadLetter, "payload blob") + once
    static let bankState =
        insert(
            "bank_state", FirstSchema.sample, "made_ms bigint", FirstSchema.bank)
        + FirstSchema.moveForward("bank_state", FirstSchema.stateColumns)
    static let outboxReport =
        insert("outbox_report", FirstSchema.report)
        + FirstSchema.moveForward("outbox_report", FirstSchema.names(of: FirstSchema.report))

    private static let once = " ON CONFLICT DO NOTHING"

    /// An insert with a parameter for each column.
    private static func insert(_ table: String, _ columns: String...) -> String {
        let names = columns.flatMap(FirstSchema.names)
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(names.joined(separator: ", "))) VALUES (\(marks))"
    }
}
