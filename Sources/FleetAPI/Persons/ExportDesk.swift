import FleetStore
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// Gives people what the fleet holds of them, as one file that is made while it is sent.
///
/// 1. Memory is that of one page, however many years there are; what the reader does not take is not read.
/// 2. Nobody has two on the way, and the store rests between pages as long as one took.
/// 3. Who hangs up, takes nothing for a minute, or may not ask any more, gets nothing more; a file is whole when
///    its last line says so.
final class ExportDesk: Sendable {
    /// Files on the way at once.
    static let most = 4
    /// How long one may wait for its reader.
    static let patience = TimeAmount.seconds(60)
    /// The longest rest between pages.
    private static let longestRest = Duration.seconds(1)

    private struct State {
        /// Whose files are on the way, and by which number.
        var running: [String: UInt64] = [:]
        var number: UInt64 = 0
        var isStopped = false
    }

    private let log: Logger
    private let clock: @Sendable () -> Int64
    private let state = Mutex(State())

    /// `clock` gives Unix time in milliseconds.
    init(log: Logger, clock: @escaping @Sendable () -> Int64) {
        self.log = log
        self.clock = clock
    }

    /// How many are on the way now.
    var running: Int { state.withLock { $0.running.count } }

    /// Ends all that are on the way after their page.
    func stop() { state.withLock { $0.isStopped = true } }

    /// The file for whoever asks; throws a ``Problem`` when there are too many.
    func export(_ asked: Asked, _ desk: ViewDesk) async throws -> Reply {
        let name = asked.bearer.user.name
        let number = try enter(name)
        let channel = asked.channel
        channel.closeFuture.whenComplete { _ in self.leave(name, number) }
        let reader = ExportReader(asked: asked, desk: desk, clock: clock)
        let head: ExportReader.Person
        do {
            head = try await reader.person()
        } catch {
            leave(name, number)
            throw error
        }
        var reply = Reply(bytes: [], type: "application/x-ndjson", isTagged: false)
        reply.headers[.contentDisposition] = "attachment; filename=\"amphora-\(name).ndjson\""
        reply.stream = ResponseBody { writer in
            defer { self.leave(name, number) }
            do {
                try await reader.read(head) { page in
                    try await Self.write(page.bytes, to: &writer, of: channel)
                    guard !self.isStopped else { throw CancellationError() }
                    try await Task.sleep(for: min(page.took, Self.longestRest))
                }
            } catch {
                self.log.info(
                    "a file of what is held of a person was not finished",
                    metadata: ["user.name": "\(name)", "error": "\(error)"])
                throw error
            }
            // before the end, so that whoever has read it may ask again at once
            self.leave(name, number)
            try await writer.finish(nil)
        }
        return reply
    }

    private var isStopped: Bool { state.withLock { $0.isStopped } }

    /// Writes a page, and closes the connection when the reader takes nothing for too long.
    private static func write(
        _ bytes: [UInt8], to writer: inout any ResponseBodyWriter, of channel: any Channel
    ) async throws {
        let end = channel.eventLoop.scheduleTask(in: patience) { channel.close(promise: nil) }
        defer { end.cancel() }
        try await writer.write(ByteBuffer(bytes: bytes))
    }

    private func enter(_ name: String) throws -> UInt64 {
        try state.withLock { state in
            guard !state.isStopped, state.running[name] == nil, state.running.count < Self.most
            else {
                throw Problem(
                    .busy,
                    state.running[name] == nil
                        ? "too many files are on the way" : "a file for you is on the way",
                    headers: [.retryAfter: "10"])
            }
            state.number += 1
            state.running[name] = state.number
            return state.number
        }
    }

    private func leave(_ name: String, _ number: UInt64) {
        state.withLock { state in
            if state.running[name] == number { state.running[name] = nil }
        }
    }
}
