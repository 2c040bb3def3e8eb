import FleetIngest
import FleetStore
import Glibc
import Synchronization

/// What ingest needs of a store, in memory, and failing when it is told to.
///
/// The stores have a suite of their own; this one shows what workers do with their answers.
final class MemoryStore: Sendable {
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
        /// Offers that gateways were not told of.
        var news: [OfferedConfiguration] = []
        /// Gateways at which somebody looks.
        var watched: [String] = []
        /// What each batch takes, in milliseconds.
        var delayMilliseconds: UInt32 = 0
    }

    private let state = Mutex(State())

    func get<Value: Sendable>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }

    /// A store of what is in here, as a worker opens it.
    func open() throws(FleetStoreError) -> IngestWorker.BatchStore {
        if let failure = get({ $0.failure }) { throw failure }
        return { batch throws(FleetStoreError) in try self.store(batch).get() }
    }

    /// Offers that gateways were not told of, each once.
    func takeNews() -> [OfferedConfiguration] {
        state.withLock { state in
            defer { state.news = [] }
            return state.news
        }
    }

    /// The numbers of one gateway's epoch, ascending.
    func sequences(_ gateway: String, epoch: Int64) -> [Int64] {
        get { state in
            state.records.keys.filter { $0.gateway == gateway && $0.epoch == epoch }
                .map(\.sequence).sorted()
        }
    }

    private func store(_ batch: IngestBatch) -> Result<IngestOutcome, FleetStoreError> {
        usleep(get { state in state.delayMilliseconds } * 1000)
        return state.withLock { state in
            if let failure = state.failure { return .failure(failure) }
            if let code = state.refusedCode, batch.records.contains(where: { $0.code == code }) {
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

extension FleetRecord {
    fileprivate var code: String? {
        guard case .event(let event) = body else { return nil }
        return event.text
    }
}
