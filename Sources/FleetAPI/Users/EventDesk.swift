import FleetStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Tells those who listen what is new, with one watcher of the store for all of them.
///
/// 1. The store is asked once each ``EventDesk/interval``, however many listen.
/// 2. A listener gets how things are first, then what changes; who comes back soon gets what was missed.
/// 3. Who does not keep up is cut; memory is bounded by listeners and not by what they leave unread.
/// 4. A listener hears nothing more soon after the token ends or the gateway may not be seen any more.
final class EventDesk: Sendable {
    /// Between two looks at the store; with what a batch waits for at ingest, most of the way to who looks.
    static let interval = Duration.milliseconds(100)
    /// Between two looks at who may still listen, and between two documents of a tenant.
    static let slowInterval = Duration.seconds(2)
    /// How long a gateway is told that somebody looks at it, and how often that is renewed.
    static let (watched, watchedInterval) = (Duration.seconds(15), Duration.seconds(5))
    /// How long a topic without listeners is kept for who comes back.
    static let memory = Duration.seconds(60)
    /// Listeners at once, in all and of one user.
    static let (mostListeners, mostOfUser) = (1500, 40)
    /// Events that may wait for one listener.
    static let mostWaiting = 16

    private struct Listener {
        let asked: Asked
        let watch: Watch
        let subject: EventTopic.Subject
        /// From when on they may know what was recorded, Unix time in milliseconds.
        let seenFrom: Int64
        let sink: AsyncStream<ByteBuffer>.Continuation
        var isNew: Bool
        var heard: ContinuousClock.Instant
    }

    private struct State {
        var listeners: [UInt64: Listener] = [:]
        /// The numbers of those who listen to the same.
        var members: [EventTopic.Subject: Set<UInt64>] = [:]
        var topics: [EventTopic.Subject: EventTopic] = [:]
        /// When it was noted of a gateway that somebody looks.
        var noted: [String: ContinuousClock.Instant] = [:]
        var number: UInt64 = 0
        var isStopped = false
        var watcher: Task<Void, Never>?

        @discardableResult mutating func remove(_ number: UInt64) -> Listener? {
            guard let listener = listeners.removeValue(forKey: number) else { return nil }
            members[listener.subject]?.remove(number)
            if members[listener.subject]?.isEmpty == true { members[listener.subject] = nil }
            return listener
        }
    }

    private let desk: ViewDesk
    private let log: Logger
    /// Without news, so often something is sent all the same.
    private let heartbeat: Duration
    /// Unix time in milliseconds.
    private let clock: @Sendable () -> Int64
    /// What a tenant is told; nil when this server has no such route.
    private let summary: (@Sendable (Asked, ViewDesk) async throws -> Reply)?
    private let state = Mutex(State())

    init(
        _ desk: ViewDesk, heartbeat: Duration, log: Logger,
        clock: @escaping @Sendable () -> Int64,
        summary: (@Sendable (Asked, ViewDesk) async throws -> Reply)? = EventDesk.route
    ) {
        (self.desk, self.log, self.clock, self.summary) = (desk, log, clock, summary)
        self.heartbeat = heartbeat
    }

    /// The route of `GET /v1/summary`.
    static var route: (@Sendable (Asked, ViewDesk) async throws -> Reply)? {
        let route = UserRoutes.all.first { $0.method == .get && $0.path == "/v1/summary" }
        if case .signedIn(_, let answer)? = route?.answer { return answer }
        return nil
    }

    /// Listens for whoever asks; throws a ``Problem`` when there are too many.
    func listen(
        _ asked: Asked, to subject: EventTopic.Subject, since id: String?, seenFrom: Int64 = .min
    ) throws -> Reply {
        let (frames, sink) = AsyncStream.makeStream(
            of: ByteBuffer.self, bufferingPolicy: .bufferingOldest(Self.mostWaiting))
        sink.yield(ByteBuffer(string: "retry: 3000\n\n"))
        let number = try enter(asked, subject, sink, since: id, seenFrom)
        let channel = asked.channel
        channel.closeFuture.whenComplete { _ in self.leave(number) }
        // who hangs up is noticed at once, not with the next heartbeat
        channel.pipeline.addHandler(HangUp(), position: .first).whenFailure { _ in
            channel.close(promise: nil)
        }
        var reply = Reply(bytes: [], type: "text/event-stream", isTagged: false)
        if let name = HTTPField.Name("X-Accel-Buffering") { reply.headers[name] = "no" }
        reply.stream = ResponseBody { writer in
            defer { self.leave(number) }
            for await frame in frames { try await writer.write(frame) }
            try await writer.finish(nil)
            channel.close(promise: nil)
        }
        return reply
    }

    /// Ends all streams, and the watcher.
    func stop() {
        let (listeners, watcher) = state.withLock { state in
            state.isStopped = true
            defer { (state.listeners, state.members, state.watcher) = ([:], [:], nil) }
            return (Array(state.listeners.values), state.watcher)
        }
        watcher?.cancel()
        for listener in listeners { listener.sink.finish() }
    }

