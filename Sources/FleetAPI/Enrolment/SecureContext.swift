import Hummingbird
import NIOCore
import NIOSSL

/// A request over TLS, which can tell the certificate of its connection.
struct SecureContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    private let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }

    /// The certificate that the other end has shown and has the key of, in DER; nil when it has none.
    ///
    /// Whether to believe it is another question: ``CertificateJudge``.
    func certificate() async throws -> [UInt8]? {
        try await channel.nioSSL_peerCertificate().map { try? $0?.toDERBytes() }.get()
    }
}

/// Closes a connection whose first request has no complete head in time.
///
/// Covers the handshake too. What comes later is bounded by the idle time and by the time for a body.
final class HeadDeadline: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = Any

    private let time: TimeAmount
    private var deadline: Scheduled<Void>?

    init(_ time: TimeAmount) { self.time = time }

    func handlerAdded(context: ChannelHandlerContext) {
        let channel = context.channel
        deadline = context.eventLoop.scheduleTask(in: time) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        deadline?.cancel()
        context.fireChannelRead(data)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }
}
