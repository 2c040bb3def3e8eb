import FileLocks
import Glibc

/// Keeps every other process from changing the identity while this value lives.
///
/// The kernel frees the lock when the process ends, however it ends.
package final class IdentityLock {
    private let lock: FileLock

    /// Takes the lock or says that somebody has it.
    package init(_ folder: IdentityFolder) throws(ProvisioningError) {
        let path = folder.file("lock")
        do {
            lock = try FileLock.take(path, O_RDWR | O_CREAT)
        } catch {
            switch error {
            case .open(let code): throw IdentityFolder.failure("open", path, code)
            case .held:
                throw ProvisioningError(
                    .busy,
                    "another process is changing the identity in '\(folder.path)'; try again")
            case .lock(let code): throw IdentityFolder.failure("lock", path, code)
            }
        }
    }
}
