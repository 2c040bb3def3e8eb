import CANBus
import Glibc

/// A log file in candump's format that starts anew when it has grown large.
///
/// `can.log` is the newest, `can.log.1` the one before. Lines end in `R` or `T` for received or
/// sent, as `candump -L -x` writes them, so canplayer, cantools and python-can read the files. One
/// thread owns it; its calls wait for the disk.
package final class CandumpFile {
    /// The newest file.
    package let path: String
    private let interface: String
    private let maximumBytes: Int
    private let kept: Int
    private var descriptor: Int32 = -1
    private var size = 0
    private var buffer: [UInt8] = []
    private var scratch: [CandumpLog.Record] = []

    /// Names the file; `kept` older files of `maximumBytes` each stay beside it.
    ///
    /// `interface` is the bus's name in the lines. White space and slashes in it become `_`.
    package init(path: String, interface: String, maximumBytes: Int = 8 << 20, kept: Int = 3) {
        self.path = path
        self.interface = String(
            interface.split(separator: "/").last?.map { $0.isWhitespace ? "_" : $0 } ?? [
                "c", "a", "n",
            ])
        self.maximumBytes = max(4096, maximumBytes)
        self.kept = max(0, kept)
        buffer.reserveCapacity(Self.chunk + 128)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Bytes gathered before they are written.
    private static let chunk = 32_768

    /// Adds a line; it may stay in memory until `flush`.
    package func write(_ record: CandumpLog.Record) throws(BusError) {
        let line = Candump.line(
            record.frame, interface: interface, microseconds: record.microseconds)
        buffer.append(contentsOf: line.utf8)
        buffer.append(
            contentsOf: record.direction == .sent ? [0x20, 0x54, 0x0A] : [0x20, 0x52, 0x0A])
        if buffer.count >= Self.chunk { try flush() }
    }

    /// Writes what is in memory, and starts a new file when this one is full.
    package func flush() throws(BusError) {
        guard !buffer.isEmpty else { return }
        defer { buffer.removeAll(keepingCapacity: true) }
        if descriptor >= 0, size + buffer.count > maximumBytes { rotate() }
        if descriptor < 0 { try open() }
        var start = 0
        while start < buffer.count {
            let count = buffer[start...].withUnsafeBytes {
                Glibc.write(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure("write CAN log") }
            start += count
            size += count
        }
    }

    private func open() throws(BusError) {
        descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw failure("open CAN log") }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
        guard size > 0, size + buffer.count > maximumBytes else { return }
        rotate()
        try open()
    }

    private func rotate() {
        close(descriptor)
        descriptor = -1
        guard kept > 0 else {
            unlink(path)
            return
        }
        for number in stride(from: kept - 1, to: 0, by: -1) {
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        rename(path, "\(path).1")
    }

    private func failure(_ operation: String) -> BusError {
        .system(operation: operation, name: path, code: errno)
    }

    /// Lends an empty array with room, so that draining does not allocate each time.
    func takeScratch(_ capacity: Int) -> [CandumpLog.Record] {
        var lent: [CandumpLog.Record] = []
        swap(&lent, &scratch)
        lent.reserveCapacity(capacity)
        return lent
    }

    func giveBack(_ records: inout [CandumpLog.Record]) {
        records.removeAll(keepingCapacity: true)
        swap(&records, &scratch)
    }
}
