import Glibc
import Threads

/// A thread that looks at something again and again until it is asked to stop.
final class RepeatingThread: Sendable {
    private let thread: RunningThread
    private let ask: Int32

    /// Starts it; the first look comes at once, the next ones so long after the end of the one before.
    ///
    /// `begin` runs on the thread and gives the look, which may keep what it made there for itself.
    init(
        _ name: String, everyMilliseconds pause: Int32,
        _ begin: @escaping @Sendable () -> () -> Void
    ) throws(ThreadError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stop = ends[0]
        ask = ends[1]
        thread = try RunningThread(name) {
            let look = begin()
            var descriptor = pollfd(fd: stop, events: Int16(POLLIN), revents: 0)
            repeat { look() } while poll(&descriptor, 1, pause) <= 0
            close(stop)
        }
    }

    /// Ends it after the look it is at, and waits for that.
    func stop() {
        close(ask)
        thread.join()
    }
}
