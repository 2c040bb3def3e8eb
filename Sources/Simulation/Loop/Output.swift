import Glibc

/// Where words go: results to standard output, everything else to standard error.
enum Output {
    /// Writes a remark for people.
    static func note(_ text: String) {
        let line = Array((text + "\n").utf8)
        Streams.write(STDERR_FILENO, line[...])
    }

    /// Writes a result.
    static func result(_ text: String) {
        let line = Array((text + "\n").utf8)
        Streams.write(STDOUT_FILENO, line[...])
    }
}

/// Reads whole files.
enum FileBytes {
    /// The contents of a file of at most 4 MiB.
    static func read(_ path: String) throws(SimulationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system("open '\(path)'") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while case .bytes(let more) = Streams.read(descriptor) {
            bytes += more
            guard bytes.count <= 4 << 20 else {
                throw .file(path: path, fault: "is longer than 4 MiB")
            }
        }
        return bytes
    }
}
