import CLinux
import Glibc

/// Why the local status socket could not be used.
package struct StatusError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// The Unix socket on which the gateway tells `watch` how it is doing.
///
/// Every client gets the newest status document as one line of JSON, at once and then with every
/// change. A client that does not read is dropped; it can neither hold up nor grow the gateway.
final class StatusServer {
    private static var mostClients: Int { 8 }
    private static var longestBacklog: Int { 1 << 18 }

    private struct Client {
        let descriptor: Int32
        var unsent: [UInt8] = []
    }

    private let path: String
    private let listener: Int32
    private var clients: [Client] = []

    /// Listens at `path`, replacing a socket that a dead gateway left behind.
    init(path: String) throws(StatusError) {
        self.path = path
        listener = try Self.listen(at: path)
    }

    deinit {
        for client in clients { close(client.descriptor) }
        close(listener)
        unlink(path)
    }

    /// A socket that listens; what it throws leaves nothing open, and another gateway's socket as it is.
    private static func listen(at path: String) throws(StatusError) -> Int32 {
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | 0o2004000, 0)
        guard listener >= 0 else { throw failure("open a socket", path) }
        if isAlive(path) {
            close(listener)
            throw StatusError(
                description: "status socket '\(path)' is in use: another gateway is running")
        }
        unlink(path)
        let bound = UnixAddress.with(path) { address, size in bind(listener, address, size) }
        guard bound == 0, chmod(path, 0o660) == 0, Glibc.listen(listener, 4) == 0 else {
            let failure = failure("listen", path)
            close(listener)
            throw failure
        }
        return listener
    }

    /// Adds what to wait for.
    func addDescriptors(to polls: inout [pollfd]) {
        polls.append(pollfd(reading: listener))
        for client in clients {
            let events = POLLIN | (client.unsent.isEmpty ? 0 : POLLOUT)
            polls.append(pollfd(fd: client.descriptor, events: Int16(events), revents: 0))
        }
    }

    /// Takes new clients, drops gone ones and sends what was left over; true when somebody is new.
    func handleReady(greeting: () -> [UInt8]) {
        while clients.count < Self.mostClients {
            let descriptor = clinux_accept(listener)
            guard descriptor >= 0 else { break }
            clients.append(Client(descriptor: descriptor, unsent: greeting()))
        }
        clients = clients.compactMap { client in
            var client = client
            return Self.isGone(client.descriptor) || !Self.flush(&client)
                ? Self.dropped(client) : client
        }
    }

    /// Sends one line to everybody.
    func publish(_ line: [UInt8]) {
        clients = clients.compactMap { client in
            var client = client
            guard client.unsent.count < Self.longestBacklog else { return Self.dropped(client) }
            client.unsent.append(contentsOf: line)
            return Self.flush(&client) ? client : Self.dropped(client)
        }
    }

    /// Whether anybody listens.
    var hasClients: Bool { !clients.isEmpty }

    private static func dropped(_ client: Client) -> Client? {
        close(client.descriptor)
        return nil
    }

    private static func isGone(_ descriptor: Int32) -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)
    }

    private static func flush(_ client: inout Client) -> Bool {
        while !client.unsent.isEmpty {
            let count = client.unsent.withUnsafeBytes {
                send(client.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0 { return errno == EAGAIN || errno == EINTR }
            client.unsent.removeFirst(count)
        }
        return true
    }

    private static func isAlive(_ path: String) -> Bool {
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard probe >= 0 else { return false }
        defer { close(probe) }
        return UnixAddress.with(path) { connect(probe, $0, $1) } == 0
    }

    private static func failure(_ operation: String, _ path: String) -> StatusError {
        StatusError(
            description:
                "cannot \(operation) at status socket '\(path)': \(String(cString: strerror(errno)))"
        )
    }
}

/// Lends the address structure of a Unix socket to a system call.
enum UnixAddress {
    /// Calls `body` with the address of `path`, which the caller has kept under 108 bytes.
    static func with(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8.prefix(107))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
