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

    /// Begins; throws when the store cannot be used at all.
    ///
    /// What `sink` makes is used by the thread alone.
    init(
        store place: String, everySeconds: Int, log: Logger, sink: () throws -> any AssignmentSink
    ) throws {
        let sink = Unshared(try sink())
        _ = try FleetStores.openRollouts(place)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ends[0]
        ask = ends[1]
        thread = try RunningThread("rollouts") {
            Self.work(place, sink.value, everySeconds, stop: stop, log)
            close(stop)
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

    private static func work(
        _ place: String, _ sink: any AssignmentSink, _ seconds: Int, stop: Int32, _ log: Logger
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
