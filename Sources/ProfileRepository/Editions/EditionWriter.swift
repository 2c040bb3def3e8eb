internal import CLinux
import CertificateAuthority
import CutPoints
import Glibc

/// Puts the files of an edition in place: many of them at once, then one look at the disk, then the
/// one that names them.
struct EditionWriter {
    private let folder: String
    private let descriptor: Int32

    /// Writes below a folder.
    init(_ folder: String) throws {
        self.folder = folder
        descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failed("open the folder", folder) }
    }

    /// Closes the folder; nothing is written after that.
    func close() { Glibc.close(descriptor) }

    /// Writes a file that nobody knows yet; it is on the disk after `settle`.
    ///
    /// One of that name that is there already, because a gateway may be fetching it, is replaced at once.
    func write(_ bytes: [UInt8], _ name: String) throws {
        let fresh = openat(
            descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        if fresh >= 0 {
            try fill(fresh, bytes, name)
        } else {
            let draft = name + ".new"
            let file = openat(
                descriptor, draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard file >= 0 else { throw failed("write", "\(folder)/\(name)") }
            try fill(file, bytes, name)
            guard renameat(descriptor, draft, descriptor, name) == 0 else {
                throw failed("write", "\(folder)/\(name)")
            }
        }
        CutPoint.pass("edition-file")
    }

    /// Writes all bytes and closes the file.
    private func fill(_ file: Int32, _ bytes: [UInt8], _ name: String) throws {
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
        let error = isGood ? nil : failed("write", "\(folder)/\(name)")
        guard Glibc.close(file) == 0, error == nil else {
            throw error ?? failed("write", "\(folder)/\(name)")
        }
    }

    /// Brings all that was written to the disk.
    func settle() throws {
        CutPoint.pass("edition-written")
        guard clinux_syncfs(descriptor) == 0 else { throw failed("bring to the disk", folder) }
        CutPoint.pass("edition-settled")
    }

    private func failed(_ what: String, _ path: String) -> AuthorityError {
        .file("cannot \(what) '\(path)': \(String(cString: strerror(errno)))")
    }
}
