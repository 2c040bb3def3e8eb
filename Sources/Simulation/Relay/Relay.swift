import Glibc
import TestKit

/// A TCP relay between a program and its server that can be cut, clogged and slowed.
package final class Relay {
    /// One direction of one connection.
    private final class Way {
        let from: Int32
        let to: Int32
        var waiting: [(due: Int64, bytes: ArraySlice<UInt8>)] = []
        var hasEnded = false

        init(from: Int32, to: Int32) {
            self.from = from
            self.to = to
        }
    }

    private let listener: Int32
    private let target: String
    private let reactor: Reactor
    private var control: ControlSocket?
    private var mode = RelayMode.pass
    private var revert: Int?
    private var ways: [Int32: Way] = [:]
    private var connections: UInt64 = 0
    private var bytesPassed: UInt64 = 0
    private var bytesSwallowed: UInt64 = 0

    /// Reading stops while so many bytes wait for the other side.
    private static let mostWaiting = 1 << 20

    /// Listens at once; `control` is a path for commands.
    package init(
        listen: String, target: String, control: String?, reactor: Reactor
    ) throws(SimulationError) {
        _ = try Sockets.endpoint(target, option: "--target")
        self.target = target
        self.reactor = reactor
        listener = try Sockets.listen(listen, option: "--listen")
        reactor.watch(listener, for: POLLIN) { [unowned self] _ in welcome() }
        if let control {
            self.control = try ControlSocket(path: control, reactor: reactor) {
                [unowned self] (text) throws(SimulationError) -> String in
                obey(try RelayOrder.parse(text))
            }
        }
    }

    deinit {
        for descriptor in ways.keys { close(descriptor) }
        close(listener)
    }

    /// Mode and counts as one line of JSON.
    package var status: String {
        JSONText.object([
            ("mode", JSONText.string(mode.word)), ("open", "\(ways.count / 2)"),
            ("connections", "\(connections)"), ("bytes_passed", "\(bytesPassed)"),
            ("bytes_swallowed", "\(bytesSwallowed)"),
        ])
    }

    private func obey(_ order: RelayOrder) -> String {
        switch order {
        case .status: return status
        case .reset: endAll()
        case .mode(let mode, let milliseconds): change(to: mode, for: milliseconds)
        }
        return "ok"
    }

    private func change(to mode: RelayMode, for milliseconds: Int64?) {
        if let revert { reactor.cancel(revert) }
        revert = milliseconds.map { milliseconds in
            reactor.at(Clock.now() + milliseconds * 1_000_000) { [unowned self] in
                self.mode = .pass
            }
        }
        self.mode = mode
        if mode == .cut { endAll() }
    }

    private func endAll() {
        for descriptor in Array(ways.keys) { end(descriptor) }
    }

    private func welcome() {
        guard let near = Sockets.accept(listener) else { return }
        guard mode != .cut, let far = try? Sockets.connect(target, option: "--target") else {
            close(near)
            return
        }
        connections += 1
        for (from, to) in [(near, far), (far, near)] {
            let way = Way(from: from, to: to)
            ways[from] = way
            reactor.watch(from, for: POLLIN) { [unowned self] events in
                if events & Int16(POLLOUT) != 0 { flush(to: from) }
                if events & Int16(POLLIN | POLLHUP | POLLERR) != 0 { read(way) }
            }
        }
    }

    private func read(_ way: Way) {
        switch Streams.read(way.from) {
        case .nothing: break
        case .ended: end(way.from)
        case .bytes(let bytes):
            switch mode {
            case .swallow: bytesSwallowed += UInt64(bytes.count)
            case .cut: end(way.from)
            case .pass: pass(bytes, way, at: 0)
            case .delay(let milliseconds):
                pass(bytes, way, at: Clock.now() + milliseconds * 1_000_000)
            }
        }
    }

    private func pass(_ bytes: [UInt8], _ way: Way, at due: Int64) {
        way.waiting.append((due, bytes[...]))
        send(way)
    }

    private func flush(to descriptor: Int32) {
        guard let own = ways[descriptor], let other = ways[own.to] else { return }
        send(other)
    }

    /// Sends what is due as far as it fits and asks to be called for the rest.
    private func send(_ way: Way) {
        guard ways[way.from] === way else { return }
        let now = Clock.now()
        var isFull = false
        while let first = way.waiting.first, first.due <= now, !isFull {
            let sent = Streams.write(way.to, first.bytes)
            bytesPassed += UInt64(sent)
            isFull = sent < first.bytes.count
            if isFull {
                way.waiting[0].bytes = first.bytes.dropFirst(sent)
            } else {
                way.waiting.removeFirst()
            }
        }
        watch(way.to, alsoWritable: isFull)
        if !isFull, let next = way.waiting.first {
            reactor.at(next.due) { [weak self, weak way] in if let way { self?.send(way) } }
        }
    }

    private func watch(_ descriptor: Int32, alsoWritable: Bool) {
        guard let way = ways[descriptor] else { return }
        let isClogged = way.waiting.reduce(0) { $0 + $1.bytes.count } > Self.mostWaiting
        let events = (isClogged ? 0 : POLLIN) | (alsoWritable ? POLLOUT : 0)
        reactor.watch(descriptor, for: events) { [unowned self] events in
            if events & Int16(POLLOUT) != 0 { flush(to: descriptor) }
            if events & Int16(POLLIN | POLLHUP | POLLERR) != 0 { read(way) }
        }
    }

    private func end(_ descriptor: Int32) {
        guard let way = ways.removeValue(forKey: descriptor) else { return }
        ways[way.to] = nil
        for descriptor in [way.from, way.to] {
            reactor.unwatch(descriptor)
            close(descriptor)
        }
    }
}
