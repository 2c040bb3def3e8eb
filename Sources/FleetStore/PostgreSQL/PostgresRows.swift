/// Rows of a batch in the form of `COPY`.
enum PostgresRows {
    private static let bankColumns = FirstSchema.names(of: LaterSchemas.bank).count
    private static let eventColumns = FirstSchema.names(of: LaterSchemas.event).count
    private static let reportColumns = PostgresSchema.reportColumns.count

    /// The columns of `PostgresStatements.stage`; those of another kind of record are NULL.
    static func stage(_ staged: [StagedRecord]) -> CopyBuffer {
        buffer(PostgresStatements.stageColumns, expectedRows: staged.count) { rows in
            for record in staged {
                rows.beginRow()
                record.write(to: &rows)
                switch record.record.body {
                case .telemetry(let bank, _):
                    bank.write(to: &rows)
                    rows.putNulls(eventColumns)
                case .event(let event):
                    rows.putNulls(bankColumns)
                    event.write(to: &rows)
                }
            }
        }
    }

    /// The columns of `PostgresStatements.packs`.
    static func packs(_ fresh: [StagedRecord]) -> CopyBuffer {
        buffer(PostgresStatements.packColumns, expectedRows: fresh.count * 16) { rows in
            for record in fresh {
                guard case .telemetry(_, let packs) = record.record.body else { continue }
                for pack in packs {
                    rows.beginRow()
                    record.writeSampleKey(to: &rows)
                    pack.write(to: &rows)
                }
            }
        }
    }

    /// The columns of `PostgresStatements.newest`, for the records that may be the present.
    static func newest(_ staged: [StagedRecord]) -> CopyBuffer {
        let newest = staged.filter { $0.isNewestTelemetry || $0.isNewestReport }
        return buffer(PostgresStatements.newestColumns, expectedRows: newest.count) { rows in
            for record in newest {
                rows.beginRow()
                record.writeSampleKey(to: &rows)
                rows.put(record.made as Int64?)
                rows.put(record.isNewestTelemetry)
                rows.put(record.isNewestReport)
                if record.isNewestTelemetry, case .telemetry(let bank, _) = record.record.body {
                    bank.write(to: &rows)
                } else {
                    rows.putNulls(bankColumns)
                }
                if let report = record.record.outbox {
                    report.write(to: &rows)
                } else {
                    rows.putNulls(reportColumns)
                }
            }
        }
    }

    private static func buffer(
        _ columns: [String], expectedRows: Int, _ fill: (inout CopyBuffer) -> Void
    ) -> CopyBuffer {
        var rows = CopyBuffer(columns: columns.count, expectedRows: expectedRows)
        fill(&rows)
        rows.finish()
        return rows
    }
}
