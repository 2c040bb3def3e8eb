/// The columns of version 1, in the order in which samples are written; never changed again.
///
/// Both databases take the same words, only arrays and bytes have names of their own. Every number
/// carries its unit: `mv` millivolts, `ma` milliamperes, `mah` milliampere-hours, `cpct` hundredths
/// of a percent, `ddegc` tenths of a degree Celsius.
enum FirstSchema {
    /// The record that a sample belongs to, and its time.
    static let sample = """
        gateway integer NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL,
        time_ms bigint NOT NULL, time_quality smallint NOT NULL
        """

    static let bank = """
        mode text NOT NULL, packs_configured integer NOT NULL, packs_online integer NOT NULL,
        voltage_mv integer, current_ma integer, power_w integer, soc_cpct integer,
        soh_cpct integer, remaining_mah bigint, full_mah bigint, temperature_mean_ddegc integer,
        temperature_max_ddegc integer, temperature_min_ddegc integer, cell_max_mv integer,
        cell_min_mv integer, charge_voltage_mv integer, discharge_voltage_mv integer,
        charge_current_ma integer, discharge_current_ma integer, charge_rule text NOT NULL,
        discharge_rule text NOT NULL, warnings text NOT NULL, protections text NOT NULL,
        faults text NOT NULL, profile text NOT NULL, keep_alive text NOT NULL, bus text NOT NULL
        """

    static func pack(shorts: String) -> String {
        """
        pack integer NOT NULL, serial text, status text NOT NULL, age_ms bigint,
        voltage_mv integer, current_ma integer, soc_cpct integer, soh_cpct integer,
        remaining_mah integer, full_mah integer, cycles integer, cells_mv \(shorts) NOT NULL,
        probes_ddegc \(shorts) NOT NULL, mosfet_ddegc integer, ambient_ddegc integer,
        balancing bigint NOT NULL, charge_switch boolean, discharge_switch boolean,
        warnings text NOT NULL, protections text NOT NULL, faults text NOT NULL
        """
    }

    static let event = """
        change text NOT NULL, level text NOT NULL, code text NOT NULL, pack integer NOT NULL,
        message text NOT NULL
        """

    static let record = """
        gateway integer NOT NULL, epoch bigint NOT NULL, seq bigint NOT NULL,
        kind smallint NOT NULL, boot text NOT NULL, wall_ms bigint NOT NULL,
        trusted boolean NOT NULL, monotonic_ms bigint NOT NULL, received_ms bigint NOT NULL,
        time_ms bigint NOT NULL, time_quality smallint NOT NULL
        """

    /// What a gateway said last of its outbox, and by which record; `losses` is a JSON object.
    static let report = """
        gateway integer PRIMARY KEY, epoch bigint NOT NULL, seq bigint NOT NULL,
        made_ms bigint NOT NULL, depth bigint NOT NULL, oldest_wall_ms bigint,
        bytes bigint NOT NULL, budget_bytes bigint NOT NULL, losses text NOT NULL
        """

    static let deadLetter = """
        topic text NOT NULL, gateway text, epoch bigint, seq bigint, received_ms bigint NOT NULL,
        reason text NOT NULL, digest bigint NOT NULL
        """

    static let bootClock = """
        gateway integer NOT NULL, boot text NOT NULL, monotonic_ms bigint NOT NULL,
        offset_ms bigint NOT NULL, PRIMARY KEY (gateway, boot)
        """

    static let epoch = """
        gateway integer NOT NULL, epoch bigint NOT NULL, made_ms bigint NOT NULL,
        boot text NOT NULL, PRIMARY KEY (gateway, epoch)
        """

    /// Indices that both databases make alike.
    ///
    /// A sample is found by gateway and time first: the sixteen packs of a record then lie side by
    /// side, so a record touches one page of the index and not sixteen.
    static let indices = [
        "CREATE INDEX bank_sample_time ON bank_sample (gateway, time_ms)",
        "CREATE INDEX pack_sample_time ON pack_sample (gateway, time_ms, pack)",
        "CREATE INDEX event_time ON event (gateway, time_ms)",
        // these hold nothing unless a clock was never trusted; the quality comes first so that SQLite,
        // which looks for a gateway's in each batch, prefers the index to the gateway's whole key range
        "CREATE INDEX record_unmended ON record (time_quality, gateway, boot, epoch, seq) "
            + "WHERE time_quality = 2",
        "CREATE INDEX bank_sample_unmended ON bank_sample (gateway, epoch, seq) "
            + "WHERE time_quality = 2",
        "CREATE INDEX pack_sample_unmended ON pack_sample (gateway, epoch, seq) "
            + "WHERE time_quality = 2",
        "CREATE INDEX event_unmended ON event (gateway, epoch, seq) WHERE time_quality = 2",
        // a message without a number is the same again when its bytes are, too
        "CREATE UNIQUE INDEX dead_letter_once ON dead_letter "
            + "(topic, coalesce(epoch, -1), coalesce(seq, -1), digest)",
    ]

    /// The end of an insert that keeps the newer of two rows of a gateway.
    static func moveForward(_ table: String, _ columns: [String]) -> String {
        let changes = columns.filter { $0 != "gateway" }.map { "\($0) = excluded.\($0)" }
        return """
             ON CONFLICT (gateway) DO UPDATE SET \(changes.joined(separator: ", "))
            WHERE CASE WHEN \(table).epoch = excluded.epoch THEN \(table).seq < excluded.seq
                ELSE \(table).made_ms < excluded.made_ms END
            """
    }

    /// The names of the columns in one of these texts, without the constraints on the table.
    static func names(of columns: String) -> [String] {
        columns.split { $0 == "," || $0 == "\n" }.compactMap { column in
            column.split(separator: " ").first.map(String.init)
        }
    }
}
