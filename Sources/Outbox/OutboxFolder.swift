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

    /// Tells one file from another that later bears the same name; 0 when there is none.
    static func identity(_ path: String) -> UInt64 {
        var status = stat()
        return stat(path, &status) == 0 ? UInt64(status.st_ino) : 0
    }

    private static func size(_ path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }
}

/// A damaged database that was put out of the way for later rescue.
package struct SetAsideFile: Hashable, Sendable {
    /// Where it lies now; its log lies beside it.
    package let path: String
    /// What was wrong with it.
    package let reason: String

    /// Renames a database and its log after the time; nothing is deleted (outbox rule 6).
    static func move(
        _ path: String, wallMilliseconds: Int64, _ reason: String
    ) throws(OutboxError) -> SetAsideFile {
        var number = 0
        var target = "\(path).damaged-\(wallMilliseconds)"
        while access(target, F_OK) == 0 {
            number += 1
            target = "\(path).damaged-\(wallMilliseconds)-\(number)"
        }
        for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
            guard rename(path + suffix, target + suffix) == 0 else {
                let detail = String(cString: strerror(errno))
                let operation = "set the damaged file aside as '\(target)'"
                if errno == EROFS { throw .readOnly(path: path, operation: operation) }
                throw .failed(path: path, operation: operation, detail: detail)
            }
        }
        return SetAsideFile(path: target, reason: reason)
    }
}
