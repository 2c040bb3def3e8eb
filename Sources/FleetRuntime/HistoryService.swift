import FleetStore
import Glibc
import Logging
import Threads

/// Computes windows of history on a thread of its own, every so many seconds.
///
/// Trouble with the store is logged when it begins and when it ends; the next round tries again. What is
/// left undone when the process ends, whoever comes next does.
final class HistoryService: Sendable {
    /// Windows of a transaction; whoever stores waits meanwhile when it is SQLite.
    private static let most = 4

    private let thread: RunningThread
    private let ask: Int32

    /// Begins; throws when the address names no store.
    init(store place: String, everySeconds seconds: Int, log: Logger) throws {
        _ = try FleetStores.openHistory(place)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ends[0]
        ask = ends[1]
        thread = try RunningThread("history") {
            Self.work(place, seconds, stop: stop, log)
            close(stop)
        }
    }

    private static func work(_ place: String, _ seconds: Int, stop: Int32, _ log: Logger) {
        var store: (any HistoryStore)?
        var trouble = ""
        while !isAsked(stop, within: seconds * 1000) {
            var words = ""
            do throws(FleetStoreError) {
                if store == nil {
                    let opened = try FleetStores.openHistory(place)
                    try opened.migrate()
                    store = opened
                }
                if let store { try round(store, stop: stop, log) }
            } catch {
                words = "\(error)"
                store = nil
            }
            if words != trouble {
                if words.isEmpty {
                    log.info("roll-ups go on")
                } else {
                    log.error("roll-ups stand still", metadata: ["reason": "\(words)"])
                }
                trouble = words
            }
        }
    }

    /// Does all there is to do, with pauses as long as the work, so that ingest gets its turn.
    private static func round(
        _ store: any HistoryStore, stop: Int32, _ log: Logger
    ) throws(FleetStoreError) {
        var windows = 0
        let start = ContinuousClock.now
        while true {
            let began = ContinuousClock.now
            let done = try store.rollUp(now: wallMilliseconds(), most: most)
            windows += done
            guard done > 0 else { break }
            let spent = began.duration(to: .now) / Duration.milliseconds(1)
            if isAsked(stop, within: Int(min(max(spent, 1), 200))) { break }
        }
        guard windows > 0 else { return }
        log.debug(
            "rolled up samples",
            metadata: [
                "windows": "\(windows)",
                "duration.ms": "\(Int(start.duration(to: .now) / Duration.milliseconds(1)))",
            ])
    }

    private static func isAsked(_ stop: Int32, within milliseconds: Int) -> Bool {
        var descriptor = pollfd(fd: stop, events: Int16(POLLIN), revents: 0)
        return poll(&descriptor, 1, Int32(clamping: milliseconds)) > 0
    }

    /// Ends the thread, after the transaction it is at.
    func stop() {
        close(ask)
        thread.join()
    }
}
