import GRDB
import History

/// One transaction or one look at the file.
struct SQLiteDatabase: FleetDatabase {
    let database: Database
    let store: String
    var rowName: String { "rowid" }

    func areFound(_ words: [String], _ place: (SQLValue) -> String) -> String {
        let words = place(.text(words.joined(separator: "\n")))
        return "\(SQLiteWords.name)(\(words), d.label, t.gateway, d.region, d.model)"
    }

    func rows<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue]
    ) throws(FleetStoreError) -> [Value] {
        var values: [Value] = []
        try each(statement, parameters) { values.append($0) }
        return values
    }

    func each<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue], _ body: (Value) -> Void
    ) throws(FleetStoreError) {
        let (runner, handle) = try prepared(statement)
        var sink = SQLiteSink(handle)
        for parameter in parameters {
            switch parameter {
            case .number(let number): sink.put(number)
            case .text(let text): sink.put(text)
            case .null: sink.put(nil as Int64?)
            }
        }
        while try runner.step("run a statement") {
            var source = SQLiteSource(handle)
            body(Value(from: &source))
        }
    }

    /// Nothing to do: who writes has the file alone.
    func lockHistory(isAlone: Bool) {}

    func tryLockHistory(of gateway: Int32) -> Bool { true }

    func insert(_ rows: [WindowRow], into tier: HistoryTier) throws(FleetStoreError) {
        let (runner, handle) = try prepared(SQLiteStatements.window(tier))
        for row in rows {
            var sink = SQLiteSink(handle)
            row.write(to: &sink)
            _ = try runner.step("store a window")
        }
    }

    func neighbours(of keys: [GatewayKey]) throws(FleetStoreError) -> [Neighbours] {
        let keys = keys.map { "[\($0.gateway),\($0.epoch),\($0.sequence)]" }
        return try rows(
            SQLiteStatements.neighbours, [.text("[\(keys.joined(separator: ","))]")])
    }

    /// A statement that GRDB keeps prepared, ready for its parameters.
    func prepared(
        _ sql: String
    ) throws(FleetStoreError) -> (runner: SQLiteRunner, handle: OpaquePointer) {
        do {
            let handle = try database.cachedStatement(sql: sql).sqliteStatement
            let runner = SQLiteRunner(statement: handle, store: store)
            runner.reset()
            return (runner, handle)
        } catch {
            throw SQLiteTrouble.error(error, store: store, operation: "prepare a statement")
        }
    }
}
