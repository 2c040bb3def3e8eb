import Glibc
import Synchronization

/// A TCP proxy on the loopback interface that does to connections what bad networks do.
///
/// A thread of its own moves the bytes and ends with the last reference. Any thread may give orders.
package final class CuttingProxy: Sendable {
    /// What happens to the bytes.
    package enum Mode: Sendable {
        /// They pass.
        case pass
        /// They are taken and go nowhere: the link is half open. New connections are accepted too.
        case swallow
        /// New connections are refused by closing them at once, and the old ones are cut.
        case refuse
    }

    /// Which way bytes go.
    package enum Direction: Sendable {
        /// From the client to the server.
        case up
        /// From the server to the client.
        case down
    }

    fileprivate struct Orders {
        var mode = Mode.pass
        var delayNanoseconds: Int64 = 0
        var cutAfter: [(direction: Direction, bytes: Int)] = []
        var connections = 0
        var cuts = 0
        var isEnding = false
    }

    /// Where clients connect.
    package let port: UInt16
    private let shared: Shared

    fileprivate final class Shared: Sendable {
        let orders = Mutex(Orders())
    }

    /// Starts a proxy to a port of the loopback interface.
    package init(to server: UInt16) throws(TestKitError) {
        let shared = Shared()
        let listener = try LoopbackSocket.listen()
        self.shared = shared
        port = listener.port
        Background.run { ProxyWork(listener.descriptor, server, shared).run() }
    }

    deinit { shared.orders.withLock { $0.isEnding = true } }

    /// What happens to the bytes from now on.
    package func set(_ mode: Mode) { shared.orders.withLock { $0.mode = mode } }

    /// Holds every byte back for so long, in each direction.
    package func delay(milliseconds: Int64) {
        shared.orders.withLock { $0.delayNanoseconds = milliseconds * 1_000_000 }
    }

    /// Cuts the next connection by a reset once so many bytes have gone one way.
    ///
    /// Orders queue up: each new connection takes the next one.
    package func cut(_ direction: Direction, afterBytes bytes: Int) {
        shared.orders.withLock { $0.cutAfter.append((direction, bytes)) }
    }

    /// Connections accepted so far.
    package var connections: Int { shared.orders.withLock { $0.connections } }

    /// Connections cut by order so far.
    package var cuts: Int { shared.orders.withLock { $0.cuts } }
}

/// The proxy's thread.
private final class ProxyWork {
    private let listener: Int32
    private let server: UInt16
    private let shared: CuttingProxy.Shared
    private var pairs: [ProxiedConnection] = []

    init(_ listener: Int32, _ server: UInt16, _ shared: CuttingProxy.Shared) {
        self.listener = listener
        self.server = server
        self.shared = shared
    }

    func run() {
        while true {
            let (mode, delay, isEnding) = shared.orders.withLock {
                ($0.mode, $0.delayNanoseconds, $0.isEnding)
            }
            if isEnding { break }
            if mode == .refuse { endAll() }
            waitForBytes()
            accept(mode)
            for pair in pairs where pair.move(mode, delay: delay) {
                shared.orders.withLock { $0.cuts += 1 }
            }
            pairs.removeAll { $0.isOver }
        }
        endAll()
        close(listener)
    }

    private func endAll() {
        for pair in pairs { pair.end(reset: true) }
        pairs = []
    }

    /// Orders are looked at every 2 ms; delayed bytes leave as punctually.
    private func waitForBytes() {
        var waits = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
        for pair in pairs { waits += pair.waits }
        poll(&waits, nfds_t(waits.count), 2)
    }

    private func accept(_ mode: CuttingProxy.Mode) {
        let client = Glibc.accept(listener, nil, nil)
        if client >= 0 { _ = fcntl(client, F_SETFD, FD_CLOEXEC) }
        guard client >= 0 else { return }
        guard mode != .refuse, let upstream = LoopbackSocket.connect(server) else {
            close(client)
            return
        }
        let order = shared.orders.withLock { orders in
            orders.connections += 1
            return orders.cutAfter.isEmpty ? nil : orders.cutAfter.removeFirst()
        }
        LoopbackSocket.tune(client)
        pairs.append(ProxiedConnection(client: client, server: upstream, cut: order))
    }
}

