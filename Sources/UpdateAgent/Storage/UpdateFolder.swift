import CutPoints
import Glibc

/// The folder with the installed sets, and the few deeds that change it.
///
/// 1. A reader, `kill -9` or a power cut at any moment finds an old file or link or the new one, whole.
/// 2. What a deed has done is on the disk, names included, before it returns.
package struct UpdateFolder: Sendable {
    /// A call of the system that changes the disk.
    package enum Deed: String, CaseIterable, Sendable {
        case make, write, sync, rename, link, unlink
    }

    /// What is asked before each call: 0 goes on, anything else is the `errno` of a disk that fails.
    package typealias Step = @Sendable (Deed, String) -> Int32

    /// The absolute path.
    package let path: String
    private let step: Step

    /// Names the folder; nothing is made yet.
    ///
    /// `step` lets a test cut or fill the disk before any change.
    package init(
        _ path: String,
        step: @escaping Step = { _, _ in
            CutPoint.pass("update-step")
            return 0
        }
    ) {
        self.path = path
        self.step = step
    }

    /// The path of something in the folder; the folder itself without a name.
    package func file(_ name: String) -> String { name.isEmpty ? path : "\(path)/\(name)" }

    /// Whether there is something of this name, a link without a goal included.
    package func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(file(name), &status) == 0
    }

    /// Whether there is a folder of this name, not a link to one.
    package func isFolder(_ name: String) -> Bool {
        var status = stat()
        return lstat(file(name), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Where a link leads, as it is written; nil when there is no link.
    package func goal(of link: String) -> String? {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = bytes.withUnsafeMutableBytes { room in
            room.withMemoryRebound(to: CChar.self) { letters in
                letters.baseAddress.map { readlink(file(link), $0, letters.count) } ?? -1
            }
        }
        guard count > 0, count < bytes.count else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// The names in a folder below, in order; none when it is not there.
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

extension UpdateFolder {
    /// Makes the folder itself and those above it, where they are missing.
    package func make() throws(UpdateError) {
        if access(path, F_OK) == 0 { return }
        let above = Self.parent(of: path)
        if above != path, access(above, F_OK) != 0 {
            try UpdateFolder(above, step: step).make()
        }
        try make(path)
        try sync(path: Self.parent(of: path))
    }

    /// Makes a folder below, which stands in a folder that is there, unless it is there itself.
    package func makeFolder(_ name: String) throws(UpdateError) {
        if isFolder(name) { return }
        try make(file(name))
        try sync(path: Self.parent(of: file(name)))
    }

    /// Makes a folder below whose name does not have to last yet.
    package func makeDraft(_ name: String) throws(UpdateError) { try make(file(name)) }

    /// Writes a file and brings its content to the disk; its name has to be brought there by ``sync(_:)``.
    package func writeDraft(_ name: String, _ bytes: [UInt8]) throws(UpdateError) {
        let path = file(name)
        try proceed(.write, path)
        let descriptor = open(
            path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .storage("write", path) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .storage("write", path) }
            rest = rest.dropFirst(count)
        }
        try proceed(.sync, path)
        guard fsync(descriptor) == 0 else { throw .storage("write", path) }
    }

    /// Writes a file whole, in place of an older one.
    package func replace(_ name: String, _ bytes: [UInt8]) throws(UpdateError) {
        let draft = name + ".new"
        do throws(UpdateError) {
            try writeDraft(draft, bytes)
        } catch {
            // a half file takes the place that is missing
            try? unlink(draft)
            throw error
        }
        try rename(draft, name)
    }

    /// Brings the names in a folder to the disk.
    package func sync(_ folder: String) throws(UpdateError) { try sync(path: file(folder)) }

    /// Gives something another name, and brings both places to the disk.
    package func rename(_ old: String, _ new: String) throws(UpdateError) {
        try proceed(.rename, file(new))
        guard Glibc.rename(file(old), file(new)) == 0 else { throw .storage("rename", file(old)) }
        let (from, to) = (Self.parent(of: file(old)), Self.parent(of: file(new)))
        try sync(path: to)
        if from != to { try sync(path: from) }
    }

    /// Lets a link lead to another name in the folder, in one step.
    package func link(_ name: String, to goal: String) throws(UpdateError) {
        if self.goal(of: name) == goal { return }
        let draft = name + ".new"
        if exists(draft) { try unlink(draft) }
        try proceed(.link, file(draft))
        guard symlink(goal, file(draft)) == 0 else { throw .storage("write", file(draft)) }
        try rename(draft, name)
    }

    /// Removes a file or link; one that is not there is no error.
    package func remove(_ name: String) throws(UpdateError) {
        guard exists(name) else { return }
        try unlink(name)
        try sync(path: Self.parent(of: file(name)))
    }

    /// Removes something with all that is in it; a cut in between leaves less of it.
    package func removeTree(_ name: String) throws(UpdateError) {
        guard isFolder(name) else { return try unlink(name) }
        for entry in names(in: name) { try removeTree("\(name)/\(entry)") }
        try proceed(.unlink, file(name))
        guard rmdir(file(name)) == 0 || errno == ENOENT else {
            throw .storage("remove", file(name))
        }
    }

    private func make(_ path: String) throws(UpdateError) {
        try proceed(.make, path)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw .storage("make", path) }
    }

    private func unlink(_ name: String) throws(UpdateError) {
        try proceed(.unlink, file(name))
        guard Glibc.unlink(file(name)) == 0 || errno == ENOENT else {
            throw .storage("remove", file(name))
        }
    }

    private func sync(path: String) throws(UpdateError) {
        try proceed(.sync, path)
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .storage("keep", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .storage("keep", path) }
    }

    private func proceed(_ deed: Deed, _ path: String) throws(UpdateError) {
        let code = step(deed, path)
        guard code == 0 else { throw .storage(deed.rawValue, path, code) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
