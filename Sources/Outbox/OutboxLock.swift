import FileLocks
import Glibc

/// Keeps a second process from writing the same outbox, which would hand out the same numbers.
///
/// The lock is on a file of its own beside the database and goes with the process, however it ends.
final class OutboxLock {
    private let lock: FileLock

    /// Takes the lock of the outbox at `path`, or throws `busy`.
    init(path: String) throws(OutboxError) {
        let file = path + ".lock"
        do {
            lock = try FileLock.take(file, O_RDWR | O_CREAT)
        } catch {
            switch error {
            case .open(let code): throw Self.error(path, "make '\(file)'", code)
            case .held: throw .busy(path: path, operation: "open the file")
            case .lock(let code): throw Self.error(path, "lock '\(file)'", code)
            }
        }
    }

    private static func error(_ path: String, _ operation: String, _ code: Int32) -> OutboxError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(path: path, operation: operation)
        case EROFS: .readOnly(path: path, operation: operation)
        default:
            .failed(path: path, operation: operation, detail: String(cString: strerror(code)))
        }
    }
}
