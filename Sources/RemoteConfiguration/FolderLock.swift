import GatewaySettings
import Glibc

/// Keeps a second program from changing the documents; given back when it is let go of.
///
/// The kernel takes it back from a program that ends, however it ends.
package final class FolderLock: Sendable {
    private let descriptor: Int32

    /// Takes the lock of a folder, which is made if need be; nil when another program has it.
    package init?(_ folder: ConfigurationFolder) throws(FileError) {
        folder.makeFolders()
        let path = "\(folder.path)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError(writing: path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
    }

    /// Unlocks before it closes: a child that is being started at this moment still has a copy of the
    /// descriptor, and the lock would stay until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }
}
