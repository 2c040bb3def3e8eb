import Glibc

/// Why a file could not be read.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file.
    package let path: String
    /// What the system said.
    package let reason: String
    /// `read` or `write`.
    package private(set) var verb = "read"

    /// Why reading failed.
    package init(path: String, reason: String) { (self.path, self.reason) = (path, reason) }

    /// Why writing failed, as `errno` says.
    package init(writing path: String, _ code: Int32 = errno) {
        self.init(path: path, reason: String(cString: strerror(code)))
        verb = "write"
    }

    /// `cannot read '…': No such file or directory`.
    package var description: String { "cannot \(verb) '\(path)': \(reason)" }
}

/// Reads small files whole.
package enum FileBytes {
    /// The bytes of a file no longer than `limit` bytes.
    package static func read(_ path: String, limit: Int) throws(FileError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw FileError(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw FileError(path: path, reason: String(cString: strerror(errno)))
            }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw FileError(path: path, reason: "longer than \(limit) bytes")
            }
        }
    }

    /// Writes a file whole: a reader, or a power cut, finds the old bytes or the new ones.
    package static func replace(_ path: String, with bytes: [UInt8]) throws(FileError) {
        let draft = path + ".new"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(writing: draft) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        let isWritten = rest.isEmpty && fsync(descriptor) == 0
        let error = FileError(writing: draft)
        close(descriptor)
        guard isWritten else {
            unlink(draft)
            throw error
        }
        guard rename(draft, path) == 0 else { throw FileError(writing: path) }
    }
}
