import FleetStore
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL

/// Serves users and their programs: HTTP, or TLS with an identity; from the moment it is made until `stop`.
package final class UserServer: Sendable {
    /// The port it listens on; of use when 0 was asked for.
    package var port: Int { server.port }
    /// How many streams of news are open.
    package var listeners: Int { events.listeners }
    private let server: RunningServer
    /// How many files of what is held of a person are on the way.
    package var exported: Int { exports.running }
    private let events: EventDesk
    private let exports: ExportDesk

    /// Listens on an address of this machine; blocks until it does, so never call it from a task.
    ///
    /// `stores` are of one database, for as many questions at once, and are used by nobody else from now on.
    /// `watching` are others that look for news, so that news does not wait for charts; without them they share.
    /// `clock` gives Unix time in milliseconds, `steady` a clock that nobody sets, by which failures are
    /// counted. Without `identity` everything goes over the wire as it is,
    /// tokens too: for this machine only. `catalogue` has the profile sets for rollouts, `pushKey` is
    /// what browsers need to subscribe to messages, and `sendsMail` whether there is mail. Throws when the identity does not fit, or nothing can
    /// listen there.
    package init(
        host: String, port: Int, stores: sending [any ViewStore],
        watching: sending [any ViewStore] = [],
        limits: PatienceLimits = PatienceLimits(), log: Logger,
        clock: @escaping @Sendable () -> Int64,
        steady: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        identity: (@Sendable () throws -> ServerPair)? = nil, catalogue: ProfileCatalogue? = nil,
        pushKey: String? = nil, sendsMail: Bool = false
    ) throws(ListenError) {
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [HeadDeadline(.seconds(Int64(limits.head)))],
            idleTimeout: .seconds(Int64(limits.idle)),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 8_192, maxHeaderListSize: 16_384, maxHeaderFieldCount: 64))
        var builder = HTTPServerBuilder.http1(configuration: http)
        if let identity {
            do {
                let shown = try ServerIdentity(seconds: limits.identity, log: log, identity)
                var tls = shown.configuration
                // users show tokens, not certificates
                tls.certificateVerification = .none
                builder = try .tls(.http1(configuration: http), tlsConfiguration: tls)
            } catch {
                throw ListenError(
                    description: "cannot serve '\(host):\(port)' over TLS, the certificate and "
                        + "its key cannot be used: \(error)")
            }
        }
        let desk = ViewDesk(stores: stores, log: log, catalogue: catalogue)
        let watching = watching.isEmpty ? desk : ViewDesk(stores: watching, log: log)
        let events = EventDesk(
            watching, heartbeat: .seconds(limits.heartbeat), log: log, clock: clock)
        self.events = events
        let exports = ExportDesk(log: log, clock: clock)
        self.exports = exports
        let responder = UserResponder(
            desk: desk, failures: SignInGuard(most: SignInGuard.mostTokens, clock: steady),
            session: SessionDesk(
                signIn: SignInDesk(
                    desk, limits.body, log,
                    failures: SignInGuard(most: SignInGuard.mostPasswords, clock: steady)),
                overTLS: identity != nil,
                codes: SignInGuard(most: SignInGuard.mostPasswords, clock: steady),
                features: UserRoutes.features(sendsMail: sendsMail, pushes: pushKey != nil)),
            events: events, exports: exports,
            log: log, clock: clock, bodySeconds: limits.body, pushKey: pushKey)
        let chosen = builder
        server = try RunningServer(host: host, port: port, log: log) { listens, log in
            Application(
                responder: responder, server: chosen,
                configuration: .init(
                    address: .hostname(host, port: port),
                    availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
                onServerRunning: { listens($0.localAddress?.port) }, logger: log)
        }
    }

    /// Ends the server; blocks until it has.
    package func stop() {
        events.stop()
        exports.stop()
        server.stop()
    }

    /// Whether a host is this machine only, where nobody listens on the wire.
    package static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
