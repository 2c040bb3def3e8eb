import CutPoints
import Glibc

/// The folder in which the identity lies, and the few deeds that change it.
///
/// 1. A reader, `kill -9` or a power cut at any moment finds an old file or link or the new one, whole.
/// 2. What a deed has done is on the disk, names included, before it returns.
/// 3. Keys and tokens are readable for their owner alone from the first byte on.
package struct IdentityFolder: Sendable {
    /// What is asked before each change: 0 goes on, anything else is the `errno` of a disk that fails.
    package typealias Step = @Sendable () -> Int32

    /// The absolute path.
    package let path: String
    private let step: Step

    /// Names the folder; nothing is made yet.
    ///
    /// `step` lets a test cut or fill the disk before any change.
    package init(
        _ path: String,
        step: @escaping Step = {
            CutPoint.pass("identity-step")
            return 0
        }
    ) {
        self.path = path
        self.step = step
    }

    /// The path of something in the folder.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The bytes of a file no longer than `limit` bytes.
    package func read(_ name: String, limit: Int) throws(ProvisioningError) -> [UInt8] {
        let path = file(name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("read", path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.failure("read", path) }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= limit else {
                throw ProvisioningError(
                    .storage, "cannot read '\(path)': longer than \(limit) bytes")
            }
        }
    }

    /// Whether there is something of this name, a link without a goal included.
    package func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(file(name), &status) == 0
    }

    /// Where a link leads, as it is written; nil when there is no link.
    package func goal(of link: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = bytes.withUnsafeMutableBytes { room in
            room.withMemoryRebound(to: CChar.self) { letters in
                letters.baseAddress.map { readlink(file(link), $0, letters.count) } ?? -1
            }
        }
        guard count > 0, count < bytes.count else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The names in the folder or in a folder below it, in order; none when it is not there.
    package func names(in folder: String = "") -> [String] {
        guard let listing = opendir(file(folder)) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

// MARK: changes

extension IdentityFolder {
    /// Makes the folder itself and those above it, where they are missing.
    package func make() throws(ProvisioningError) {
        let above = Self.parent(of: path)
        if access(path, F_OK) == 0 { return }
        if above != path, access(above, F_OK) != 0 {
            try IdentityFolder(above, step: step).make()
        }
        try proceed("make", path)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw Self.failure("make", path) }
        try sync(Self.parent(of: path))
    }

    /// Makes a folder in it, for its owner alone.
    package func makeFolder(_ name: String) throws(ProvisioningError) {
        try proceed("make", file(name))
        guard mkdir(file(name), 0o700) == 0 else { throw Self.failure("make", file(name)) }
        try sync(Self.parent(of: file(name)))
    }

    /// Writes a file whole, in place of an older one.
    package func write(
        _ name: String, _ bytes: [UInt8], mode: mode_t
    ) throws(ProvisioningError) {
        let path = file(name)
        let draft = path + ".new"
        try proceed("write", draft)
        unlink(draft)  // of an earlier attempt, perhaps with another mode
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard descriptor >= 0 else { throw Self.failure("write", draft) }
        do throws(ProvisioningError) {
            defer { close(descriptor) }
            try write(bytes, to: descriptor, draft)
        } catch {
            unlink(draft)
            throw error
        }
        try proceed("write", path)
        guard rename(draft, path) == 0 else { throw Self.failure("write", path) }
        try sync(Self.parent(of: path))
    }

    /// Lets a link lead to another name in the folder, in one step.
    package func link(_ name: String, to goal: String) throws(ProvisioningError) {
        let draft = file(name) + ".new"
        try proceed("write", draft)
        unlink(draft)
        guard symlink(goal, draft) == 0 else { throw Self.failure("write", draft) }
        try proceed("write", file(name))
        guard rename(draft, file(name)) == 0 else { throw Self.failure("write", file(name)) }
        try sync(path)
    }

    /// Removes a file or link; one that is not there is no error.
    package func remove(_ name: String) throws(ProvisioningError) {
        try proceed("remove", file(name))
        guard unlink(file(name)) == 0 || errno == ENOENT else {
            throw Self.failure("remove", file(name))
        }
        try sync(Self.parent(of: file(name)))
    }

    /// Removes a folder of files.
    package func removeFolder(_ name: String) throws(ProvisioningError) {
        for entry in names(in: name) { try remove("\(name)/\(entry)") }
        try proceed("remove", file(name))
        guard rmdir(file(name)) == 0 || errno == ENOENT else {
            throw Self.failure("remove", file(name))
        }
        try sync(path)
    }

    private func write(
        _ bytes: [UInt8], to descriptor: Int32, _ draft: String
    ) throws(ProvisioningError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try proceed("write", draft)
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", draft) }
            rest = rest.dropFirst(count)
        }
        try proceed("write", draft)
        guard fsync(descriptor) == 0 else { throw Self.failure("write", draft) }
    }

    private func sync(_ folder: String) throws(ProvisioningError) {
        try proceed("keep", folder)
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failure("keep", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("keep", folder) }
    }

    private func proceed(_ verb: String, _ path: String) throws(ProvisioningError) {
        let code = step()
        guard code == 0 else { throw Self.failure(verb, path, code) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func failure(
        _ verb: String, _ path: String, _ code: Int32 = errno
    ) -> ProvisioningError {
        ProvisioningError(
            .storage, "cannot \(verb) '\(path)': \(String(cString: strerror(code)))")
    }
}
