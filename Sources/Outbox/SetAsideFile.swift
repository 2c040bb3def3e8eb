import Glibc

/// A damaged database that was put out of the way for later rescue.
package struct SetAsideFile: Hashable, Sendable {
    /// Where it lies now; its log lies beside it.
    package let path: String
    /// What was wrong with it.
    package let reason: String
    /// Records that could be read from it and wait in the new file, under their old numbers.
    package let recovered: Int64
    /// Records that could not be read, as far as numbers and counters tell; counted as `damaged`.
    package let lost: Int64

    /// A name for the damaged file that is not taken.
    static func freeName(_ path: String, wallMilliseconds: Int64) -> String {
        var number = 0
        var target = "\(path).damaged-\(wallMilliseconds)"
        while ["", "-wal", "-shm"].contains(where: { access(target + $0, F_OK) == 0 }) {
            number += 1
            target = "\(path).damaged-\(wallMilliseconds)-\(number)"
        }
        return target
    }

    /// Renames a database and its log; nothing is deleted (outbox rule 6).
    static func move(_ path: String, to target: String) throws(OutboxError) {
        for suffix in ["", "-wal", "-shm"] where access(path + suffix, F_OK) == 0 {
            try OutboxFolder.rename(
                path + suffix, to: target + suffix, of: path,
                "set the damaged file aside as '\(target)'")
        }
        OutboxFolder.sync(around: path)
    }
}
