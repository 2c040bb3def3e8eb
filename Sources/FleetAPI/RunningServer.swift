import Dispatch
import Logging
import ServiceLifecycle
import Synchronization

/// Why a server could not begin to listen.
package struct ListenError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// A server that runs from the moment it is made until `stop`.
final class RunningServer: Sendable {
    /// The port it listens on; of use when 0 was asked for.
    let port: Int
    private let group: ServiceGroup
    /// Raised when the task that runs the server has ended; `stop` waits for it.
    private let ended: DispatchSemaphore

    private struct Beginning {
        var port: Int?
        var error: (any Error)?
    }

    /// Listens on an address of this machine; blocks until it does, so never call it from a task.
    ///
    /// `make` makes the service, which hands the port it got to the function it is given. Throws when
    /// nothing can listen there, for instance because another program does.
    init(
        host: String, port: Int, log: Logger,
        make: (_ listens: @escaping @Sendable (Int?) -> Void, _ log: Logger) -> any Service
    ) throws(ListenError) {
        let beginning = Shared(Beginning())
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // Hummingbird's own lines at level info say nothing that ours do not
        let quiet = Logger(label: log.label) { _ in WarningLogHandler(log.handler) }
        let service = make(
            { port in
                beginning.value.withLock { $0.port = port }
                begun.signal()
            }, quiet)
        var running = ServiceGroupConfiguration(services: [service], logger: quiet)
        running.maximumGracefulShutdownDuration = .seconds(2)
        let group = ServiceGroup(configuration: running)
        self.group = group
        self.ended = ended
        // `stop` waits for its end
        Task(executorPreference: ServerThreads.shared) {
            do {
                try await group.run()
            } catch {
                beginning.value.withLock { $0.error = error }
            }
            ended.signal()
            begun.signal()
        }
        begun.wait()
        let outcome = beginning.value.withLock { ($0.port, $0.error) }
        guard let port = outcome.0, outcome.1 == nil else {
            let reason = outcome.1.map { "\($0)" } ?? "it ended at once"
            throw ListenError(description: "cannot listen on '\(host):\(port)': \(reason)")
        }
        self.port = port
    }

    /// Ends the server; blocks until it has.
    func stop() {
        let group = group
        // ends with the group that `ended` speaks of
        Task(executorPreference: ServerThreads.shared) { await group.triggerGracefulShutdown() }
        ended.wait()
    }
}

/// Threads for what servers do, apart from those that the process's other tasks share.
///
/// Those are as many as the machine has cores, and whatever blocks or computes on one of them for a minute
/// would keep every client waiting for as long.
final class ServerThreads: TaskExecutor {
    static let shared = ServerThreads()
    private let queue = DispatchQueue(label: "amphora.server", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A value that a task and the thread that waits for it share.
private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
}

/// Passes on what is a warning or worse; the handler behind it, whose level may be that of the whole
/// program, stays as it is.
private struct WarningLogHandler: LogHandler {
    var logLevel = Logger.Level.warning
    private var handler: any LogHandler

    init(_ handler: any LogHandler) { self.handler = handler }

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) { handler.log(event: event) }
}
