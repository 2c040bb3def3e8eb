/// Numbers of an epoch that follow each other without a gap, whose records were folded.
///
/// It stands for keys, one by one; what lies between two ranges was never stored, for gateways thin
/// and drop records.
struct KeyRange: Hashable {
    var first: Int64
    var last: Int64
    /// How many of them were events, and how many never had a time.
    var events: Int64
    var unmended: Int64
    /// Unix time in milliseconds of the newest record.
    var newest: Int64

    /// The boot of a record of which only the key is known.
    static let forgottenBoot = ""

    /// Whether the other one overlaps it or follows without a gap.
    func touches(_ other: Self) -> Bool {
        // numbers of a database; one that is no number of ours touches nothing
        let (below, isLowest) = first.subtractingReportingOverflow(1)
        let (above, isHighest) = last.addingReportingOverflow(1)
        return other.last >= (isLowest ? first : below) && other.first <= (isHighest ? last : above)
    }

    /// Takes the other one in.
    mutating func join(_ other: Self) {
        first = min(first, other.first)
        last = max(last, other.last)
        events += other.events
        unmended += other.unmended
        newest = max(newest, other.newest)
    }
}

extension KeyRange: RowReadable {
    init(from row: inout some RowSource) {
        first = row.wide()
        last = row.wide()
        events = row.wide()
        unmended = row.wide()
        newest = row.wide()
    }
}

/// The statements about ranges of keys.
enum KeyRanges {
    /// The first range of an epoch (1, 2) that ends at a number (3) or after it, and the one behind.
    static let next = """
        SELECT first_seq, last_seq, events, unmended, newest_ms FROM key_range
        WHERE gateway = ?1 AND epoch = ?2 AND last_seq >= ?3 ORDER BY last_seq LIMIT 2
        """

    /// Removes the records of an epoch (1, 2) with numbers (3 to 4).
    static let removeRecords = """
        DELETE FROM record WHERE gateway = ?1 AND epoch = ?2 AND seq BETWEEN ?3 AND ?4
        """

    static let add = """
        INSERT INTO key_range (gateway, epoch, first_seq, last_seq, events, unmended, newest_ms)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
        """

    static let remove = "DELETE FROM key_range WHERE gateway = ?1 AND epoch = ?2 AND last_seq = ?3"

    /// The columns of the range that follows a key `k`, or holds it, as one beside it.
    static let beside = [place("first_seq"), place("newest_ms")].joined(separator: ", ")

    private static func place(_ column: String) -> String {
        """
        (SELECT f.\(column) FROM key_range f WHERE f.gateway = k.gateway AND f.epoch = k.epoch
            AND f.last_seq > k.seq ORDER BY f.last_seq LIMIT 1)
        """
    }
}

extension GatewaySession {
    /// The session of a record of which only the key is known.
    static func forgotten(_ epoch: Int64) -> Self {
        Self(epoch: epoch, boot: KeyRange.forgottenBoot)
    }
}
