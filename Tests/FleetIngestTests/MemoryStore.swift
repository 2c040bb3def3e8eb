import FleetStore
import Synchronization

/// The contract of the store in memory; several instances may share what they keep.
final class MemoryStore: FleetStore {
    /// What all instances keep.
    final class Contents: Sendable {
        struct State {
            var records: [RecordKey: FleetRecord] = [:]
            var letters: [DeadLetter] = []
            var repeated = 0
            var batches: [Int] = []
            /// How the next calls end; nil succeeds.
            var failure: FleetStoreError?
            /// Records of these codes are refused.
            var refusedCode: String?
            var refusesLetters = false
            var sharedIdentities: [String] = []
        }

        private let state = Mutex(State())

        func get<Value: Sendable>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }
        func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

        fileprivate func store(_ batch: IngestBatch) -> Result<IngestOutcome, FleetStoreError> {
            state.withLock { state in
                if let failure = state.failure { return .failure(failure) }
                if let code = state.refusedCode, batch.records.contains(where: { $0.code == code })
                {
                    return .failure(
                        .refused(store: "memory", operation: "store", detail: "no '\(code)' here"))
                }
                if state.refusesLetters, !batch.deadLetters.isEmpty {
                    return .failure(
                        .refused(store: "memory", operation: "store", detail: "no letters"))
                }
                var outcome = IngestOutcome()
                for record in batch.records {
                    if state.records.updateValue(record, forKey: record.key) == nil {
                        outcome.stored += 1
                    } else {
                        outcome.repeated += 1
                        state.repeated += 1
                    }
                }
                state.letters += batch.deadLetters
                state.batches.append(batch.records.count + batch.deadLetters.count)
                outcome.sharedIdentities = state.sharedIdentities
                return .success(outcome)
            }
        }
    }

    private let contents: Contents

    init(_ contents: Contents) { self.contents = contents }

    func migrate() throws(FleetStoreError) {
        if let failure = contents.get({ $0.failure }) { throw failure }
    }

    func store(_ batch: IngestBatch) throws(FleetStoreError) -> IngestOutcome {
        try contents.store(batch).get()
    }

    func tallies() throws(FleetStoreError) -> [GatewayTally] { [] }

    func sequences(gateway: String, epoch: Int64) throws(FleetStoreError) -> [Int64] {
        contents.get { state in
            state.records.keys.filter { $0.gateway == gateway && $0.epoch == epoch }
                .map(\.sequence).sorted()
        }
    }

    func retain(_ limits: Retention) throws(FleetStoreError) {}
}

extension FleetRecord {
    fileprivate var code: String? {
        guard case .event(let event) = body else { return nil }
        return event.text
    }
}
