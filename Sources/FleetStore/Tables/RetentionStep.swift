/// One table that retention clears.
struct RetentionStep {
    let table: String
    let column: String
    let before: Int64

    static func all(_ limits: Retention) -> [Self] {
        func steps(_ tables: [String], _ column: String, _ before: Int64?) -> [Self] {
            guard let before else { return [] }
            return tables.map { Self(table: $0, column: column, before: before) }
        }
        return steps(["event"], "time_ms", limits.eventsBefore)
            + steps(["dead_letter"], "last_ms", limits.deadLettersBefore)
    }

    var limit: [SQLValue] { [.number(before)] }

    /// Removes a piece and gives something for each row that went.
    var inPieces: String {
        """
        DELETE FROM \(table) WHERE rowid IN (
            SELECT rowid FROM \(table) WHERE \(column) < ?1 LIMIT 5000) RETURNING 1
        """
    }

    /// Counts what went.
    func note(_ rows: Int, in report: inout RetentionReport) {
        if table == "event" {
            report.events += Int64(rows)
        } else {
            report.deadLetters += Int64(rows)
        }
    }

    /// Removes all and gives something for each row that went.
    var atOnce: String { "DELETE FROM \(table) WHERE \(column) < ?1 RETURNING 1" }
}
