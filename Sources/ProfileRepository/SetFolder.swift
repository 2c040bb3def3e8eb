import CertificateAuthority
import Glibc
import ProfileSet

/// A profile set as its author has it: a folder.
package enum SetFolder {
    /// Every file by its path below the folder, and why others could not be read.
    ///
    /// Reads at most the files a set may have and one more, which is enough to refuse it.
    package static func read(
        _ path: String
    ) throws -> (files: [String: [UInt8]], unread: [SetFault]) {
        guard kind(path) == S_IFDIR else {
            throw RepositoryError.request("'\(path)' is no folder of a profile set")
        }
        var files: [String: [UInt8]] = [:]
        var unread: [SetFault] = []
        var waiting = try DurableFile.names(in: path).reversed().map { ($0, 1) }
        while let (name, depth) = waiting.popLast(), files.count <= SetLimits.files {
            let full = "\(path)/\(name)"
            switch kind(full) {
            case S_IFDIR where depth < 4:
                waiting += try DurableFile.names(in: full).reversed()
                    .map { ("\(name)/\($0)", depth + 1) }
            case S_IFREG:
                do throws(AuthorityError) {
                    files[name] = try DurableFile.read(full, limit: SetLimits.fileBytes)
                } catch {
                    unread.append(SetFault(file: name, "cannot be read: \(error)"))
                }
            default:
                unread.append(SetFault(file: name, "is neither a file nor a folder of a set"))
            }
        }
        return (files, unread)
    }

    private static func kind(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }
}
