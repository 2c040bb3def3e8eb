import Dispatch
import FleetConfiguration
import FleetStore
import Logging
import Synchronization

/// Hands out what gateways shall run on; most answers come from memory.
///
/// The store is asked at most every ``freshness`` whether something changed. Calls to it block, so they
/// run one after another on a queue of its own.
///
/// Unchecked, because the compiler cannot see that store and service, which are not for several threads,
/// are touched on the queue only; everything else in it is constant or behind a lock.
package final class ConfigurationDesk: @unchecked Sendable {
    /// What is asked of it cannot be told now.
    struct Trouble: Error { let words: String }

    /// A document and its name.
    struct Entry: Sendable {
        let tag: String
        let document: [UInt8]
    }

    /// A change is told after so long at the latest.
    private static var freshness: ContinuousClock.Duration { .milliseconds(250) }

    private struct Memory {
        var revision: Int64 = -1
        var checkedAt: ContinuousClock.Instant?
        var entries: [String: Entry] = [:]
    }

    /// Unix time in milliseconds.
    private let clock: @Sendable () -> Int64
    private let log: Logger
    private let memory = Mutex(Memory())
    private let queue = DispatchQueue(label: "configuration")
    // touched on the queue only, which runs one block at a time
    private let store: any ConfigurationStore
    private let service: ConfigurationService

    /// Joins the parts; the store is used by nobody else from now on.
    package init(
        store: sending any ConfigurationStore, log: Logger, clock: @escaping @Sendable () -> Int64
    ) {
        self.store = store
        // what is kept in the store was checked when it was set
        service = ConfigurationService(store: store) { _, _ in [] }
        self.log = log
        self.clock = clock
    }

    /// What a gateway shall run on by now.
    func entry(for gateway: String) async throws(Trouble) -> Entry {
        if let known = fresh(gateway) { return known }
        let result = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: Result { try self.look(gateway) }) }
        }
        switch result {
        case .success(let entry): return entry
        case .failure(let error):
            log.error(
                "no configuration could be told",
                metadata: ["gateway.id": "\(gateway)", "error": "\(error)"])
            throw Trouble(words: "the fleet's store is not available, ask again later")
        }
    }

    /// What memory says, when the store was asked not long ago.
    private func fresh(_ gateway: String) -> Entry? {
        memory.withLock { memory in
            guard let checkedAt = memory.checkedAt,
                ContinuousClock.now - checkedAt < Self.freshness
            else { return nil }
            return memory.entries[gateway]
        }
    }

    private func look(_ gateway: String) throws -> Entry {
        // many come at once; the first one has asked for all
        if let known = fresh(gateway) { return known }
        let asked = ContinuousClock.now
        let revision = try store.configurationRevision()
        if memory.withLock({ $0.revision != revision }) { try learn(revision) }
        let known = memory.withLock { memory in
            memory.checkedAt = asked
            return memory.entries[gateway]
        }
        if let known { return known }
        // no device is known of it, or it came this moment
        let entry = Self.entry(try service.offer(to: gateway, at: clock()))
        memory.withLock { $0.entries[gateway] = entry }
        return entry
    }

    private func learn(_ revision: Int64) throws {
        _ = try service.offerAll(at: clock())
        let entries = try store.offers().map { ($0.gateway, Self.entry($0)) }
        memory.withLock { memory in
            memory.entries = Dictionary(entries) { $1 }
            memory.revision = revision
        }
    }

    private static func entry(_ offer: OfferedConfiguration) -> Entry {
        Entry(
            tag: ConfigurationDocument.entityTag(offer),
            document: ConfigurationDocument.bytes(offer))
    }
}
