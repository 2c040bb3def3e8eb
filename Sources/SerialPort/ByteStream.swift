import Glibc

/// An open serial device or TCP connection, as bytes in and out.
///
/// One thread owns it. Reading and writing never block; waiting is the caller's, in one `ppoll`
/// together with its stop signal.
package final class ByteStream {
    /// For `poll`.
    package let descriptor: Int32
    /// The device path or endpoint, for errors.
    package let name: String
    private let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 1)

    /// Takes over an open, non-blocking descriptor.
    package init(descriptor: Int32, name: String) {
        self.descriptor = descriptor
        self.name = name
    }

    /// Gives a device's lock back before it closes: a child that is being started at this moment still has
    /// a copy of the descriptor.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
        chunk.deallocate()
    }

    /// Hands every byte that has arrived to `body` until it returns false or there are no more.
    ///
    /// Returns how many bytes were handed over. Throws `lost` when the device or connection is gone.
    package func read(_ body: (UInt8) -> Bool) throws(LineError) -> Int {
        var total = 0
        while true {
            let count = Glibc.read(descriptor, chunk.baseAddress, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                if errno == EAGAIN { return total }
                throw .system("read from", name, code: errno)
            }
            if count == 0 {
                guard total == 0 else { return total }
                throw LineError(.lost, "lost '\(name)': the other side is gone")
            }
            for index in 0..<count {
                total += 1
                if !body(chunk[index]) { return total }
            }
            if count < chunk.count { return total }
        }
    }

    /// Writes all bytes, or throws; a frame is short enough for any driver's buffer.
    package func write(_ bytes: (Int) -> UInt8, count: Int) throws(LineError) {
        var sent = 0
        for index in 0..<min(count, chunk.count) { chunk[index] = bytes(index) }
        while sent < count {
            let outcome = Glibc.write(
                descriptor, chunk.baseAddress?.advanced(by: sent), count - sent)
            if outcome < 0, errno == EINTR { continue }
            if outcome < 0, errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                if poll(&ready, 1, 100) > 0 { continue }
                throw LineError(.lost, "lost '\(name)': it takes no more bytes")
            }
            guard outcome >= 0 else { throw .system("write to", name, code: errno) }
            sent += outcome
        }
    }
}
