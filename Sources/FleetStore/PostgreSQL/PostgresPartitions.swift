import History

/// Days of samples, each in a table of its own.
enum PostgresPartitions {
    static let tables = ["bank_sample", "pack_sample"]
    static let dayMilliseconds: Int64 = 86_400_000
    /// Days that get a table: a year of backlog and what a clock is ahead.
    ///
    /// All else, such as samples
    /// of a clock that was wrong by decades, shares the table `…_other`.
    private static let window: ClosedRange<Int64> = -400...2
    /// Days that can have a table at all, from 1970 to 2243; the names sort up to there.
    private static let nameable: ClosedRange<Int64> = 0...100_000

    /// The day of a Unix time in milliseconds, counted from 1970.
    static func day(_ milliseconds: Int64) -> Int64 {
        Int64((Double(milliseconds) / Double(dayMilliseconds)).rounded(.down))
    }

    /// Whether samples of `day` get a table of their own when they are received at a given time.
    static func hasTable(_ day: Int64, receivedAt milliseconds: Int64) -> Bool {
        nameable.contains(day) && window.contains(day - self.day(milliseconds))
    }

    /// The name of the table: `pack_sample_20261125`.
    static func name(_ table: String, _ day: Int64) -> String {
        let (year, month, dayOfMonth) = civil(day)
        func padded(_ number: Int64, _ width: Int) -> String {
            let text = String(number)
            return String(repeating: "0", count: max(0, width - text.count)) + text
        }
        return "\(table)_\(padded(year, 4))\(padded(month, 2))\(padded(dayOfMonth, 2))"
    }

    /// The day whose samples lie in a table of this name; nil when it is none of ours.
    static func day(ofTable name: String) -> Int64? {
        guard let digits = name.split(separator: "_").last, digits.utf8.count == 8,
            let number = Int64(digits)
        else { return nil }
        let (month, dayOfMonth) = (number / 100 % 100, number % 100)
        // years that begin on 1 March, as below
        let year = number / 10_000 - (month > 2 ? 0 : 1)
        let ofYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + dayOfMonth - 1
        let day =
            year / 400 * 146_097 + year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + ofYear
            - 719_468
        return civil(day) == (number / 10_000, month, dayOfMonth) ? day : nil
    }

    /// Year, month and day of the Gregorian calendar, for days from 1970 on.
    private static func civil(_ day: Int64) -> (Int64, Int64, Int64) {
        // counts from 1 March 0000, so that the leap day ends a year; an era is 400 years
        let shifted = day + 719_468
        let era = shifted / 146_097
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let civilMonth = month < 10 ? month + 3 : month - 9
        return (
            year + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth,
            ofYear - (153 * month + 2) / 5 + 1
        )
    }
}

extension PostgresConnection {
    /// Makes the tables of a day unless they are there.
    ///
    /// One transaction for each: making one waits for all who write to its parent, and they must not
    /// wait for the other parent meanwhile. Whoever finds no table writes to `…_other`, so a worker
    /// that comes between loses nothing.
    func makePartitions(of day: Int64) throws(FleetStoreError) {
        for table in PostgresPartitions.tables {
            let name = PostgresPartitions.name(table, day)
            let there: [Int64] = try rows(
                "SELECT 1 WHERE to_regclass(?1) IS NOT NULL", [.text(name)])
            guard there.isEmpty else { continue }
            let from = day * PostgresPartitions.dayMilliseconds
            do throws(FleetStoreError) {
                try execute(
                    """
                    BEGIN; SELECT pg_advisory_xact_lock(\(PostgresSchema.migrationLock));
                    CREATE TABLE IF NOT EXISTS \(name) PARTITION OF \(table)
                    FOR VALUES FROM (\(from)) TO (\(from + PostgresPartitions.dayMilliseconds));
                    COMMIT
                    """, "make table '\(name)'")
            } catch {
                let state = lastState
                if isAlive { try execute("ROLLBACK", "make table '\(name)'") }
                // 23514: `…_other` has samples of that day already, they stay together there
                guard state == "23514" else { throw error }
            }
        }
    }

    /// The days that have tables and are over before a Unix time in milliseconds, the oldest first.
    func partitions(before milliseconds: Int64) throws(FleetStoreError) -> [Int64] {
        let limit = PostgresPartitions.day(milliseconds)
        var days: Set<Int64> = []
        for table in PostgresPartitions.tables {
            let names: [TableName] = try rows(
                """
                SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = to_regclass(?1) AND c.relname LIKE ?1 || '\\_2%'
                """, [.text(table)])
            days.formUnion(names.compactMap { PostgresPartitions.day(ofTable: $0.name) })
        }
        return days.filter { $0 < limit }.sorted()
    }

    /// Drops the tables of a day, with all samples before its end; gives how many measurements went.
    ///
    /// Runs in a transaction, and computes what is still to be computed of them first.
    func drop(_ day: Int64) throws(FleetStoreError) -> Int64 {
        try lockHistory(isAlone: true)
        let end = (day + 1) * PostgresPartitions.dayMilliseconds
        let due: [WindowMark] = try rows(
            WindowMarks.due,
            [
                .number(Int64(HistoryTier.quarter.rawValue)), .number(end - 1),
                .number(Int64(Int32.max)),
            ])
        for mark in due { _ = try make(.quarter, mark) }
        var gone: Int64 = 0
        for table in PostgresPartitions.tables {
            let name = PostgresPartitions.name(table, day)
            if table == "bank_sample" {
                let counts: [Int64] = try rows(
                    "SELECT count(*) FROM \(table) WHERE time_ms < ?1", [.number(end)])
                gone = counts.first ?? 0
            }
            try execute("DROP TABLE IF EXISTS \(name)", "drop table '\(name)'")
            // what shares the table of odd days, and what older days kept
            try run("DELETE FROM \(table) WHERE time_ms < ?1", [.number(end)])
        }
        try moveHorizon(of: 0, 0, to: end)
        return gone
    }
}
