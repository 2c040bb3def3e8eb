import Dispatch
import Glibc
import NIOCore
import Synchronization

/// The folder with signed metadata and targets that is shown to gateways.
///
/// Files are read on a queue of their own and remembered for as long as they stay what they are on the
/// disk: ten thousand gateways that fetch one set cost one reading and one copy.
package final class PublishedFiles: Sendable {
    /// What makes a file the same as before.
    private struct Mark: Hashable {
        let inode: UInt64
        let bytes: Int64
        let seconds: Int64
        let nanoseconds: Int64
    }

    private struct Kept {
        let mark: Mark
        let content: ByteBuffer
    }

    /// The longest file that is shown, in bytes.
    private static var longestFile: Int64 { 16 << 20 }
    /// What is remembered at most, in bytes.
    private static var mostKept: Int { 64 << 20 }

    private let folder: String
    private let queue = DispatchQueue(label: "published")
    private let memory = Mutex<[String: Kept]>([:])

    /// Names the folder `published` of a repository.
    package init(_ folder: String) { self.folder = folder }

    /// The content of a file by the parts of its path; nil when there is none.
    func content(_ parts: [String]) async -> ByteBuffer? {
        guard parts.allSatisfy(Self.isPlain) else { return nil }
        let path = parts.joined(separator: "/")
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.read(path)) }
        }
    }

    /// Whether a part of a path is one of ours: letters, digits and `-._`, not beginning with a dot.
    static func isPlain(_ part: String) -> Bool {
        guard let first = part.utf8.first, first != UInt8(ascii: "."), part.utf8.count <= 200 else {
            return false
        }
        return part.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"):
                true
            default: false
            }
        }
    }

    private func read(_ path: String) -> ByteBuffer? {
        let file = open("\(folder)/\(path)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) <= Self.longestFile
        else { return nil }
        let mark = Mark(
            inode: UInt64(status.st_ino), bytes: Int64(status.st_size),
            seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int64(status.st_mtim.tv_nsec))
        if let kept = memory.withLock({ $0[path] }), kept.mark == mark { return kept.content }
        guard let content = Self.content(file, count: Int(status.st_size)) else { return nil }
        memory.withLock { memory in
            let total = memory.values.reduce(content.readableBytes) {
                $0 + $1.content.readableBytes
            }
            if total > Self.mostKept { memory = [:] }
            memory[path] = Kept(mark: mark, content: content)
        }
        return content
    }

    private static func content(_ file: Int32, count: Int) -> ByteBuffer? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let taken = bytes.withUnsafeMutableBytes { raw in
                Glibc.read(file, raw.baseAddress.map { $0 + filled }, count - filled)
            }
            if taken < 0, errno == EINTR { continue }
            guard taken > 0 else { return nil }
            filled += taken
        }
        return ByteBuffer(bytes: bytes)
    }
}
