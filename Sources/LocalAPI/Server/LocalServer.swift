internal import CLinux
import FleetWeb
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix

/// Why the server could not begin to listen.
package struct LocalServerError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// Serves the house to people on its own network; from the moment it is made until `stop`.
///
/// 1. It has threads of its own, behind all others, and no lock that it holds longer than a copy takes: the bridge
///    never waits for it.
/// 2. Connections, bytes, streams, sessions and waiting passwords are bounded, and so is every wait for a client.
/// 3. Whatever it is sent, the worst that happens is that its connection is closed.
package final class LocalServer {
    /// Connections at once; one more takes the place of one that does nothing, or is closed.
    package static let mostConnections = 32

    /// The port it listens on; of use when 0 was asked for.
    package let port: Int
    private let group: MultiThreadedEventLoopGroup
    private let pool: NIOThreadPool
    private let channel: any Channel
    private let core: LocalCore

    /// Listens on an address of this machine; blocks until it does.
    ///
    /// `packs` is how many packs history has room for. Throws when nothing can listen there.
    package init(
        host: String, port: Int, house: any House, packs: Int, alarms: AlarmBoard,
        names: [String], password: PasswordFile, app: WebApp = .current,
        patience: LocalPatience = LocalPatience(), log: Logger
    ) throws(LocalServerError) {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let loop = group.next()
        let core = LocalCore(
            loop: loop, pool: pool, house: house, packs: packs, alarms: alarms,
            hosts: HostGuard(names: names), file: password, app: app, log: log)
        do {
            try loop.submit {
                clinux_stand_back()
                clinux_name_thread("local")
                core.lookAtPassword()
                core.tick()
                loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in
                    core.tick()
                }
            }.wait()
            try pool.runIfActive(eventLoop: loop) {
                clinux_stand_back()
                clinux_name_thread("local-password")
            }.wait()
            channel = try Self.bootstrap(group, core, patience).bind(host: host, port: port).wait()
        } catch {
            try? pool.syncShutdownGracefully()
            try? group.syncShutdownGracefully()
            throw LocalServerError(
                description: "cannot listen on '\(host):\(port)' for the local app: \(error)")
        }
        (self.group, self.pool, self.core) = (group, pool, core)
        self.port = channel.localAddress?.port ?? port
    }

    private static func bootstrap(
        _ group: MultiThreadedEventLoopGroup, _ core: LocalCore, _ patience: LocalPatience
    ) -> ServerBootstrap {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 8192
        limits.maxHeaderListSize = 16_384
        limits.maxHeaderFieldCount = 64
        let bounds = limits
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 32)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(.maxMessagesPerRead, value: 4)
            .childChannelOption(
                .writeBufferWaterMark, value: .init(low: 32_768, high: 131_072)
            )
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                        withPipeliningAssistance: true, withErrorHandling: true,
                        withEncoderConfiguration: .init(), withDecoderLimitConfiguration: bounds)
                    try channel.pipeline.syncOperations.addHandler(
                        LocalConnection(core, patience, most: mostConnections))
                }
            }
    }

    /// Closes every connection and ends its threads; blocks until that is done.
    package func stop() {
        let core = core
        try? channel.close().wait()
        try? core.loop.submit { core.closeAll() }.wait()
        try? group.syncShutdownGracefully()
        try? pool.syncShutdownGracefully()
    }
}
