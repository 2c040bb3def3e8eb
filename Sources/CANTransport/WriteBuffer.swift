import Glibc

/// Bytes on their way to a serial device, bounded; a line goes in whole or not at all.
final class WriteBuffer {
    private let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 2048, alignment: 8)
    private var count = 0

    deinit { bytes.deallocate() }

    /// Whether something is left to write.
    var isEmpty: Bool { count == 0 }

    /// Takes a line; false when it does not fit.
    func append(_ line: SLCANLine) -> Bool {
        guard count + line.count <= bytes.count else { return false }
        for index in 0..<line.count { bytes[count + index] = line[index] }
        count += line.count
        return true
    }

    /// Drops everything: the device is gone.
    func discard() { count = 0 }

    /// Writes what the device takes now; returns 0, or the error number when it is gone.
    func flush(to descriptor: Int32) -> Int32 {
        while count > 0 {
            let written = write(descriptor, bytes.baseAddress, count)
            if written < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? 0 : errno
            }
            if written == 0 { return 0 }
            count -= written
            for index in 0..<count { bytes[index] = bytes[index + written] }
        }
        return 0
    }
}
