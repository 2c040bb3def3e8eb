import Glibc
import Synchronization
import Threads

/// Work that owns a thread of the gateway until it is asked to stop.
package protocol ThreadedService: AnyObject, Sendable {
    /// The thread's name in `top` and in logs, at most 15 characters.
    var name: String { get }
    /// Raised by `requestStop`; the service waits on it together with its own descriptors.
    var stop: StopSignal { get }
    /// Works until `stop` is raised. Runs on the service's own thread.
    func run()
}

/// A wake signal that stays raised: once a thread was asked to stop it stays asked.
package final class StopSignal: Sendable {
    private let signal: WakeSignal
    private let isRaisedFlag = Atomic<Bool>(false)

    /// Makes a signal that is not raised.
    package init() throws(ThreadError) { signal = try WakeSignal() }

    /// Readable for good once raised; for `poll`.
    package var descriptor: Int32 { signal.descriptor }

    /// Whether the thread was asked to stop.
    package var isRaised: Bool { isRaisedFlag.load(ordering: .acquiring) }

    /// Asks the thread to stop.
    package func raise() {
        isRaisedFlag.store(true, ordering: .releasing)
        signal.raise()
    }
}

/// One running thread.
///
/// The gateway runs on a handful of threads that each own a device and block on it: lines, bridge,
/// recorder, link. Nothing in it waits for anything else, so there is no cooperative pool whose
/// threads a blocking device call could use up, and the bridge can have a real-time priority.
package final class Worker {
    private let service: any ThreadedService
    private let thread: RunningThread

    /// Starts the service on a new thread; `realTimePriority` asks for SCHED_FIFO where permitted.
    package init(_ service: any ThreadedService, realTimePriority: Int32 = 0) throws(ThreadError) {
        self.service = service
        thread = try RunningThread(service.name) {
            if realTimePriority > 0 {
                var parameters = sched_param(sched_priority: realTimePriority)
                pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters)
            }
            service.run()
        }
    }

    /// Asks the service to stop and waits until it has.
    package func stopAndJoin() {
        service.stop.raise()
        thread.join()
    }
}
