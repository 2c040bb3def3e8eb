import Glibc

/// Keeps other programs from what a file or folder stands for, while this object lives.
///
/// An advisory lock as of flock(2), on the open file: a second object in the same process does not get
/// it either. The kernel takes it back from a program that ends, however it ends.
package final class FileLock: Sendable {
    /// Why there is no lock.
    ///
    /// The numbers are those of errno(3).
    package enum Refusal: Error, Equatable {
        /// The file or folder could not be opened.
        case open(Int32)
        /// Another one has it. `words` are the first bytes of the file, at most 200: who, if holders
        /// write that there.
        case held(words: [UInt8])
        /// The file system has no locks, or none left.
        case lock(Int32)
    }

    /// The locked file or folder, open for as long as this object lives.
    package let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    /// Opens and locks the file or folder at `path`.
    ///
    /// `flags` are those of open(2); `O_CLOEXEC` is added. `mode` is for a file that is made. Looks
    /// every 20 ms until `patience`, in milliseconds, is over; nil waits for as long as it takes.
    package static func take(
        _ path: String, _ flags: Int32, mode: mode_t = 0o600, patience: Int? = 0
    ) throws(Refusal) -> FileLock {
        let descriptor = open(path, flags | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw .open(errno) }
        if let refusal = lock(descriptor, patience: patience) {
            // nothing has this descriptor but these lines: closed twice, it might be another's by then
            close(descriptor)
            throw refusal
        }
        return FileLock(descriptor)
    }

    /// Unlocks before it closes: a child that is being started at this moment still has a copy of the
    /// descriptor, and the lock would stay until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    private static var look: Int { 20 }

    private static func lock(_ descriptor: Int32, patience: Int?) -> Refusal? {
        var waited = 0
        while flock(descriptor, patience == nil ? LOCK_EX : LOCK_EX | LOCK_NB) != 0 {
            switch errno {
            case EINTR: continue
            case EWOULDBLOCK:
                guard let patience, waited < patience else {
                    return .held(words: words(descriptor))
                }
                usleep(UInt32(look * 1000))
                waited += look
            default: return .lock(errno)
            }
        }
        return nil
    }

    private static func words(_ descriptor: Int32) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        return Array(bytes[..<max(0, count)])
    }
}