/// Two sockets and the bytes between them.
private final class ProxiedConnection {
    private struct Lane {
        let from: Int32
        let into: Int32
        let direction: CuttingProxy.Direction
        var held: [(due: Int64, bytes: [UInt8])] = []
        var passed = 0
    }

    private(set) var isOver = false
    private var lanes: [Lane]
    private let cut: (direction: CuttingProxy.Direction, bytes: Int)?

    init(client: Int32, server: Int32, cut: (direction: CuttingProxy.Direction, bytes: Int)?) {
        self.cut = cut
        lanes = [
            Lane(from: client, into: server, direction: .up),
            Lane(from: server, into: client, direction: .down),
        ]
    }

    /// What to wait for: input, but not while much is held back already.
    var waits: [pollfd] {
        lanes.filter { $0.held.count < 4096 }
            .map { pollfd(fd: $0.from, events: Int16(POLLIN), revents: 0) }
    }

    /// Moves what there is; true when the connection was cut by order.
    func move(_ mode: CuttingProxy.Mode, delay: Int64) -> Bool {
        for index in lanes.indices {
            guard receive(index, mode, delay: delay) else {
                end(reset: false)
                return false
            }
            switch send(index) {
            case .open: continue
            case .closed:
                end(reset: false)
                return false
            case .cut:
                end(reset: true)
                return true
            }
        }
        return false
    }

    /// Closes both sides; with `reset` the peers see the connection torn, not closed.
    func end(reset: Bool) {
        guard !isOver else { return }
        isOver = true
        for lane in lanes {
            if reset { LoopbackSocket.closeWithReset(lane.from) } else { close(lane.from) }
        }
    }

    private func receive(_ index: Int, _ mode: CuttingProxy.Mode, delay: Int64) -> Bool {
        guard lanes[index].held.count < 4096 else { return true }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(lanes[index].from, &bytes, bytes.count)
        if count == 0 { return false }
        guard count > 0 else { return errno == EAGAIN || errno == EINTR }
        if mode == .pass {
            lanes[index].held.append((Clock.now() + delay, Array(bytes[..<count])))
        }
        return true
    }

    private enum Outcome { case open, closed, cut }

    private func send(_ index: Int) -> Outcome {
        while let next = lanes[index].held.first, next.due <= Clock.now() {
            var bytes = next.bytes
            var isLast = false
            if let cut, cut.direction == lanes[index].direction {
                let left = cut.bytes - lanes[index].passed
                if left <= bytes.count {
                    bytes = Array(bytes.prefix(left))
                    isLast = true
                }
            }
            let count = bytes.isEmpty ? 0 : write(lanes[index].into, bytes, bytes.count)
            if count < 0 { return errno == EAGAIN ? .open : .closed }
            lanes[index].passed += count
            if isLast, count == bytes.count {
                usleep(2000)  // lets the last bytes arrive before the reset overtakes them
                return .cut
            }
            if count == next.bytes.count {
                lanes[index].held.removeFirst()
            } else {
                lanes[index].held[0].bytes.removeFirst(count)
                return .open
            }
        }
        return .open
    }
}

/// Non-blocking sockets of the loopback interface.
private enum LoopbackSocket {
    static func listen() throws(TestKitError) -> (descriptor: Int32, port: UInt16) {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("open a socket") }
        tune(descriptor)
        var address = self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let outcome = withUnsafeMutableBytes(of: &address) { raw -> Int32 in
            let pointer = raw.assumingMemoryBound(to: sockaddr.self).baseAddress
            return bind(descriptor, pointer, size) | Glibc.listen(descriptor, 64)
                | getsockname(descriptor, pointer, &size)
        }
        guard outcome == 0 else { throw .system("listen on the loopback interface") }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }

    static func connect(_ port: UInt16) -> Int32? {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = self.address(port)
        let outcome = withUnsafeBytes(of: &address) {
            Glibc.connect(
                descriptor, $0.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard outcome == 0 else {
            close(descriptor)
            return nil
        }
        tune(descriptor)
        return descriptor
    }

    static func tune(_ descriptor: Int32) {
        var one: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one,
            socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    static func closeWithReset(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
