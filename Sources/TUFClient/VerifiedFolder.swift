import CutPoints
import FileLocks
import Glibc
import TUF

/// A folder in which a client keeps what it has verified: metadata or targets.
///
/// 1. A file is there whole or not at all, whenever the power goes.
/// 2. Only verified bytes are written, as they were received.
/// 3. Names are quoted by whoever writes, so that no repository chooses a place on the disk.
/// 4. Nothing else in the folder has a name that ends in `.json`.
package final class VerifiedFolder {
    /// The longest file that is read, in bytes.
    private static var longestFile: Int { 64 << 20 }

    /// The folder.
    package let path: String
    private let lock: FileLock
    /// The folder, open and locked for as long as this object lives.
    private var descriptor: Int32 { lock.descriptor }

    /// Opens a folder, makes it where there is none, and keeps other processes out of it.
    package init(_ path: String) throws(TUFFault) {
        self.path = path
        try Self.make(path)
        do {
            lock = try FileLock.take(path, O_RDONLY | O_DIRECTORY)
        } catch {
            switch error {
            case .open(let code): throw Self.failed("open the folder", path, code)
            case .held: throw .storage("another process is at work in '\(path)'")
            case .lock(let code): throw Self.failed("lock the folder", path, code)
            }
        }
        removeDrafts()
    }

    /// The bytes of a file; nil when there is none, or when it cannot be read.
    ///
    /// What cannot be read is treated like what is not there: the repository has it.
    package func read(_ name: String) -> [UInt8]? {
        let file = openat(descriptor, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Self.longestFile
        else { return nil }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= Self.longestFile {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
        return nil
    }

    /// Puts a file in place; it is on the disk then.
    package func write(_ bytes: [UInt8], _ name: String) throws(TUFFault) {
        guard !name.isEmpty, name != ".", name != "..", !name.utf8.contains(UInt8(ascii: "/"))
        else {
            throw .storage("'\(name)' cannot name a file in '\(path)'")
        }
        let draft = ".\(getpid())-\(UInt32.random(in: 0 ... .max)).new"
        let file = openat(descriptor, draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard file >= 0 else { throw Self.failed("write", "\(path)/\(name)") }
        var isGood = true
        var sent = 0
        while isGood, sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(file, raw.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            isGood = count > 0
            sent += max(0, count)
        }
        CutPoint.pass("metadata-written")
        isGood = isGood && fsync(file) == 0
        let fault = isGood ? nil : Self.failed("write", "\(path)/\(name)")
        close(file)
        CutPoint.pass("metadata-synced")
        if let fault {
            unlinkat(descriptor, draft, 0)
            throw fault
        }
        guard renameat(descriptor, draft, descriptor, name) == 0 else {
            let fault = Self.failed("write", "\(path)/\(name)")
            unlinkat(descriptor, draft, 0)
            throw fault
        }
        CutPoint.pass("metadata-renamed")
        guard fsync(descriptor) == 0 else { throw Self.failed("write the folder", path) }
    }

    /// Takes a file away; one that is not there is no trouble.
    package func remove(_ name: String) throws(TUFFault) {
        guard unlinkat(descriptor, name, 0) == 0 || errno == ENOENT else {
            throw Self.failed("remove", "\(path)/\(name)")
        }
        guard fsync(descriptor) == 0 else { throw Self.failed("write the folder", path) }
    }

    /// Takes away what a process that died has left half written.
    private func removeDrafts() {
        guard let stream = opendir(path) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name.hasPrefix("."), name.hasSuffix(".new") { unlinkat(descriptor, name, 0) }
        }
    }

    /// Makes a folder and those above it.
    private static func make(_ path: String) throws(TUFFault) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw failed("make the folder", path)
        }
        try make(String(path[..<slash]))
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else {
            throw failed("make the folder", path)
        }
    }

    private static func failed(
        _ what: String, _ path: String, _ code: Int32 = errno
    ) -> TUFFault {
        .storage("cannot \(what) '\(path)': \(String(cString: strerror(code)))")
    }
}
