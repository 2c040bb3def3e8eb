import Glibc

/// Keeps a second process from writing the same outbox, which would hand out the same numbers.
///
/// The lock is on a file of its own beside the database and goes with the process, however it ends.
final class OutboxLock {
    private let descriptor: Int32

    /// Takes the lock of the outbox at `path`, or throws `busy`.
    init(path: String) throws(OutboxError) {
        let file = path + ".lock"
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.error(path, file) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .busy(path: path, operation: "open the file")
        }
    }

    /// Unlocks before it closes: a child that is being started at this moment still has a copy of the
    /// descriptor, and the lock would stay until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static func error(_ path: String, _ file: String) -> OutboxError {
        let operation = "make '\(file)'"
        switch errno {
        case ENOSPC, EDQUOT: return .diskFull(path: path, operation: operation)
        case EROFS: return .readOnly(path: path, operation: operation)
        default:
            return .failed(
                path: path, operation: operation, detail: String(cString: strerror(errno)))
        }
    }
}
