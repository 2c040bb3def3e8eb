import FleetAPI
import FleetStore
import Glibc
import Synchronization
import Telemetry

/// Looks on a thread of its own every few seconds whether the store is there.
///
/// A look blocks as long as the database does, so no request waits for one.
final class StoreProbe: Sendable {
    /// Milliseconds from one look to the next.
    private static let pause: Int32 = 5_000

    private let trouble: Shown
    private let thread: RepeatingThread

    private final class Shown: Sendable {
        let words = Mutex<String?>("store: not opened yet")
    }

    /// Opens the store and begins to look; throws when the address names none.
    init(_ place: String) throws {
        _ = try openStore(place)
        let shown = Shown()
        trouble = shown
        thread = try RepeatingThread("store-probe", everyMilliseconds: Self.pause) {
            var store: (any FleetStore)?
            return {
                let words: String?
                do throws(FleetStoreError) {
                    if store == nil { store = try openStore(place) }
                    try store?.migrate()
                    words = nil
                } catch {
                    words = "store: \(error)"
                }
                shown.words.withLock { $0 = words }
            }
        }
    }

    /// What the last look found; blocks never.
    @Sendable func report() -> HealthReport {
        let words = trouble.words.withLock { $0 }
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.name("status")
            writer.string(words == nil ? "ok" : "degraded")
            writer.name("reasons")
            writer.array { writer in if let words { writer.string(words) } }
        }
        return HealthReport(isGood: words == nil, document: writer.bytes)
    }

    /// Ends the thread, after the look it is at.
    func stop() { thread.stop() }
}
