import Glibc

/// Files and folders around the database.
enum OutboxFolder {
    /// Makes the folder of `path` and those above it, readable by the owner only.
    static func make(for path: String) throws(OutboxError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        var folder = ""
        for (index, part) in parts.enumerated() {
            folder += index == 0 ? String(part) : "/" + part
            if folder.isEmpty || access(folder, F_OK) == 0 { continue }
            if mkdir(folder, 0o700) == 0 || errno == EEXIST { continue }
            switch errno {
            case ENOSPC, EDQUOT: throw .diskFull(path: path, operation: "make '\(folder)'")
            case EROFS: throw .readOnly(path: path, operation: "make '\(folder)'")
            default:
                throw .failed(
                    path: path, operation: "make '\(folder)'",
                    detail: String(cString: strerror(errno)))
            }
        }
    }

    /// Bytes of the database and its log; what does not exist counts nothing.
    static func bytes(of path: String) -> Int64 { size(path) + size(path + "-wal") }

    /// Makes renames in the folder of `path` safe against a power cut, as far as the system can.
    static func sync(around path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// Renames a file, never over another.
    static func rename(
        _ old: String, to new: String, of path: String, _ operation: String
    ) throws(OutboxError) {
        guard access(new, F_OK) != 0, Glibc.rename(old, new) == 0 else {
            switch errno {
            case EROFS: throw .readOnly(path: path, operation: operation)
            case ENOSPC, EDQUOT: throw .diskFull(path: path, operation: operation)
            case let code:
                throw .failed(
                    path: path, operation: operation, detail: String(cString: strerror(code)))
            }
        }
    }

    /// Tells one file from another that later bears the same name; 0 when there is none.
    static func identity(_ path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    /// Bytes of a file; 0 when there is none.
    static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}
