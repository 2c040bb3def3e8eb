import Glibc
import Passwords

/// Why the password could not be kept or forgotten.
package struct PasswordFileError: Error, CustomStringConvertible {
    /// The sentence for the person who reads it.
    package let description: String
}

/// The file with the slow hash of the one password of a gateway.
///
/// 1. It is there whole or not at all: written beside, brought to the disk, then given its name.
/// 2. What is damaged is no password and no first use either: only somebody at the machine can take it away.
/// 3. Of several who set the first password at once, one does.
package struct PasswordFile: Sendable {
    /// What the file says.
    package enum Contents: Hashable, Sendable {
        /// There is none: nobody has set a password yet.
        case none
        /// The hash of the password.
        case hash(String)
        /// Why it cannot be used.
        case damaged(String)
    }

    /// Where it is.
    package let path: String

    /// A file at an absolute path.
    package init(path: String) { self.path = path }

    /// Reads it.
    package func read() -> Contents {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
        guard descriptor >= 0 else {
            if errno == ENOENT { return .none }
            return .damaged("cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 513)
        let count = bytes.withUnsafeMutableBytes {
            Glibc.read(descriptor, $0.baseAddress, $0.count)
        }
        guard count >= 0 else {
            return .damaged("cannot read '\(path)': \(String(cString: strerror(errno)))")
        }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self)
        let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
        guard text.hasSuffix("\n"), PasswordHash.isWhole(line) else {
            return .damaged("'\(path)' has no hash of a password")
        }
        return .hash(line)
    }

    /// Sets the first password; false when there is one, or something else of that name, already.
    package func setFirst(_ hash: String) throws(PasswordFileError) -> Bool {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let draft = "\(path).new"
        mkdir(folder, 0o700)
        let descriptor = open(
            draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw failure("write", draft) }
        defer { unlink(draft) }
        let bytes = Array("\(hash)\n".utf8)
        let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        let isWritten =
            count == bytes.count && fchmod(descriptor, 0o600) == 0 && fsync(descriptor) == 0
        let reason = errno
        guard close(descriptor) == 0, isWritten else {
            errno = reason
            throw failure("write", draft)
        }
        // unlike a renaming, gives no name away that is taken
        guard link(draft, path) == 0 else {
            if errno == EEXIST { return false }
            throw failure("name", path)
        }
        try keep(folder)
        return true
    }

    /// Forgets the password; false when there was none.
    package func remove() throws(PasswordFileError) -> Bool {
        guard unlink(path) == 0 else {
            if errno == ENOENT { return false }
            throw failure("remove", path)
        }
        try keep(path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".")
        return true
    }

    private func keep(_ folder: String) throws(PasswordFileError) {
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("write the folder", folder) }
    }

    private func failure(_ what: String, _ place: String) -> PasswordFileError {
        PasswordFileError(
            description: "cannot \(what) '\(place)': \(String(cString: strerror(errno)))")
    }
}
