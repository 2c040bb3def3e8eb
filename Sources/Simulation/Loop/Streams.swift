import Glibc

/// Non-blocking reading and writing of descriptors that a ``Reactor`` watches.
enum Streams {
    /// What a read brought.
    enum Outcome {
        case bytes([UInt8])
        /// Nothing now.
        case nothing
        /// The other side is gone.
        case ended
    }

    /// Makes reads and writes of a descriptor return at once.
    static func makeNonBlocking(_ descriptor: Int32) {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    }

    /// Reads what there is, at most 4096 bytes.
    static func read(_ descriptor: Int32) -> Outcome {
        var chunk = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(descriptor, &chunk, chunk.count)
        if count > 0 { return .bytes(Array(chunk[..<count])) }
        if count < 0, errno == EAGAIN || errno == EINTR { return .nothing }
        return .ended
    }

    /// Writes what fits now and returns how many bytes that was; the rest is the caller's to drop,
    /// as a serial line drops what nobody takes.
    @discardableResult
    static func write(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        var sent = bytes.startIndex
        while sent < bytes.endIndex {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            sent += count
        }
        return sent - bytes.startIndex
    }
}
