/// Looks keys up among the ranges, in ascending order.
///
/// Asks the database again only for another epoch, or past the range it knows, so a batch of one epoch
/// costs one look.
struct FoldedKeys {
    private let database: SQLiteDatabase
    private var asked: GatewayKey?
    private var next: KeyRange?

    init(_ database: SQLiteDatabase) { self.database = database }

    /// The range that holds a key; nil when none does.
    mutating func range(holding key: GatewayKey) throws(FleetStoreError) -> KeyRange? {
        if !knows(key) {
            let found: [KeyRange] = try database.rows(KeyRanges.next, key.values)
            asked = key
            next = found.first
        }
        return next.flatMap { $0.first <= key.sequence ? $0 : nil }
    }

    private func knows(_ key: GatewayKey) -> Bool {
        guard let asked, asked.isSameEpoch(as: key), asked.sequence <= key.sequence else {
            return false
        }
        return next.map { key.sequence <= $0.last } ?? true
    }
}
