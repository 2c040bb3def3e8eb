import Glibc

/// Listening and connecting sockets, all non-blocking.
enum Sockets {
    /// A host and port such as `127.0.0.1:1502` or `[::1]:1502`.
    static func endpoint(_ text: String, option: String) throws(SimulationError) -> (String, String)
    {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...])
        else {
            throw .option(name: option, found: text, expected: "HOST:PORT such as 127.0.0.1:1502")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return (host.isEmpty ? "127.0.0.1" : String(host), String(port))
    }

    /// Listens on a TCP endpoint.
    static func listen(_ text: String, option: String) throws(SimulationError) -> Int32 {
        let (host, port) = try endpoint(text, option: option)
        return try resolve(host, port, "listen on '\(text)'") { descriptor, address, length in
            var one: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
            return bind(descriptor, address, length) == 0 && Glibc.listen(descriptor, 16) == 0
        }
    }

    /// Begins to connect to a TCP endpoint; poll tells when it is done.
    static func connect(_ text: String, option: String) throws(SimulationError) -> Int32 {
        let (host, port) = try endpoint(text, option: option)
        return try resolve(host, port, "connect to '\(text)'") { descriptor, address, length in
            Glibc.connect(descriptor, address, length) == 0 || errno == EINPROGRESS
        }
    }

    /// Takes a waiting connection, or nil.
    static func accept(_ listener: Int32) -> Int32? {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { return nil }
        Streams.makeNonBlocking(descriptor)
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        return descriptor
    }

    private static func resolve(
        _ host: String, _ port: String, _ operation: String,
        _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
    ) throws(SimulationError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, port, &hints, &list)
        guard code == 0, let first = list else {
            throw .system(operation: operation, text: String(cString: gai_strerror(code)))
        }
        defer { freeaddrinfo(list) }
        let entry = first.pointee
        let descriptor = socket(entry.ai_family, entry.ai_socktype, entry.ai_protocol)
        guard descriptor >= 0, let address = entry.ai_addr else { throw .system(operation) }
        Streams.makeNonBlocking(descriptor)
        guard use(descriptor, address, entry.ai_addrlen) else {
            let failure = errno
            close(descriptor)
            throw .system(operation, code: failure)
        }
        return descriptor
    }

    /// Listens on a Unix socket, replacing one that is left over.
    static func listenLocal(_ path: String) throws(SimulationError) -> Int32 {
        let descriptor = try local(path)
        var status = stat()
        if lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK { unlink(path) }
        guard withLocalAddress(path, { bind(descriptor, $0, $1) }) == 0,
            Glibc.listen(descriptor, 8) == 0
        else {
            let failure = errno
            close(descriptor)
            throw .system("listen on '\(path)'", code: failure)
        }
        Streams.makeNonBlocking(descriptor)
        return descriptor
    }

    /// Connects to a Unix socket; local connections are made at once.
    static func connectLocal(_ path: String) throws(SimulationError) -> Int32 {
        let descriptor = try local(path)
        guard withLocalAddress(path, { Glibc.connect(descriptor, $0, $1) }) == 0 else {
            let failure = errno
            close(descriptor)
            throw .system("connect to '\(path)'", code: failure)
        }
        return descriptor
    }

    private static func local(_ path: String) throws(SimulationError) -> Int32 {
        guard path.utf8.count < 108 else {
            throw .option(
                name: "--control", found: path, expected: "a path of at most 107 bytes")
        }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system("open a socket") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        return descriptor
    }

    private static func withLocalAddress(
        _ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { target in
            for (index, byte) in path.utf8.enumerated() where index < target.count - 1 {
                target[index] = byte
            }
        }
        return withUnsafeBytes(of: &address) { raw in
            guard let pointer = raw.assumingMemoryBound(to: sockaddr.self).baseAddress else {
                return -1
            }
            return body(pointer, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
