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
    private static var look: Int { 20 }

    private let descriptor: Int32

    /// Takes the lock of a folder, which is made if need be; throws ``UpdateError/held(folder:by:)`` when
    /// another program has it for 3 s on end.
    ///
    /// `holder` is this program in words, such as `amphora-gateway run`.
    package init(_ folder: UpdateFolder, _ part: Part, as holder: String) throws(UpdateError) {
        try folder.make()
        let file = folder.file(part.rawValue)
        descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .storage("write", file) }
        var waited = 0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let isHeld = errno == EWOULDBLOCK
            guard isHeld || errno == EINTR, waited < Self.patience else {
                let error: UpdateError =
                    isHeld
                    ? .held(folder: folder.path, by: Self.words(descriptor))
                    : .storage("lock", file)
                close(descriptor)
                throw error
            }
            usleep(UInt32(Self.look * 1000))
            waited += Self.look
        }
        // a full disk keeps nobody from holding it
        _ = ftruncate(descriptor, 0)
        let words = Array("\(holder), process \(getpid())\n".utf8)
        _ = words.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Unlocks before it closes: a child that is being started at this moment still has a copy of the
    /// descriptor, and the lock would stay until it runs its program.
    deinit {
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Who holds it, as the file says.
    private static func words(_ descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 200)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: bytes[..<max(0, count)], as: UTF8.self)
            .prefix { $0 != "\n" && $0.isASCII }
        return text.isEmpty ? "another program" : String(text)
    }
}
