import FileLocks
import Glibc

/// Keeps a second program from changing the folder of sets; given back when it is let go of.
///
/// The kernel takes it back from a program that ends, however it ends. The file says who holds it, for a
/// person who reads it; whether it is held is the kernel's word alone.
package final class UpdateLock: Sendable {
    /// What is kept to one program at a time.
    package enum Part: String, Sendable {
        /// All that the agent changes.
        case sets = "lock"
        /// The owner's word, which is given beside a running gateway.
        case consent = "consent.lock"
    }

    /// A child that was being started when its gateway was killed holds a copy until it runs its program.
    private static var patience: Int { 3000 }
    private let lock: FileLock

    /// Takes the lock of a folder, which is made if need be; throws ``UpdateError/held(folder:by:)`` when
    /// another program has it for 3 s on end.
    ///
    /// `holder` is this program in words, such as `amphora-gateway run`.
    package init(_ folder: UpdateFolder, _ part: Part, as holder: String) throws(UpdateError) {
        try folder.make()
        let file = folder.file(part.rawValue)
        do {
            lock = try FileLock.take(
                file, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o644, patience: Self.patience)
        } catch {
            switch error {
            case .open(let code): throw .storage("write", file, code)
            case .held(let words): throw .held(folder: folder.path, by: Self.holder(words))
            case .lock(let code): throw .storage("lock", file, code)
            }
        }
        // a full disk keeps nobody from holding it
        _ = ftruncate(lock.descriptor, 0)
        let words = Array("\(holder), process \(getpid())\n".utf8)
        _ = words.withUnsafeBytes { pwrite(lock.descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Who holds it, as the file says.
    private static func holder(_ words: [UInt8]) -> String {
        let text = String(decoding: words, as: UTF8.self).prefix { $0 != "\n" && $0.isASCII }
        return text.isEmpty ? "another program" : String(text)
    }
}
