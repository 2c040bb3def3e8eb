import Glibc

/// Keeps the kernel from holding wake-up bytes that nobody reads.
///
/// libmosquitto makes a pair of sockets for each client and writes a byte into it with each packet,
/// to wake a thread of its own that we do not use; after a few hundred packets the kernel holds
/// 213 kB for each gateway (seen with 2.0.11). The library does not name the pair. It is found as the
/// two lowest descriptors that were free, which is where new ones go, and gets the smallest buffer
/// there is. A library that makes the pair for its own loop only would allow removing this.
enum WakePair {
    /// Makes a client with `body` and shrinks the pair that it opens; `descriptor` is any open one.
    static func shrink<Client, Failure>(
        _ descriptor: Int32, _ body: () throws(Failure) -> Client
    ) throws(Failure) -> Client {
        let free = [dup(descriptor), dup(descriptor)]
        for copy in free where copy >= 0 { close(copy) }
        let client = try body()
        for candidate in free where isLocalSocket(candidate) {
            var least: Int32 = 1
            setsockopt(candidate, SOL_SOCKET, SO_SNDBUF, &least, 4)
        }
        return client
    }

    private static func isLocalSocket(_ descriptor: Int32) -> Bool {
        var domain: Int32 = 0
        var size = socklen_t(4)
        return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0
            && domain == AF_UNIX
    }
}
