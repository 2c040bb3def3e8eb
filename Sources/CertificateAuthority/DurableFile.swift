import CutPoints
import FileLocks
import Glibc

/// Files that are there whole or not at all, whenever the power goes.
package enum DurableFile {
    /// The most bytes of a file that is read.
    package static let mostBytes = 1 << 20

    /// Writes a file beside its place, brings it to the disk, and moves it there.
    ///
    /// With an owner, a user's and a group's number, it never belongs to anybody else at that place.
    package static func write(
        _ bytes: [UInt8], to path: String, mode: mode_t = 0o644, owner: (uid_t, gid_t)? = nil
    ) throws(AuthorityError) {
        let draft = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).new"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard file >= 0 else { throw failed("write", path) }
        var isGood = fchmod(file, mode) == 0
        if let owner { isGood = isGood && fchown(file, owner.0, owner.1) == 0 }
        var sent = 0
        while isGood, sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(file, raw.baseAddress.map { $0 + sent }, bytes.count - sent)
            }
            if count < 0, errno == EINTR { continue }
            isGood = count > 0
            sent += max(0, count)
        }
        CutPoint.pass("file-written")
        isGood = isGood && fsync(file) == 0
        let error = isGood ? nil : failed("write", path)
        close(file)
        CutPoint.pass("file-synced")
        if let error {
            unlink(draft)
            throw error
        }
        guard rename(draft, path) == 0 else {
            let error = failed("write", path)
            unlink(draft)
            throw error
        }
        CutPoint.pass("file-renamed")
        try synchronise(folder: parent(of: path))
    }

    /// Reads a file of at most `limit` bytes, 1 MiB by default.
    package static func read(
        _ path: String, limit: Int = mostBytes
    ) throws(AuthorityError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failed("read", path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failed("read", path) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw .content("'\(path)' is longer than \(limit) bytes")
            }
        }
    }

    /// Whether something lies there.
    package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// Names of what lies in a folder, sorted; none when there is no such folder.
    package static func names(in folder: String) throws(AuthorityError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw failed("read the folder", folder)
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Makes a folder unless it is there; it is on the disk then, unless `isLasting` is false.
    package static func makeFolder(
        _ path: String, mode: mode_t = 0o700, isLasting: Bool = true
    ) throws(AuthorityError) {
        if mkdir(path, mode) == 0 {
            if isLasting { try synchronise(folder: parent(of: path)) }
        } else if errno != EEXIST {
            throw failed("make the folder", path)
        }
    }

    /// Points a link elsewhere, at once; makes it when there is none.
    static func point(link: String, to target: String) throws(AuthorityError) {
        let draft = "\(link).\(getpid())-\(UInt32.random(in: 0 ... .max)).new"
        guard symlink(target, draft) == 0 else { throw failed("make the link", link) }
        CutPoint.pass("link-made")
        guard rename(draft, link) == 0 else {
            let error = failed("move the link", link)
            unlink(draft)
            throw error
        }
        CutPoint.pass("link-moved")
        try synchronise(folder: parent(of: link))
    }

    /// Where a link points to; nil when there is none.
    static func target(ofLink link: String) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { raw in
            guard let place = raw.assumingMemoryBound(to: CChar.self).baseAddress else { return -1 }
            return readlink(link, place, raw.count)
        }
        guard count > 0 else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    /// Removes a file, a link, or a folder with all in it; what is not there is no trouble.
    package static func remove(_ path: String) throws(AuthorityError) {
        if unlink(path) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw failed("remove", path) }
        for name in try names(in: path) { try remove("\(path)/\(name)") }
        guard rmdir(path) == 0 else { throw failed("remove", path) }
    }

    /// Brings the names in a folder to the disk.
    static func synchronise(folder: String) throws(AuthorityError) {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("open the folder", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failed("write the folder", folder) }
    }

    /// The folder a path lies in.
    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The sentence for a system call that has just failed.
    static func failed(_ what: String, _ path: String, _ code: Int32 = errno) -> AuthorityError {
        .file("cannot \(what) '\(path)': \(String(cString: strerror(code)))")
    }
}

/// Keeps others out of a folder until the last reference goes or the process ends.
package final class FolderLock {
    private let lock: FileLock

    /// Locks a file in it, or the folder itself; waits for another process, or throws at once when
    /// `waits` is false.
    package init(_ path: String, isFile: Bool = true, waits: Bool = true) throws(AuthorityError) {
        do {
            lock = try FileLock.take(
                path, isFile ? O_RDWR | O_CREAT : O_RDONLY | O_DIRECTORY, patience: waits ? nil : 0)
        } catch {
            switch error {
            case .open(let code): throw DurableFile.failed("open", path, code)
            case .held: throw .file("another process is at work: '\(path)' is locked")
            case .lock(let code): throw DurableFile.failed("lock", path, code)
            }
        }
    }
}
