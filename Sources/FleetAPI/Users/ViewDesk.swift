import Dispatch
import FleetStore
import Logging
import Synchronization

/// Asks the store for users; calls to it block, so each store has a queue of its own.
final class ViewDesk: Sendable {
    /// Calls that may wait at once; those beyond are told to come again.
    static let mostWaiting = 512

    /// A store with its queue.
    ///
    /// Unchecked, because the compiler cannot see that the store is touched on the queue only.
    private final class Lane: @unchecked Sendable {
        let store: any ViewStore
        let queue = DispatchQueue(label: "views")

        init(_ store: any ViewStore) { self.store = store }
    }

    private let lanes: [Lane]
    private let log: Logger
    private let waiting: Mutex<[Int]>
    /// Nil where there is no repository of profile sets.
    let catalogue: ProfileCatalogue?

    /// Each store is used by nobody else from now on; there has to be one.
    init(stores: sending [any ViewStore], log: Logger, catalogue: ProfileCatalogue? = nil) {
        self.catalogue = catalogue
        lanes = stores.map { Lane($0) }
        waiting = Mutex(Array(repeating: 0, count: stores.count))
        self.log = log
    }

    /// Does something with a store; throws a ``Problem`` when that cannot be done now.
    func ask<Value: Sendable>(
        _ body: @escaping @Sendable (any ViewStore) throws -> Value
    ) async throws -> Value {
        guard let place = enter() else {
            throw Problem(
                .busy, "too many requests wait for the store", headers: [.retryAfter: "1"])
        }
        defer { waiting.withLock { $0[place] -= 1 } }
        let lane = lanes[place]
        let result = await withCheckedContinuation { continuation in
            lane.queue.async { continuation.resume(returning: Result { try body(lane.store) }) }
        }
        do {
            return try result.get()
        } catch let error as FleetStoreError {
            // its words name machines and tables, which is nothing for those who ask
            log.error("the store did not answer the API", metadata: ["error": "\(error)"])
            throw Problem(
                .storeUnavailable, "ask again later", headers: [.retryAfter: "5"])
        }
    }

    /// Tells whoever reads the log what went wrong.
    func note(_ words: Logger.Message, _ error: any Error) {
        log.error(words, metadata: ["error": "\(error)"])
    }

    /// The lane with the fewest that wait; nil when there are too many.
    private func enter() -> Int? {
        waiting.withLock { waiting in
            guard waiting.reduce(0, +) < Self.mostWaiting,
                let place = waiting.indices.min(by: { waiting[$0] < waiting[$1] })
            else { return nil }
            waiting[place] += 1
            return place
        }
    }
}