    /// How many listen now.
    var listeners: Int { state.withLock { $0.listeners.count } }

    private func enter(
        _ asked: Asked, _ subject: EventTopic.Subject, _ sink: AsyncStream<ByteBuffer>.Continuation,
        since id: String?, _ seenFrom: Int64
    ) throws -> UInt64 {
        let now = ContinuousClock.now
        let name = asked.bearer.user.name
        return try state.withLock { state in
            let own = state.listeners.values.count { $0.asked.bearer.user.name == name }
            guard !state.isStopped, state.listeners.count < Self.mostListeners,
                own < Self.mostOfUser
            else {
                throw Problem(
                    .busy, "too many streams are open, \(own) of them your own",
                    headers: [.retryAfter: "30"])
            }
            let isHidden = state.topics[subject]?.isHidden(from: seenFrom) ?? false
            let missed = isHidden ? nil : id.flatMap { state.topics[subject]?.missed(since: $0) }
            for frame in missed ?? [] { sink.yield(frame) }
            state.topics[subject, default: EventTopic(used: now)].used = now
            state.number += 1
            var gateway: String?
            if case .gateway(let id) = subject { gateway = id }
            state.listeners[state.number] = Listener(
                asked: asked,
                watch: Watch(tokenHash: asked.bearer.token.hash, gateway: gateway),
                subject: subject, seenFrom: seenFrom, sink: sink, isNew: missed == nil, heard: now)
            state.members[subject, default: []].insert(state.number)
            if state.watcher == nil {
                // `stop` ends it, and nobody waits for it: it only asks the desk
                state.watcher = Task(executorPreference: ServerThreads.shared) {
                    await self.watch()
                }
            }
            return state.number
        }
    }

    private func leave(_ number: UInt64) {
        state.withLock { $0.remove(number) }?.sink.finish()
    }

    private func watch() async {
        var slow = ContinuousClock.now
        while !Task.isCancelled {
            let began = ContinuousClock.now
            do {
                try await lookAtGateways()
                if began >= slow {
                    slow = began.advanced(by: Self.slowInterval)
                    try await endWatches()
                    await lookAtTenants()
                }
            } catch {
                // the desk has told the log; those who listen hear heartbeats
                try? await Task.sleep(for: Self.slowInterval)
            }
            await noteWatched()
            keepAlive()
            try? await Task.sleep(until: began.advanced(by: Self.interval), clock: .continuous)
        }
    }
}

/// What the watcher does.
extension EventDesk {
    /// Lets gateways know that somebody looks, so that they speak more often.
    ///
    /// When the store cannot keep it, as on a full disk, they go on at their own pace; the desk has told the log.
    private func noteWatched() async {
        let now = ContinuousClock.now
        let due = state.withLock { state in
            state.noted = state.noted.filter { now - $0.value < Self.watchedInterval }
            let due = state.members.keys.compactMap { subject -> String? in
                guard case .gateway(let id) = subject, state.noted[id] == nil else { return nil }
                return id
            }
            for id in due { state.noted[id] = now }
            return due
        }
        guard !due.isEmpty else { return }
        let moment = clock()
        let until = moment.addingSaturated(Self.watched.components.seconds * 1000)
        try? await desk.ask { try $0.noteWatched(due, now: moment, until: until) }
    }

    private func lookAtGateways() async throws {
        let (ids, new) = gateways()
        guard !ids.isEmpty else { return }
        let marks = try await desk.ask { try $0.marks(of: ids) }
        let now = clock()
        var known = Dictionary(marks.map { ($0.gateway, $0) }) { first, _ in first }
        for id in ids where known[id] == nil {
            known[id] = GatewayMark(gateway: id)
        }
        let changed = state.withLock { state in
            ids.filter { id in
                guard let mark = known[id], let topic = state.topics[.gateway(id)] else {
                    return false
                }
                let freshness = Freshness(made: mark.newest, mark.quality, now: now)
                return new.contains(id) || topic.mark != mark || topic.freshness != freshness
            }
        }
        // in parts, so that the first do not wait for the last
        for start in stride(from: 0, to: changed.count, by: 32) {
            let part = Array(changed[start..<min(start + 32, changed.count)])
            let samples = try await desk.ask { store in
                try part.map { ($0, try store.newest(of: $0, seenFrom: .min)) }
            }
            for (id, sample) in samples {
                if let mark = known[id] { tell(id, mark, sample) }
            }
        }
    }

    /// The gateways that are looked at, and those of them where somebody is new.
    private func gateways() -> (ids: [String], new: Set<String>) {
        let forgotten = ContinuousClock.now.advanced(by: .zero - Self.memory)
        return state.withLock { state in
            var new: Set<String> = []
            for listener in state.listeners.values {
                state.topics[listener.subject]?.used = .now
                if listener.isNew, case .gateway(let id) = listener.subject { new.insert(id) }
            }
            state.topics = state.topics.filter { $0.value.used > forgotten }
            let ids = state.topics.keys.compactMap { subject in
                if case .gateway(let id) = subject { id } else { nil }
            }
            return (ids.sorted(), new)
        }
    }

