import Dispatch
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization

/// How a program is, as `GET /health` tells it.
package struct HealthReport: Sendable {
    /// Whether it does its work; 200 when it does, 503 when not.
    package let isGood: Bool
    /// The JSON document that goes with either.
    package let document: [UInt8]

    /// Joins the parts.
    package init(isGood: Bool, document: [UInt8]) {
        self.isGood = isGood
        self.document = document
    }
}

/// Why a server could not begin to listen.
package struct ListenError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// Serves `GET /health` from the moment it is made until `stop`.
package final class HealthServer: Sendable {
    /// The port it listens on; of use when 0 was asked for.
    package let port: Int
    private let group: ServiceGroup
    /// Raised when the task that runs the server has ended; `stop` waits for it.
    private let ended: DispatchSemaphore

    private struct Beginning {
        var port: Int?
        var error: (any Error)?
    }

    /// Listens on an address of this machine; blocks until it does, so never call it from a task.
    ///
    /// `report` is called for each request, on any thread, and must not block. Throws when nothing can
    /// listen there, for instance because another program does.
    package init(
        host: String, port: Int, log: Logger, report: @escaping @Sendable () -> HealthReport
    ) throws(ListenError) {
        let router = Router()
        router.get("health") { _, _ in Self.response(report()) }
        let beginning = Shared(Beginning())
        let (begun, ended) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        // Hummingbird's own lines at level info say nothing that ours do not
        var quiet = log
        quiet.logLevel = max(log.logLevel, .warning)
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                beginning.value.withLock { $0.port = channel.localAddress?.port }
                begun.signal()
            }, logger: quiet)
        var running = ServiceGroupConfiguration(services: [application], logger: quiet)
        running.maximumGracefulShutdownDuration = .seconds(2)
        let group = ServiceGroup(configuration: running)
        self.group = group
        self.ended = ended
        // `stop` waits for its end
        Task {
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
    package func stop() {
        let group = group
        // ends with the group that `ended` speaks of
        Task { await group.triggerGracefulShutdown() }
        ended.wait()
    }

    private static func response(_ report: HealthReport) -> Response {
        Response(
            status: report.isGood ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: report.document)))
    }
}

/// A value that a task and the thread that waits for it share.
private final class Shared<Value: Sendable>: Sendable {
    let value: Mutex<Value>
    init(_ value: Value) { self.value = Mutex(value) }
}
