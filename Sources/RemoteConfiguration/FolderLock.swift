import FileLocks
import GatewaySettings
import Glibc

/// Keeps a second program from changing the documents; given back when it is let go of.
///
/// The kernel takes it back from a program that ends, however it ends.
package final class FolderLock: Sendable {
    private let lock: FileLock

    /// Takes the lock of a folder, which is made if need be; nil when another program has it.
    package init?(_ folder: ConfigurationFolder) throws(FileError) {
        folder.makeFolders()
        let path = "\(folder.path)/lock"
        do {
            lock = try FileLock.take(path, O_RDWR | O_CREAT, mode: 0o644)
        } catch {
            switch error {
            case .held: return nil
            case .open(let code), .lock(let code): throw FileError(writing: path, code)
            }
        }
    }
}
