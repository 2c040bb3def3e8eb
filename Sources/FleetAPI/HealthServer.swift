import Hummingbird
import Logging

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

/// Serves `GET /health` from the moment it is made until `stop`.
package final class HealthServer: Sendable {
    /// The port it listens on; of use when 0 was asked for.
    package var port: Int { server.port }
    private let server: RunningServer

    /// Listens on an address of this machine; blocks until it does, so never call it from a task.
    ///
    /// `report` is called for each request, on any thread, and must not block. Throws when nothing can
    /// listen there, for instance because another program does.
    package init(
        host: String, port: Int, log: Logger, report: @escaping @Sendable () -> HealthReport
    ) throws(ListenError) {
        let router = Router()
        router.get("health") { _, _ in Self.response(report()) }
        server = try RunningServer(host: host, port: port, log: log) { listens, log in
            Application(
                router: router, configuration: .init(address: .hostname(host, port: port)),
                onServerRunning: { listens($0.localAddress?.port) }, logger: log)
        }
    }

    /// Ends the server; blocks until it has.
    package func stop() { server.stop() }

    private static func response(_ report: HealthReport) -> Response {
        Response(
            status: report.isGood ? .ok : .serviceUnavailable,
            headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: report.document)))
    }
}
