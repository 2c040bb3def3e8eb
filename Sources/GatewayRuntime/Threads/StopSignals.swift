import CLinux
import Glibc
import Threads

/// SIGTERM and SIGINT as a descriptor for `poll`.
///
/// The handlers only write to an event descriptor, which is allowed in a signal handler. A broken
/// pipe never ends the process. Both are let through whatever the program that started this one had
/// blocked: a mask is inherited, and a gateway that cannot be asked to end is killed instead.
final class StopSignals {
    // Written once, before the handlers are installed.
    private static nonisolated(unsafe) var pipeDescriptor: Int32 = -1
    private static let handler: @convention(c) (Int32) -> Void = { _ in
        var one: UInt64 = 1
        _ = write(StopSignals.pipeDescriptor, &one, 8)
    }

    /// Readable once a signal came.
    let descriptor: Int32

    init() throws(ThreadError) {
        descriptor = clinux_eventfd()
        guard descriptor >= 0 else {
            throw ThreadError(operation: "make an event descriptor", code: errno)
        }
        Self.pipeDescriptor = descriptor
        signal(SIGPIPE, SIG_IGN)
        signal(SIGTERM, Self.handler)
        signal(SIGINT, Self.handler)
        var asked = sigset_t()
        sigemptyset(&asked)
        sigaddset(&asked, SIGTERM)
        sigaddset(&asked, SIGINT)
        pthread_sigmask(SIG_UNBLOCK, &asked, nil)
    }

    /// Whether the process was asked to end.
    var wasAsked: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }
}
