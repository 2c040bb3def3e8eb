import History

/// A connection that runs statements; reading and mending are written once for both databases.
///
/// Parameters are numbered `?1`, as SQLite writes them; PostgreSQL gets `$1` in their place.
protocol FleetDatabase {
    /// What the database calls the place of a row.
    var rowName: String { get }

    /// A condition that each of these words stands in what people know a gateway by: in its id, which is that of
    /// a row `t`, or in label, region or model of its device `d`, which need not be.
    ///
    /// The words are in small letters and have no line end.
    func areFound(_ words: [String], _ place: (SQLValue) -> String) -> String

    /// Runs a statement and gives its rows.
    func rows<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue]
    ) throws(FleetStoreError) -> [Value]

    /// Runs a statement and hands over its rows one by one, however many there are.
    func each<Value: RowReadable>(
        _ statement: String, _ parameters: [SQLValue], _ body: (Value) -> Void
    ) throws(FleetStoreError)

    /// Keeps those who remove history apart from those who compute it, and from those who store, until
    /// the transaction ends.
    func lockHistory(isAlone: Bool) throws(FleetStoreError)

    /// Has the windows of a gateway for this transaction alone; false when another one has them.
    func tryLockHistory(of gateway: Int32) throws(FleetStoreError) -> Bool

    /// Adds windows that are not there.
    func insert(_ rows: [WindowRow], into tier: HistoryTier) throws(FleetStoreError)

    /// What is stored under each key, before it and after it; one row for each, in any order.
    func neighbours(of keys: [GatewayKey]) throws(FleetStoreError) -> [Neighbours]
}

/// A parameter of a statement.
enum SQLValue: Hashable {
    case number(Int64)
    case text(String)
    case null
}

extension FleetDatabase {
    /// Runs a statement whose rows do not matter.
    func run(_ statement: String, _ parameters: [SQLValue] = []) throws(FleetStoreError) {
        let _: [Int64] = try rows(statement, parameters)
    }
}

/// Statements that read.
enum Queries {
    static let packSamples = samples(
        "pack_sample", FirstSchema.names(of: FirstSchema.pack(shorts: "")), "AND s.pack = ?5")
    /// The packs of one record: of a gateway, at its time, by epoch and number.
    static let packsOfRecord = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.names(of: FirstSchema.pack(shorts: "")), of: "s"))
        FROM pack_sample s JOIN gateway g ON g.id = s.gateway
        WHERE g.name = ?1 AND s.time_ms = ?2 AND s.epoch = ?3 AND s.seq = ?4 ORDER BY s.pack
        """
    static let bankSamples = samples("bank_sample", FirstSchema.names(of: LaterSchemas.bank))
    static let events = samples("event", FirstSchema.names(of: LaterSchemas.event))

    static let currentBanks = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.names(of: LaterSchemas.bank), of: "s"))
        FROM bank_state s JOIN gateway g ON g.id = s.gateway
        """

    /// The newest of one code from each gateway, those of the same time together.
    static let newestEvents = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.names(of: LaterSchemas.event), of: "s"))
        FROM gateway g JOIN event s ON s.gateway = g.id AND s.code = ?1 AND s.time_ms = (
            SELECT max(n.time_ms) FROM event n WHERE n.code = ?1 AND n.gateway = g.id)
        ORDER BY s.epoch, s.seq
        """

    /// The newest event of a code from one gateway; of several at one time the last is the newest.
    static let newestEvent = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.names(of: LaterSchemas.event), of: "s"))
        FROM gateway g JOIN event s ON s.gateway = g.id AND s.code = ?1 AND s.time_ms = (
            SELECT max(n.time_ms) FROM event n WHERE n.code = ?1 AND n.gateway = g.id)
        WHERE g.name = ?2 ORDER BY s.epoch, s.seq
        """

    /// What gateways reported of updates since a time, oldest first.
    static let updateEvents = """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \
        \(list(FirstSchema.names(of: LaterSchemas.event), of: "s"))
        FROM event s JOIN gateway g ON g.id = s.gateway
        WHERE \(isUpdate) ORDER BY s.time_ms, s.gateway, s.epoch, s.seq
        """

    static let updateEventCount = "SELECT count(*) FROM event s WHERE \(isUpdate)"

    private static let isUpdate = """
        s.code IN ('update_delivered', 'update_applied', 'update_good', 'update_reverted',
        'update_failed') AND s.time_ms >= ?1
        """

    static let sequences = """
        SELECT r.seq, r.seq FROM record r JOIN gateway g ON g.id = r.gateway
        WHERE g.name = ?1 AND r.epoch = ?2
        UNION ALL SELECT k.first_seq, k.last_seq FROM key_range k JOIN gateway g ON g.id = k.gateway
        WHERE g.name = ?1 AND k.epoch = ?2 ORDER BY 1
        """

    static let tallies = """
        WITH names AS (
            SELECT name FROM gateway
            UNION SELECT gateway FROM dead_letter WHERE gateway IS NOT NULL),
        folded AS (
            SELECT gateway, sum(last_seq - first_seq + 1) AS keys, sum(events) AS events,
                sum(unmended) AS unmended FROM key_range GROUP BY gateway)
        SELECT n.name, (SELECT count(*) FROM record r WHERE r.gateway = g.id)
                + coalesce(f.keys, 0),
            (SELECT count(*) FROM record r WHERE r.gateway = g.id AND r.kind = 2)
                + coalesce(f.events, 0),
            (SELECT count(*) FROM pack_sample p WHERE p.gateway = g.id),
            (SELECT count(*) FROM dead_letter d WHERE coalesce(d.gateway, '') = n.name),
            coalesce((SELECT letters FROM dead_letter_dropped x WHERE x.gateway = n.name), 0),
            (SELECT count(*) FROM record r WHERE r.gateway = g.id AND r.time_quality = 2)
                + coalesce(f.unmended, 0),
            o.depth, o.oldest_wall_ms, o.bytes, o.budget_bytes, o.losses,
            i.first_ms, i.last_ms, i.sightings, i.epoch, i.boot, i.other_epoch, i.other_boot
        FROM names n LEFT JOIN gateway g ON g.name = n.name
        LEFT JOIN outbox_report o ON o.gateway = g.id
        LEFT JOIN shared_identity i ON i.gateway = g.id
        LEFT JOIN folded f ON f.gateway = g.id
        """

    private static func samples(
        _ table: String, _ columns: [String], _ condition: String = ""
    ) -> String {
        """
        SELECT g.name, s.epoch, s.seq, s.time_ms, s.time_quality, \(list(columns, of: "s"))
        FROM \(table) s JOIN gateway g ON g.id = s.gateway
        WHERE g.name = ?1 AND s.time_ms >= ?2 AND s.time_ms < ?3 \(condition)
        ORDER BY s.time_ms, s.epoch, s.seq LIMIT ?4
        """
    }

    private static func list(_ columns: [String], of table: String) -> String {
        columns.map { "\(table).\($0)" }.joined(separator: ", ")
    }
}
