/// The statements that keep dead letters few.
///
/// A message whose number cannot be read is not acknowledged, so its gateway sends it again for ever.
enum Letters {
    /// Letters of a gateway that are kept; 64 KiB each, so 16 MiB at most.
    ///
    /// Those whose topic names no gateway are bounded together.
    static let most: Int64 = 256

    /// What makes two letters the same: the gateway, or the topic that names none, and the number, or
    /// the bytes of a message without one.
    static let key = """
        coalesce(gateway, topic), coalesce(epoch, -1), coalesce(seq, -1), digest
        """

    /// The end of an insert that counts a letter that is there.
    static let again = """
         ON CONFLICT (\(key)) DO UPDATE SET times = dead_letter.times + 1,
        last_ms = CASE WHEN dead_letter.last_ms < excluded.last_ms THEN excluded.last_ms
            ELSE dead_letter.last_ms END
        """

    /// Removes those of a gateway (1) but for the newest (2); `row` is the place of a row.
    static func trim(row: String) -> String {
        """
        DELETE FROM dead_letter WHERE \(row) IN (
            SELECT \(row) FROM dead_letter WHERE coalesce(gateway, '') = ?1
            ORDER BY last_ms DESC, received_ms DESC LIMIT \(Int32.max) OFFSET ?2) RETURNING 1
        """
    }

    static let dropped = """
        INSERT INTO dead_letter_dropped (gateway, letters) VALUES (?1, ?2)
        ON CONFLICT (gateway) DO UPDATE
        SET letters = dead_letter_dropped.letters + excluded.letters
        """
}

extension FleetDatabase {
    /// Removes what is too much of the gateways of some letters, the longest unseen first, and counts
    /// it.
    func trim(_ letters: [DeadLetter]) throws(FleetStoreError) {
        for gateway in Set(letters.map { $0.gateway ?? "" }).sorted() {
            let gateway = SQLValue.text(gateway.withoutNul)
            let gone: [Int64] = try rows(
                Letters.trim(row: rowName), [gateway, .number(Letters.most)])
            if !gone.isEmpty { try run(Letters.dropped, [gateway, .number(Int64(gone.count))]) }
        }
    }
}
