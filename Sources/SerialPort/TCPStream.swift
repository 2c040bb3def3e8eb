import Glibc

/// Opens TCP connections to serial servers and Modbus TCP units.
package enum TCPStream {
    /// Connects within `seconds`; resolving a name may take longer and blocks this thread only.
    package static func connect(
        host: String, port: UInt16, seconds: Int32 = 5
    ) throws(LineError) -> ByteStream {
        let name = "\(host):\(port)"
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let outcome = getaddrinfo(host, String(port), &hints, &list)
        guard outcome == 0 else {
            throw LineError(
                .notFound, "cannot find '\(host)': \(String(cString: gai_strerror(outcome)))")
        }
        defer { freeaddrinfo(list) }
        var last = LineError(.notFound, "cannot find '\(host)'")
        var next = list
        while let entry = next {
            switch attempt(entry.pointee, name: name, milliseconds: seconds * 1000) {
            case .success(let stream): return stream
            case .failure(let error): last = error
            }
            next = entry.pointee.ai_next
        }
        throw last
    }

    private static func attempt(
        _ entry: addrinfo, name: String, milliseconds: Int32
    ) -> Result<ByteStream, LineError> {
        // SOCK_NONBLOCK and SOCK_CLOEXEC
        let descriptor = socket(entry.ai_family, entry.ai_socktype | 0o2004000, entry.ai_protocol)
        guard descriptor >= 0 else { return .failure(.system("connect to", name, code: errno)) }
        let stream = ByteStream(descriptor: descriptor, name: name)
        if Glibc.connect(descriptor, entry.ai_addr, entry.ai_addrlen) != 0 {
            guard errno == EINPROGRESS else {
                return .failure(.system("connect to", name, code: errno))
            }
            var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            guard poll(&ready, 1, milliseconds) > 0 else {
                return .failure(
                    LineError(
                        .lost, "'\(name)' did not accept a connection within \(milliseconds) ms"))
            }
            var code: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
            guard code == 0 else { return .failure(.system("connect to", name, code: code)) }
        }
        tune(descriptor)
        return .success(stream)
    }

    /// Sends at once, and notices a dead peer within about a minute.
    private static func tune(_ descriptor: Int32) {
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        let tcp = Int32(IPPROTO_TCP)
        set(tcp, TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(tcp, TCP_KEEPIDLE, 20)
        set(tcp, TCP_KEEPINTVL, 10)
        set(tcp, TCP_KEEPCNT, 4)
    }
}
