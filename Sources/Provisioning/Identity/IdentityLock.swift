import Glibc

/// Keeps every other process from changing the identity while this value lives.
///
/// The kernel frees the lock when the process ends, however it ends.
package final class IdentityLock {
    private let descriptor: Int32

    /// Takes the lock or says that somebody has it.
    package init(_ folder: IdentityFolder) throws(ProvisioningError) {
        let path = folder.file("lock")
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw IdentityFolder.failure("open", path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw ProvisioningError(
                .busy, "another process is changing the identity in '\(folder.path)'; try again")
        }
    }

    /// Unlocks before it closes: a child that is being started at this moment still has a copy of the
    /// descriptor, and the lock would stay until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
