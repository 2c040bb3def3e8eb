/// Statements that move rows inside the server; built from the columns.
enum PostgresStatements {
    private static let record = FirstSchema.names(of: FirstSchema.record)
    private static let sample = FirstSchema.names(of: FirstSchema.sample)
    private static let bank = FirstSchema.names(of: LaterSchemas.bank)
    private static let event = FirstSchema.names(of: LaterSchemas.event)
    private static let report = FirstSchema.names(of: FirstSchema.report)

    static let stageColumns = record + bank + event
    static let stage = "stage (\(list(stageColumns)))"

    static let newestColumns =
        sample + ["made_ms", "is_state", "is_report"] + bank + PostgresSchema.reportColumns
    static let newest = "newest (\(list(newestColumns)))"

    static let packColumns = sample + FirstSchema.names(of: FirstSchema.pack(shorts: ""))
    static let packs = "pack_sample (\(list(packColumns)))"

    /// Lets records through that are new, with their bank samples, events and marks, and gives their
    /// keys.
    ///
    /// A range of keys is found by its end: the first that ends at a number or after it holds the
    /// number or none does. Keys are written in order, so two workers with the same keys wait but
    /// never for each other.
    static let gate = """
        WITH fresh AS (
            INSERT INTO record (\(list(record))) SELECT \(list(record)) FROM stage s
            WHERE coalesce((
                SELECT k.first_seq FROM key_range k WHERE k.gateway = s.gateway
                AND k.epoch = s.epoch AND k.last_seq >= s.seq ORDER BY k.last_seq LIMIT 1) > s.seq,
                true)
            ORDER BY gateway, epoch, seq ON CONFLICT DO NOTHING RETURNING gateway, epoch, seq
        ), banks AS (\(samples("bank_sample", bank, kind: 1))
        ), events AS (\(samples("event", event, kind: 2))
        ), marks AS (
            INSERT INTO rollup_mark (tier, start_ms, gateway)
            SELECT DISTINCT 2, \(WindowMarks.quarter(of: "time_ms")), gateway
            FROM stage JOIN fresh USING (gateway, epoch, seq) WHERE kind = 1)
        SELECT gateway, epoch, seq FROM fresh
        """

    /// The last record of each gateway that bears the key of another one.
    ///
    /// Of a record that was folded no clock is known, but its time was none after that of its range.
    static let others = """
        SELECT DISTINCT ON (s.gateway) s.gateway, g.name, s.received_ms, s.epoch, s.boot,
        o.epoch, o.boot FROM stage s JOIN gateway g ON g.id = s.gateway
        JOIN LATERAL (
            SELECT r.epoch, r.boot FROM record r
            WHERE r.gateway = s.gateway AND r.epoch = s.epoch AND r.seq = s.seq
            AND (r.boot <> s.boot OR r.monotonic_ms <> s.monotonic_ms)
            UNION ALL SELECT s.epoch, '\(KeyRange.forgottenBoot)' FROM (
                SELECT k.first_seq, k.newest_ms FROM key_range k WHERE k.gateway = s.gateway
                AND k.epoch = s.epoch AND k.last_seq >= s.seq ORDER BY k.last_seq LIMIT 1) n
            WHERE n.first_seq <= s.seq AND s.time_quality = 0 AND s.time_ms > n.newest_ms
        ) o ON true
        ORDER BY s.gateway, s.received_ms DESC
        """

    static let bankState =
        state("bank_state", LaterSchemas.stateColumns, where: "is_state")
    static let outboxReport = state("outbox_report", report, where: "is_report")

    static let addGateways = """
        INSERT INTO gateway (name) SELECT n FROM unnest(?1::text[]) AS n ORDER BY n
        ON CONFLICT DO NOTHING
        """

    static let knownGateways = """
        SELECT g.name, g.id, EXISTS (
            SELECT 1 FROM record r WHERE r.gateway = g.id AND r.time_quality = 2),
        e.epoch, e.made_ms, e.boot
        FROM gateway g LEFT JOIN gateway_epoch e ON e.gateway = g.id
        WHERE g.name = ANY (?1::text[])
        """

    /// What is stored beside each key of three arrays.
    ///
    /// The limits keep the server from anything but three looks into the primary key for each.
    static let neighbours = """
        SELECT k.gateway, k.epoch, k.seq, o.seq, o.time_ms, o.time_quality,
        b.seq, b.time_ms, b.time_quality, a.seq, a.time_ms, a.time_quality,
        \(KeyRanges.beside)
        FROM unnest(?1::integer[], ?2::bigint[], ?3::bigint[]) AS k(gateway, epoch, seq)
        \(place("r.seq = k.seq", "ASC")) o ON true
        \(place("r.seq < k.seq", "DESC")) b ON true
        \(place("r.seq > k.seq", "ASC")) a ON true
        """

    private static func place(_ condition: String, _ order: String) -> String {
        """
        LEFT JOIN LATERAL (SELECT r.seq, r.time_ms, r.time_quality FROM record r
        WHERE r.gateway = k.gateway AND r.epoch = k.epoch AND \(condition)
        ORDER BY r.seq \(order) LIMIT 1)
        """
    }

    static let knownClocks = """
        SELECT g.name, c.boot, c.monotonic_ms, c.offset_ms
        FROM unnest(?1::text[], ?2::text[]) AS k(name, boot) JOIN gateway g ON g.name = k.name
        JOIN boot_clock c ON c.gateway = g.id AND c.boot = k.boot
        """

    static let keepClock = """
        INSERT INTO boot_clock AS c (gateway, boot, monotonic_ms, offset_ms)
        VALUES (?1, ?2, ?3, ?4) ON CONFLICT (gateway, boot) DO UPDATE
        SET monotonic_ms = excluded.monotonic_ms, offset_ms = excluded.offset_ms
        WHERE c.monotonic_ms < excluded.monotonic_ms
        """

    static let keepEpoch = """
        INSERT INTO gateway_epoch (gateway, epoch, made_ms, boot) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO NOTHING
        """

    static let deadLetter = """
        INSERT INTO dead_letter (topic, gateway, epoch, seq, received_ms, reason, digest, payload,
        last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, decode(?8, 'hex'), ?5)
        """ + Letters.again

    private static func samples(_ table: String, _ columns: [String], kind: Int) -> String {
        """
        INSERT INTO \(table) (\(list(sample + columns))) SELECT \(list(sample + columns))
            FROM stage JOIN fresh USING (gateway, epoch, seq) WHERE kind = \(kind)
        """
    }

    private static func state(
        _ table: String, _ columns: [String], where condition: String
    ) -> String {
        """
        INSERT INTO \(table) (\(list(columns))) SELECT \(list(columns)) FROM newest
        WHERE \(condition) ORDER BY gateway
        """ + FirstSchema.moveForward(table, columns)
    }

    private static func list(_ columns: [String]) -> String { columns.joined(separator: ", ") }
}

extension SQLValue {
    /// What goes to the server; nil is NULL.
    var text: String? {
        switch self {
        case .number(let number): String(number)
        case .text(let text): text
        case .null: nil
        }
    }

    /// An array of numbers as PostgreSQL reads it from text.
    static func numbers(_ numbers: [Int64]) -> SQLValue {
        .text("{\(numbers.map(String.init).joined(separator: ","))}")
    }
}

extension [String] {
    /// An array as PostgreSQL reads it from text.
    var arrayText: String {
        let quoted = map { text in
            let escaped = text.map { "\\\"".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            return "\"\(escaped)\""
        }
        return "{\(quoted.joined(separator: ","))}"
    }
}
