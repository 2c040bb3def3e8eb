import FleetStore
import Glibc
import Logging
import Rollouts
import Synchronization

/// Carries rollouts forward on a thread of its own, every few seconds.
///
/// Trouble with the store or the assignments is logged when it begins and when it ends; the next look
/// tries again.
final class RolloutService: Sendable {
    private let thread: RepeatingThread

    /// Begins; throws when the store cannot be used at all.
    ///
    /// What `sink` makes is used by the thread alone.
    init(
        store place: String, everySeconds: Int, log: Logger, sink: () throws -> any AssignmentSink
    ) throws {
        let sink = Unshared(try sink())
        _ = try FleetStores.openRollouts(place)
        thread = try RepeatingThread("rollouts", everyMilliseconds: Int32(everySeconds) * 1000) {
            var turn = Turn(place: place, sink: sink.value, log: log)
            return { turn.look() }
        }
    }

    /// Handed to the thread before anybody else sees it.
    ///
    /// Unchecked, because the compiler cannot see that the sink, which is not for several threads, is made in
    /// `init`, kept by nobody there, and touched by the thread alone.
    private struct Unshared: @unchecked Sendable {
        let value: any AssignmentSink
        init(_ value: any AssignmentSink) { self.value = value }
    }

    /// What the thread has from look to look.
    private struct Turn {
        let place: String, sink: any AssignmentSink, log: Logger
        var engine: RolloutEngine?
        var trouble = ""

        mutating func look() {
            var words: String
            do throws(FleetStoreError) {
                if engine == nil {
                    let store = try FleetStores.openRollouts(place)
                    try store.migrate()
                    engine = RolloutEngine(store: store, sink: sink, clock: .system)
                }
                words = try engine?.tick(at: Moment.now()).joined(separator: "; ") ?? ""
            } catch {
                words = "\(error)"
                engine = nil
            }
            guard words != trouble else { return }
            if words.isEmpty {
                log.info("rollouts go on")
            } else {
                log.error("rollouts stand still", metadata: ["reason": "\(words)"])
            }
            trouble = words
        }
    }

    /// Ends the thread, after the look it is at.
    func stop() { thread.stop() }
}
