internal import CPostgres
import Glibc
import History

/// One connection to a server; closed with the last reference.
///
/// One thread uses it.
final class PostgresConnection: FleetDatabase {
    let store: String
    var rowName: String { "ctid" }

    func areFound(_ words: [String], _ place: (SQLValue) -> String) -> String {
        let text = "coalesce(d.\(SearchSchema.column), \(SearchSchema.small("t.gateway")))"
        return words.map { "strpos(\(text), CAST(\(place(.text($0))) AS text)) > 0" }
            .joined(separator: " AND ")
    }

    /// The SQLSTATE of the last error; empty when the server could not be asked.
    private(set) var lastState = ""
    private let handle: OpaquePointer
    private var prepared: [String: String] = [:]

    /// What applies unless the connection string says otherwise: a server that is silent for half a
    /// minute is gone, and the next call connects anew.
    private static let defaults = [
        ("application_name", "amphora-fleet"), ("connect_timeout", "10"),
        ("keepalives_idle", "30"), ("tcp_user_timeout", "30000"),
    ]
    /// What applies in any case: the bytes of a Swift string are UTF-8.
    private static let demands = [("client_encoding", "UTF8")]

    /// Connects with a string or URL of libpq.
    init(_ connection: String, store: String) throws(FleetStoreError) {
        self.store = store
        let settings = Self.defaults + [("dbname", connection)] + Self.demands
        let opened = Self.withCStrings(settings.map(\.0)) { keys in
            Self.withCStrings(settings.map(\.1)) { PQconnectdbParams(keys, $0, 1) }
        }
        guard let opened else { throw .unavailable(store: store, detail: "out of memory") }
        handle = opened
        guard PQstatus(opened) == CONNECTION_OK else {
            throw .unavailable(
                store: store, detail: PostgresTrouble.line(String(cString: PQerrorMessage(opened))))
        }
        // notices tell of tables that exist already, nothing for a log
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
    }

    deinit { PQfinish(handle) }