    private func tell(_ id: String, _ mark: GatewayMark, _ sample: NewestSample?) {
        let now = clock()
        let live = LiveDocument(gateway: id, newest: sample, now: now).bytes
        let alarms = Documents.alarmCount(mark.alarms)
        let freshness = Freshness(made: mark.newest, mark.quality, now: now)
        state.withLock { state in
            guard var topic = state.topics[.gateway(id)] else { return }
            var frames: [ByteBuffer] = []
            let isAnother =
                topic.mark.map {
                    ($0.epoch, $0.sequence, $0.newest) != (mark.epoch, mark.sequence, mark.newest)
                } ?? true
            if isAnother || topic.freshness != freshness { frames.append(topic.tell("live", live)) }
            if topic.mark?.alarms != mark.alarms { frames.append(topic.tell("alarms", alarms)) }
            (topic.mark, topic.freshness) = (mark, freshness)
            let whole = [topic.frame("live", live), topic.frame("alarms", alarms)]
            state.topics[.gateway(id)] = topic
            // to who came after the newest sample it is as if there were none
            let none = LiveDocument(gateway: id, newest: nil, now: now).bytes
            let unseen = [topic.frame("live", none), topic.frame("alarms", alarms)]
            send(.gateway(id), frames, whole: whole, unseen: unseen, &state)
        }
    }

    private func lookAtTenants() async {
        guard let summary else { return }
        let asked = state.withLock { state in
            state.listeners.values.reduce(into: [String: Asked]()) { all, listener in
                if case .tenant(let id) = listener.subject { all[id] = listener.asked }
            }
        }
        for (id, asked) in asked {
            guard let reply = try? await summary(asked.later(clock()), desk) else { continue }
            state.withLock { state in
                guard var topic = state.topics[.tenant(id)] else { return }
                let isSame = topic.document == reply.bytes
                let frames = isSame ? [] : [topic.tell("fleet", reply.bytes)]
                topic.document = reply.bytes
                state.topics[.tenant(id)] = topic
                send(
                    .tenant(id), frames, whole: [topic.frame("fleet", reply.bytes)], &state)
            }
        }
    }

    private func endWatches() async throws {
        let watches = state.withLock { state in Set(state.listeners.values.map(\.watch)) }
        guard !watches.isEmpty else { return }
        let now = clock()
        let ended = try await desk.ask { try $0.endedWatches(watches, now: now) }
        guard !ended.isEmpty else { return }
        state.withLock { state in
            for (number, listener) in state.listeners where ended.contains(listener.watch) {
                listener.sink.yield(ByteBuffer(string: "event: session_ended\ndata: {}\n\n"))
                listener.sink.finish()
                state.remove(number)
            }
        }
    }

    private func keepAlive() {
        let now = ContinuousClock.now
        state.withLock { state in
            for (number, listener) in state.listeners
            where listener.heard.duration(to: now) >= heartbeat {
                send([ByteBuffer(string: ":\n\n")], to: number, &state)
            }
        }
    }

    private func send(
        _ subject: EventTopic.Subject, _ frames: [ByteBuffer], whole: [ByteBuffer],
        unseen: [ByteBuffer] = [], _ state: inout State
    ) {
        let topic = state.topics[subject]
        for number in state.members[subject] ?? [] {
            let listener = state.listeners[number]
            let isHidden = topic?.isHidden(from: listener?.seenFrom ?? .min) == true
            send(
                isHidden ? unseen : listener?.isNew == true ? whole : frames, to: number, &state)
        }
    }

    /// Who has too much waiting is cut (rule 3).
    private func send(_ frames: [ByteBuffer], to number: UInt64, _ state: inout State) {
        guard !frames.isEmpty, let listener = state.listeners[number] else { return }
        state.listeners[number]?.isNew = false
        state.listeners[number]?.heard = .now
        for frame in frames {
            guard case .dropped = listener.sink.yield(frame) else { continue }
            state.remove(number)
            listener.sink.finish()
            listener.asked.channel.close(promise: nil)
            log.info(
                "a stream was cut, its reader does not keep up",
                metadata: ["user.name": "\(listener.asked.bearer.user.name)"])
            return
        }
    }
}

extension Asked {
    /// The same, asked again.
    fileprivate func later(_ now: Int64) -> Asked {
        Asked(
            request: request, bearer: bearer, parameter: parameter, now: now,
            bodySeconds: bodySeconds, house: house, channel: channel)
    }
}

/// Closes a connection when the other end says that nothing more comes from it.
private final class HangUp: ChannelInboundHandler, Sendable {
    typealias InboundIn = Any

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed {
            context.channel.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }
}
