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
    private let thread: RunningThread
    private let ask: Int32

    /// Opens the folder of assignments and begins; throws when either cannot be used at all.
    init(store place: String, assignments: String, everySeconds: Int, log: Logger) throws {
        let folder = Unshared(try AssignmentFolder(assignments))
        _ = try FleetStores.openRollouts(place)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ends[0]
        ask = ends[1]
        thread = try RunningThread("rollouts") {
            Self.work(place, folder.value, everySeconds, stop: stop, log)
            close(stop)
        }
    }

    /// Handed to the thread before anybody else sees it.
    private struct Unshared: @unchecked Sendable {
        let value: AssignmentFolder
        init(_ value: AssignmentFolder) { self.value = value }
    }

    private static func work(
        _ place: String, _ sink: AssignmentFolder, _ seconds: Int, stop: Int32, _ log: Logger
    ) {
        var engine: RolloutEngine?
        var trouble = ""
        while true {
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
            if words != trouble {
                if words.isEmpty {
                    log.info("rollouts go on")
                } else {
                    log.error("rollouts stand still", metadata: ["reason": "\(words)"])
                }
                trouble = words
            }
            var descriptor = pollfd(fd: stop, events: Int16(POLLIN), revents: 0)
            if poll(&descriptor, 1, Int32(seconds) * 1000) > 0 { return }
        }
    }

    /// Ends the thread, after the look it is at.
    func stop() {
        close(ask)
        thread.join()
    }
}
