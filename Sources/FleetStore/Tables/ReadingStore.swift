/// What both stores read in the same way, once they have a connection.
protocol ReadingStore: FleetStore {
    associatedtype Connection: FleetDatabase

    /// The address, without what nobody may read.
    var name: String { get }

    /// Runs statements that change nothing.
    func read<Value>(
        _ body: (Connection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value

    /// Runs statements that fold keys in one transaction, while nobody stores.
    func alone<Value>(
        _ body: (Connection) throws(FleetStoreError) -> Value
    ) throws(FleetStoreError) -> Value
}

extension ReadingStore {
    package func tallies() throws(FleetStoreError) -> [GatewayTally] {
        let tallies: [GatewayTally] = try rows(Queries.tallies, [])
        return tallies.sorted { $0.gateway < $1.gateway }
    }

    package func sequences(
        gateway: String, epoch: Int64
    ) throws(FleetStoreError) -> [Int64] {
        let spans: [SequenceSpan] = try rows(Queries.sequences, [.text(gateway), .number(epoch)])
        return spans.flatMap { $0.first <= $0.last ? Array($0.first...$0.last) : [] }
    }

    package func packSamples(
        gateway: String, pack: Int32, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<PackSample>] {
        let pack = SQLValue.number(Int64(pack))
        return try rows(Queries.packSamples, Self.bounds(gateway, from, to, limit) + [pack])
    }

    package func bankSamples(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<BankSample>] {
        try rows(Queries.bankSamples, Self.bounds(gateway, from, to, limit))
    }

    package func events(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try rows(Queries.events, Self.bounds(gateway, from, to, limit))
    }

    package func currentBanks() throws(FleetStoreError) -> [StoredSample<BankSample>] {
        let banks: [StoredSample<BankSample>] = try rows(Queries.currentBanks, [])
        return banks.sorted { $0.key.gateway < $1.key.gateway }
    }

    /// Folds the keys that are old by these limits, in pages, so that ingest gets its turn in between.
    func foldKeys(_ limits: Retention) throws(FleetStoreError) {
        guard let folding = KeyFolding(limits) else { return }
        var place = KeyFolding.beginning
        // looks without the lock, for most epochs have nothing old on most days
        while let found = try read({ connection throws(FleetStoreError) in
            try folding.look(behind: place, in: connection)
        }) {
            switch found {
            case .nothing(let end): place = end
            case .old(let first):
                place = try alone { connection throws(FleetStoreError) in
                    try folding.fold(from: first, in: connection)
                }
            }
        }
    }

    private func rows<Value: RowReadable>(
        _ query: String, _ parameters: [SQLValue]
    ) throws(FleetStoreError) -> [Value] {
        try read { connection throws(FleetStoreError) in try connection.rows(query, parameters) }
    }

    private static func bounds(
        _ gateway: String, _ from: Int64, _ to: Int64, _ limit: Int
    ) -> [SQLValue] {
        [.text(gateway), .number(from), .number(to), .number(Int64(max(0, limit)))]
    }
}

/// Numbers of an epoch that are stored, from the first to the last.
private struct SequenceSpan: RowReadable {
    let first: Int64
    let last: Int64

    init(from row: inout some RowSource) {
        first = row.wide()
        last = row.wide()
    }
}
