import Glibc

/// Takes commands, one a line, on a Unix socket and answers each with one line.
final class ControlSocket {
    /// Obeys one command at once and returns the answer.
    typealias Handler = (String) throws(SimulationError) -> String

    private let path: String
    private let listener: Int32
    private let reactor: Reactor
    private let handler: Handler
    private var pending: [Int32: [UInt8]] = [:]

    /// The longest command.
    private static let longestLine = 4096

    init(path: String, reactor: Reactor, handler: @escaping Handler) throws(SimulationError) {
        self.path = path
        self.reactor = reactor
        self.handler = handler
        listener = try Sockets.listenLocal(path)
        reactor.watch(listener, for: POLLIN) { [unowned self] _ in welcome() }
    }

    deinit {
        for descriptor in pending.keys { close(descriptor) }
        close(listener)
        unlink(path)
    }

    private func welcome() {
        guard let descriptor = Sockets.accept(listener) else { return }
        pending[descriptor] = []
        reactor.watch(descriptor, for: POLLIN) { [unowned self] _ in listen(to: descriptor) }
    }

    private func listen(to descriptor: Int32) {
        switch Streams.read(descriptor) {
        case .nothing: return
        case .ended: hangUp(descriptor)
        case .bytes(let bytes):
            var text = (pending[descriptor] ?? []) + bytes
            while let end = text.firstIndex(of: 0x0A) {
                answer(String(decoding: text[..<end], as: UTF8.self), descriptor)
                text.removeFirst(end + 1)
            }
            pending[descriptor] = text
            if text.count > Self.longestLine { hangUp(descriptor) }
        }
    }

    private func answer(_ line: String, _ descriptor: Int32) {
        var reply: String
        do {
            reply = try handler(line)
        } catch {
            reply = "error: \(error)"
        }
        reply += "\n"
        send(Array(reply.utf8)[...], descriptor)
    }

    /// A status of sixteen packs is longer than a socket takes at once from a slow reader.
    private func send(_ bytes: ArraySlice<UInt8>, _ descriptor: Int32) {
        var rest = bytes.dropFirst(Streams.write(descriptor, bytes))
        var patience = 20
        while !rest.isEmpty, patience > 0 {
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, 50) > 0 else { break }
            rest = rest.dropFirst(Streams.write(descriptor, rest))
            patience -= 1
        }
    }

    private func hangUp(_ descriptor: Int32) {
        reactor.unwatch(descriptor)
        pending[descriptor] = nil
        close(descriptor)
    }
}

/// The other end of a control socket.
package enum ControlClient {
    /// Sends one command and returns the answer without its line end; waits so long for it.
    package static func tell(
        _ command: String, path: String, milliseconds: Int = 5000
    ) throws(SimulationError) -> String {
        let descriptor = try Sockets.connectLocal(path)
        defer { close(descriptor) }
        var patience = timeval(tv_sec: milliseconds / 1000, tv_usec: milliseconds % 1000 * 1000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        let line = Array((command.filter { $0 != "\n" } + "\n").utf8)
        guard Streams.write(descriptor, line[...]) == line.count else {
            throw .system("write to '\(path)'")
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        while answer.last != 0x0A, case .bytes(let more) = Streams.read(descriptor) {
            answer += more
        }
        if answer.last == 0x0A { answer.removeLast() }
        return String(decoding: answer, as: UTF8.self)
    }
}
