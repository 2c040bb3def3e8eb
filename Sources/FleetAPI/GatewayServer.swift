import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// How long the server waits for clients, and they for it, s.
package struct PatienceLimits: Sendable {
    /// From the connection to a complete head, handshake included.
    package var head = 20
    /// From the head to the end of the body.
    package var body = 20
    /// Between two requests of a connection.
    package var idle = 120
    /// Until a stream on which there is no news gets a sign of life; less than proxies wait.
    package var heartbeat = 15
    /// Until a gateway that waits for an operator asks again.
    package var retry = 60
    /// The most connections at once.
    package var connections = 2_000
    /// Between two looks at the server's own certificate.
    package var identity = 10

    /// The usual.
    package init() {}
}

/// Serves gateways over TLS 1.2 and later: EST and, with parts for them, configuration and profile sets; from the moment it is made until `stop`.
package final class GatewayServer: Sendable {
    /// The port it listens on; of use when 0 was asked for.
    package var port: Int { server.port }
    private let server: RunningServer

    /// Listens on an address of this machine; blocks until it does, so never call it from a task.
    ///
    /// `identity` gives the server's certificates and key, and is asked again while it serves. Throws when
    /// they do not fit at the start, or when nothing can listen there.
    package init(
        host: String, port: Int, desk: EnrolmentDesk, configuration: ConfigurationDesk? = nil,
        profiles: PublishedFiles? = nil, limits: PatienceLimits = PatienceLimits(), log: Logger,
        identity: @escaping @Sendable () throws -> ServerPair
    ) throws(ListenError) {
        let builder: HTTPServerBuilder
        do {
            let identity = try ServerIdentity(seconds: limits.identity, log: log, identity)
            builder = try .tls(
                .http1(
                    configuration: .init(
                        additionalChannelHandlers: [HeadDeadline(.seconds(Int64(limits.head)))],
                        idleTimeout: .seconds(Int64(limits.idle)),
                        httpDecoderConfiguration: .init(
                            maxHeaderFieldSize: 8_192, maxHeaderListSize: 16_384,
                            maxHeaderFieldCount: 64))),
                configuration: Self.tls(identity))
        } catch {
            throw ListenError(
                description: "cannot serve '\(host):\(port)' over TLS, the certificate and its key "
                    + "cannot be used: \(error)")
        }
        let router = Router(context: SecureContext.self)
        EnrolmentRoutes(desk: desk, bodySeconds: limits.body, retrySeconds: limits.retry).add(
            to: router)
        if let configuration {
            ConfigurationRoutes(desk: configuration, judge: desk, retrySeconds: limits.retry).add(
                to: router)
        }
        if let profiles {
            ProfileRoutes(files: profiles, judge: desk, retrySeconds: limits.retry).add(to: router)
        }
        server = try RunningServer(host: host, port: port, log: log) { listens, log in
            Application(
                router: router, server: builder,
                configuration: .init(
                    address: .hostname(host, port: port),
                    availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
                onServerRunning: { listens($0.localAddress?.port) }, logger: log)
        }
    }

    /// Ends the server; blocks until it has.
    package func stop() { server.stop() }

    /// Asks for a certificate and takes any: ``CertificateJudge`` decides with words, not with alerts.
    private static func tls(_ identity: ServerIdentity) -> TLSChannelConfiguration {
        TLSChannelConfiguration(tlsConfiguration: identity.configuration) { _, promise in
            promise.succeed(.certificateVerified)
        }
    }
}
