/// One table that retention clears.
struct RetentionStep {
    let table: String
    let column: String
    let before: Int64
    /// What else must hold of a row that goes.
    var condition = ""

    static func all(_ limits: Retention) -> [Self] {
        func steps(_ tables: [String], _ column: String, _ before: Int64?) -> [Self] {
            guard let before else { return [] }
            return tables.map { Self(table: $0, column: column, before: before) }
        }
        var alarms = steps(["alarm"], "cleared_ms", limits.eventsBefore)
        for index in alarms.indices { alarms[index].condition = " AND cleared_ms <> 0" }
        // an open alarm stays, though what raised it goes
        return steps(["event"], "time_ms", limits.eventsBefore)
            + steps(["alarm_word"], "made_ms", limits.eventsBefore) + alarms
            + steps(["dead_letter"], "last_ms", limits.deadLettersBefore)
            + steps(["audit_entry"], "made_ms", limits.auditBefore)
    }

    var limit: [SQLValue] { [.number(before)] }

    /// Removes a piece and gives something for each row that went.
    var inPieces: String {
        """
        DELETE FROM \(table) WHERE rowid IN (
            SELECT rowid FROM \(table) WHERE \(column) < ?1\(condition) LIMIT 5000) RETURNING 1
        """
    }

    /// Counts what went.
    func note(_ rows: Int, in report: inout RetentionReport) {
        switch table {
        case "event": report.events += Int64(rows)
        case "dead_letter": report.deadLetters += Int64(rows)
        case "audit_entry": report.auditEntries += Int64(rows)
        default: break
        }
    }

    /// Removes all and gives something for each row that went.
    var atOnce: String { "DELETE FROM \(table) WHERE \(column) < ?1\(condition) RETURNING 1" }
}
