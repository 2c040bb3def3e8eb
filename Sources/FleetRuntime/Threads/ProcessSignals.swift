import Glibc
import Threads

/// What a process can be asked for by signals.
enum ProcessRequest: UInt8 {
    /// SIGTERM or SIGINT: end in order.
    case stop
    /// SIGUSR1: print the counters.
    case report
}

/// Signals as bytes in a pipe.
///
/// The handlers only write to the pipe, which is allowed in a signal handler. A broken connection
/// never ends the process, and the signals are let through whatever mask was inherited.
final class ProcessSignals {
    // Written once, before the handlers are installed.
    private static nonisolated(unsafe) var writeEnd: Int32 = -1
    private let readEnd: Int32

    /// Installs the handlers; throws when the process has no descriptor left.
    init() throws(ThreadError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw ThreadError(operation: "make a pipe", code: errno) }
        readEnd = ends[0]
        Self.writeEnd = ends[1]
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTERM) { _ in ProcessSignals.send(.stop) }
        signal(SIGINT) { _ in ProcessSignals.send(.stop) }
        signal(SIGUSR1) { _ in ProcessSignals.send(.report) }
        var asked = sigset_t()
        sigemptyset(&asked)
        for number in [SIGTERM, SIGINT, SIGUSR1] { sigaddset(&asked, number) }
        pthread_sigmask(SIG_UNBLOCK, &asked, nil)
    }

    /// Waits for the next request.
    func next() -> ProcessRequest {
        var byte: UInt8 = 0
        while read(readEnd, &byte, 1) != 1 {
            guard errno == EINTR else { return .stop }
        }
        return ProcessRequest(rawValue: byte) ?? .stop
    }

    /// Asks as a signal would; any thread may.
    static func send(_ request: ProcessRequest) {
        var byte = request.rawValue
        _ = write(writeEnd, &byte, 1)
    }
}
