import NIOCore
import NIOHTTP1

/// Times that a client may take, in milliseconds.
package struct LocalPatience: Sendable {
    /// Until a head is complete.
    package var head: Int64 = 10_000
    /// Until a body is.
    package var body: Int64 = 10_000
    /// Until an answer is taken.
    package var answer: Int64 = 20_000
    /// Between two requests.
    package var idle: Int64 = 30_000

    /// The usual ones.
    package init() {}
}

/// One connection: reads requests within their bounds and sends answers, one after the other.
final class LocalConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case idle
        case body(HTTPRequestHead, [UInt8])
        /// An answer is being made or sent; what comes meanwhile is not read.
        case answering
        case streaming
        /// Told that it is too much; what still comes is thrown away.
        case refusing
        case closed
    }

    private let core: LocalCore
    private let patience: LocalPatience
    private let most: Int
    private var state = State.closed
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    private var isAlive = false
    private(set) var idleSince: Int64 = 0

    init(_ core: LocalCore, _ patience: LocalPatience, most: Int) {
        (self.core, self.patience, self.most) = (core, patience, most)
    }

    /// Whether it waits for a request.
    var isIdle: Bool {
        if case .idle = state { return true }
        return false
    }

    /// Whether what is sent leaves soon.
    var isWritable: Bool { context?.channel.isWritable ?? false }

    func channelActive(context: ChannelHandlerContext) {
        self.context = context
        guard core.enter(self, most: most) else { return close() }
        rest(patience.head)
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        state = .closed
        self.context = nil
        core.leave(self)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { close() }

    /// Waits for the next request.
    private func rest(_ milliseconds: Int64) {
        state = .idle
        idleSince = core.house.uptime
        limit(milliseconds)
    }

    /// Closes the connection unless something else happens in time.
    private func limit(_ milliseconds: Int64?) {
        deadline?.cancel()
        deadline = nil
        guard let milliseconds, let context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
            bound.value.close()
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch (Self.unwrapInboundIn(data), state) {
        case (.head(let head), .idle): begin(head)
        case (.body(let buffer), .body(let head, var bytes)):
            // so that the bytes are not copied each time
            state = .answering
            guard bytes.count + buffer.readableBytes <= LocalRequest.mostBytes else {
                return refuse(head)
            }
            bytes += buffer.readableBytesView
            state = .body(head, bytes)
        case (.end, .body(let head, let bytes)): answer(head, bytes)
        default: break
        }
    }

    private func begin(_ head: HTTPRequestHead) {
        isAlive = head.isKeepAlive
        limit(patience.body)
        let length = head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
        let hasBody = length > 0 || head.headers.contains(name: "transfer-encoding")
        let mayHaveBody = head.method == .POST || head.method == .DELETE
        guard length <= LocalRequest.mostBytes, mayHaveBody || !hasBody else {
            return refuse(head)
        }
        state = .body(head, [])
    }

    /// Says that a body is too much, and closes once that was heard.
    private func refuse(_ head: HTTPRequestHead) {
        isAlive = false
        state = .refusing
        let problem = LocalProblem(
            .bodyTooLarge,
            head.method == .POST || head.method == .DELETE
                ? "expected at most \(LocalRequest.mostBytes) bytes"
                : "expected no content with this method")
        write(problem.answer, isHead: false)
        // a moment to read the answer in, which closing at once could take away
        limit(500)
    }

    private func answer(_ head: HTTPRequestHead, _ bytes: [UInt8]) {
        state = .answering
        guard let context else { return }
        let request = LocalRequest(
            head, body: bytes, address: context.channel.remoteAddress?.ipAddress ?? "")
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        // a password takes its time, and others may wait before it
        limit(patience.answer)
        LocalRoutes.answer(request, core) { outcome in
            bound.value.end(outcome, isHead: head.method == .HEAD)
        }
    }

    private func end(_ outcome: LocalOutcome, isHead: Bool) {
        guard case .answering = state, let context else { return }
        switch outcome {
        case .answer(let answer):
            limit(patience.answer)
            write(answer, isHead: isHead)
        case .stream(let token):
            state = .streaming
            limit(nil)
            let fields: HTTPHeaders = [
                "content-type": "text/event-stream", "cache-control": "no-store",
                "x-content-type-options": "nosniff",
            ]
            context.write(
                wrapOutboundOut(.head(.init(version: .http1_1, status: .ok, headers: fields))),
                promise: nil)
            send(ByteBuffer(string: "retry: 3000\n\n"))
            core.watch(EventStream(self, token: token))
        }
    }

    private func write(_ answer: LocalAnswer, isHead: Bool) {
        guard let context else { return }
        var fields = HTTPHeaders()
        for (name, value) in answer.fields { fields.add(name: name, value: value) }
        if let type = answer.type { fields.replaceOrAdd(name: "content-type", value: type) }
        if !fields.contains(name: "cache-control") {
            fields.add(name: "cache-control", value: "no-store")
        }
        fields.replaceOrAdd(name: "x-content-type-options", value: "nosniff")
        if answer.status != .noContent, answer.status != .notModified {
            fields.add(name: "content-length", value: "\(answer.content.readableBytes)")
        }
        if !isAlive { fields.add(name: "connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: fields)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !isHead, answer.content.readableBytes > 0 {
            context.write(wrapOutboundOut(.body(.byteBuffer(answer.content))), promise: nil)
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.sent() }
    }

    /// The answer has left.
    private func sent() {
        switch state {
        case .answering where isAlive: rest(patience.idle)
        case .answering, .streaming: close()
        default: break
        }
    }

    /// Sends a part of a stream.
    func send(_ buffer: ByteBuffer) {
        guard case .streaming = state, let context else { return }
        context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(buffer))), promise: nil)
    }

    /// Ends a stream.
    func finish() {
        guard case .streaming = state, let context else { return }
        isAlive = false
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        limit(patience.answer)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in bound.value.sent() }
    }

    /// Closes it now.
    func close() { context?.close(promise: nil) }
}