    /// Whether the connection still stands, as far as libpq knows.
    var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }

    /// Runs statements without parameters and rows.
    func execute(_ sql: String, _ operation: String) throws(FleetStoreError) {
        _ = try check(PQexec(handle, sql), operation)
    }

    func rows<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue]
    ) throws(FleetStoreError) -> [Value] {
        let name = try prepare(statement)
        let texts = parameters.map(\.text)
        let result = Self.withCStrings(texts) {
            PQexecPrepared(handle, name, Int32(texts.count), $0, nil, nil, 0)
        }
        return try check(result, "run a statement").rows()
    }

    func each<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue], _ body: (Value) -> Void
    ) throws(FleetStoreError) {
        let name = try prepare(statement)
        let texts = parameters.map(\.text)
        let isSent = Self.withCStrings(texts) {
            PQsendQueryPrepared(handle, name, Int32(texts.count), $0, nil, nil, 0)
        }
        guard isSent == 1 else { throw lost() }
        PQsetSingleRowMode(handle)
        var failure: FleetStoreError?
        while let next = PQgetResult(handle) {
            do throws(FleetStoreError) {
                for value: Value in try check(next, "run a statement").rows() { body(value) }
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
    }

    func lockHistory(isAlone: Bool) throws(FleetStoreError) {
        // a server without statistics would look through whole tables for the windows of one gateway
        let shared = isAlone ? "" : "_shared"
        let operation = "lock history"
        try execute(
            """
            SET LOCAL enable_seqscan = off;
            SELECT pg_advisory_xact_lock\(shared)(\(PostgresSchema.historyLock))
            """, operation)
        // and nobody stores meanwhile: a sample that came after the marks were looked at would go unseen
        guard isAlone else { return }
        try execute("SELECT pg_advisory_xact_lock(\(PostgresSchema.keyLock))", operation)
    }

    func tryLockHistory(of gateway: Int32) throws(FleetStoreError) -> Bool {
        // the table stands for the store, for a database may have several of them
        let isMine: [Int64] = try rows(
            """
            SELECT CASE WHEN pg_try_advisory_xact_lock(
                'rollup_mark'::regclass::oid::integer, ?1::integer) THEN 1 ELSE 0 END
            """, [.number(Int64(gateway))])
        return isMine == [1]
    }

    func insert(_ rows: [WindowRow], into tier: HistoryTier) throws(FleetStoreError) {
        let columns = HistorySchema.columns
        var buffer = CopyBuffer(columns: columns.count, expectedRows: rows.count)
        for row in rows {
            buffer.beginRow()
            row.write(to: &buffer)
        }
        buffer.finish()
        try copy(buffer, into: "\(tier.table) (\(HistorySchema.columnList))")
    }

    func neighbours(of keys: [GatewayKey]) throws(FleetStoreError) -> [Neighbours] {
        try rows(
            PostgresStatements.neighbours,
            [
                .numbers(keys.map { Int64($0.gateway) }), .numbers(keys.map(\.epoch)),
                .numbers(keys.map(\.sequence)),
            ])
    }

    /// Runs `body`, which begins and commits a transaction, and takes back what it leaves undone.
    ///
    /// Runs it a second time when it has met a deadlock.
    func transaction<Value>(
        _ body: () throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        do throws(FleetStoreError) {
            return try attempt(body)
        } catch {
            guard PostgresTrouble.isWorthRepeating(lastState) else { throw error }
            return try attempt(body)
        }
    }

    private func attempt<Value>(
        _ body: () throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value {
        lastState = ""
        do throws(FleetStoreError) {
            return try body()
        } catch {
            let state = lastState
            if isAlive, PQtransactionStatus(handle) != PQTRANS_IDLE {
                try? execute("ROLLBACK", "take back a transaction")
            }
            lastState = state
            throw error
        }
    }

    /// Fills a table, with columns in parentheses, from a buffer that is finished.
    ///
    /// Statements before and after travel with it, which spares the wait for an answer to each. Gives
    /// the rows of those after it.
    func copy<Value: RowReadable>(
        _ buffer: CopyBuffer, into target: String, after opening: String = "",
        before rest: [String] = []
    ) throws(FleetStoreError) -> [Value] {
        let operation = "copy rows"
        let copy = "\(opening)COPY \(target) FROM STDIN (FORMAT binary)"
        try execute(([copy] + rest).joined(separator: "; "), operation)
        let isSent = buffer.bytes.withUnsafeBytes(send)
        let ended = PQputCopyEnd(handle, isSent ? nil : "the data could not be sent")
        guard isSent, ended == 1 else { throw lost() }
        var values: [Value] = []
        var failure: FleetStoreError?
        while let next = PQgetResult(handle) {
            do throws(FleetStoreError) {
                values += try check(next, operation).rows()
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Sends data in pieces of a size that libpq can name; false when the connection is lost.
    private func send(_ data: UnsafeRawBufferPointer) -> Bool {
        let piece = 1 << 24
        return stride(from: 0, to: data.count, by: piece).allSatisfy { start in
            let bytes = UnsafeRawBufferPointer(rebasing: data[start...].prefix(piece))
            return PQputCopyData(
                handle, bytes.assumingMemoryBound(to: CChar.self).baseAddress, Int32(bytes.count))
                == 1
        }
    }

    /// The same without rows.
    func copy(
        _ buffer: CopyBuffer, into target: String, after opening: String = "",
        before rest: String...
    ) throws(FleetStoreError) {
        let _: [Int64] = try copy(buffer, into: target, after: opening, before: rest)
    }

    /// The words that run a statement without parameters, prepared once.
    func call(_ statement: String) throws(FleetStoreError) -> String {
        "EXECUTE \(try prepare(statement))"
    }

    private func prepare(_ statement: String) throws(FleetStoreError) -> String {
        if let name = prepared[statement] { return name }
        let name = "s\(prepared.count)"
        let sql = String(statement.map { $0 == "?" ? "$" : $0 })
        _ = try check(PQprepare(handle, name, sql, 0, nil), "prepare a statement")
        prepared[statement] = name
        return name
    }

    private func check(
        _ raw: OpaquePointer?, _ operation: String
    ) throws(FleetStoreError) -> PostgresResult {
        let result = PostgresResult(raw)
        guard raw != nil, isAlive else { throw lost() }
        if result.isGood { return result }
        lastState = result.state
        throw PostgresTrouble.error(
            state: lastState, message: result.message, store: store, operation: operation)
    }

    private func lost() -> FleetStoreError {
        lastState = ""
        let detail = PostgresTrouble.line(String(cString: PQerrorMessage(handle)))
        return .unavailable(store: store, detail: detail.isEmpty ? "connection lost" : detail)
    }

    /// An array of C strings that ends with nil, as libpq wants its keywords.
    private static func withCStrings<Result>(
        _ strings: [String?], _ body: ([UnsafePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { string in string.map { strdup($0) } ?? nil }
        defer { for copy in copies { free(copy) } }
        return body(copies.map { UnsafePointer($0) } + [nil])
    }
}

/// A connection string, without what nobody may read.
enum PostgresAddress {
    private static let shown: Set<String> = ["host", "hostaddr", "port", "dbname", "user"]

    /// `postgres:` and the parts that name the database; nil when libpq does not understand it.
    static func name(of connection: String) -> String? {
        guard let options = PQconninfoParse(connection, nil) else { return nil }
        defer { PQconninfoFree(options) }
        var parts: [String] = []
        var next = options
        while let keyword = next.pointee.keyword {
            let word = String(cString: keyword)
            if shown.contains(word), let value = next.pointee.val {
                parts.append("\(word)=\(String(cString: value))")
            }
            next += 1
        }
        return "postgres:" + parts.joined(separator: " ")
    }
}
