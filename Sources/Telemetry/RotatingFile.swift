import Glibc

/// A file of lines that is rotated by size: `name`, `name.1`, … up to a number of files.
///
/// Nothing here throws into the caller's way: what cannot be written is counted. Lines reach the
/// page cache at once and the disk when the kernel sees fit; the durable copy is the outbox.
package final class RotatingFile {
    private let path: String
    private let mostBytes: Int
    private let mostFiles: Int
    private var descriptor: Int32 = -1
    private var size = 0
    /// Lines that could not be written.
    package private(set) var failures: UInt64 = 0
    /// What the system said last.
    package private(set) var lastError = ""

    /// A file that is begun anew beyond `mostBytes`; `mostFiles` counts the present one.
    package init(path: String, mostBytes: Int, mostFiles: Int) {
        self.path = path
        self.mostBytes = max(1024, mostBytes)
        self.mostFiles = max(1, mostFiles)
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Appends bytes that end with a line end.
    package func append(_ line: [UInt8]) {
        if descriptor < 0 { openFile() }
        if size > 0, size + line.count > mostBytes { rotate() }
        guard descriptor >= 0 else { return fail() }
        let count = line.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count == line.count {
            size += count
        } else {
            fail()
            if count > 0 { _ = ftruncate(descriptor, off_t(size)) }
        }
    }

    private func fail() {
        failures += 1
        lastError = String(cString: strerror(errno))
    }

    private func openFile() {
        descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o640)
        var status = stat()
        size = descriptor >= 0 && fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    private func rotate() {
        close(descriptor)
        descriptor = -1
        for index in stride(from: mostFiles - 1, to: 0, by: -1) {
            rename(index == 1 ? path : "\(path).\(index - 1)", "\(path).\(index)")
        }
        if mostFiles == 1 { unlink(path) }
        openFile()
    }
}
