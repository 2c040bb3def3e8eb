import Glibc
import Synchronization

/// The arguments of one `posix_spawnp`.
struct Spawn {
    /// Held from the making of pipes until the child runs: a child started in between would inherit
    /// them and keep them open.
    static let gate = Mutex(())

    let program: String
    let arguments: [String]

    /// Names a program; the shell changes to `directory` and becomes the program.
    init(program: String, arguments: [String], directory: String?) {
        guard let directory else {
            self.program = program
            self.arguments = arguments
            return
        }
        self.program = "/bin/sh"
        self.arguments = ["-c", "cd \"$0\" && exec \"$@\"", directory, program] + arguments
    }

    /// Starts the program with a pipe on each of its standard descriptors.
    func run(environment: [String]) throws(TestKitError) -> Child {
        try Self.gate.withLock { _ throws(TestKitError) in
            let input = try Pipe()
            let output = try Pipe()
            let errors = try Pipe()
            let pid = try start(
                environment, descriptors: [input.readEnd, output.writeEnd, errors.writeEnd])
            return Child(
                pid: pid, input: input.takeWriteEnd(), output: output.takeReadEnd(),
                errors: errors.takeReadEnd())
        }
    }

    /// A running program and our ends of its pipes.
    struct Child {
        let pid: pid_t
        let input: Int32
        let output: Int32
        let errors: Int32
    }

    private func start(
        _ environment: [String], descriptors: [Int32]
    ) throws(TestKitError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (target, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(target))
        }
        var attributes = Self.attributes()
        defer { posix_spawnattr_destroy(&attributes) }
        var pid: pid_t = 0
        let code = Self.withCStrings([program] + arguments) { words in
            Self.withCStrings(environment) {
                posix_spawnp(&pid, program, &actions, &attributes, words, $0)
            }
        }
        guard code == 0 else { throw .system("start '\(program)'", code: code) }
        return pid
    }

    /// A child starts with the usual signals, whatever this thread blocks and this process ignores.
    ///
    /// Threads that run tests block most signals, and broken pipes are ignored here because writing
    /// to a program that has ended would end this process too.
    private static func attributes() -> posix_spawnattr_t {
        signal(SIGPIPE, SIG_IGN)
        var signals = sigset_t()
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = Int16(POSIX_SPAWN_SETSIGDEF) | Int16(POSIX_SPAWN_SETSIGMASK)
        posix_spawnattr_setflags(&attributes, flags)
        return attributes
    }

    private static func withCStrings<Result>(
        _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        var copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
        copies.append(nil)
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { buffer in
            withExtendedLifetime(copies) { buffer.baseAddress.map(body) }
        } ?? body([nil])
    }
}

/// Both ends of a pipe, closed with it unless taken.
final class Pipe {
    private(set) var readEnd: Int32
    private(set) var writeEnd: Int32

    init() throws(TestKitError) {
        var ends: (Int32, Int32) = (-1, -1)
        let outcome = withUnsafeMutableBytes(of: &ends) {
            pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard outcome == 0 else { throw .system("make a pipe") }
        (readEnd, writeEnd) = ends
        _ = fcntl(readEnd, F_SETFD, FD_CLOEXEC)
        _ = fcntl(writeEnd, F_SETFD, FD_CLOEXEC)
    }

    deinit {
        if readEnd >= 0 { close(readEnd) }
        if writeEnd >= 0 { close(writeEnd) }
    }

    func takeReadEnd() -> Int32 {
        defer { readEnd = -1 }
        return readEnd
    }

    func takeWriteEnd() -> Int32 {
        defer { writeEnd = -1 }
        return writeEnd
    }
}

/// What a program has printed, gathered by a thread for each of its outputs.
///
/// Whoever asks takes what lies in the pipe too, so that what was printed before an answer came is never missed.
final class Collected: Sendable {
    typealias Part = WritableKeyPath<Bytes, Output> & Sendable

    struct Output {
        var bytes: [UInt8] = []
        /// Where more may come from; nil before the first byte could come, and after the last.
        var descriptor: Int32?

        /// Takes what is there within so many milliseconds (-1 waits); false once the output has ended.
        mutating func take(waiting milliseconds: Int32) -> Bool {
            guard let descriptor else { return false }
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&ready, 1, milliseconds) > 0 else { return true }
            var chunk = [UInt8](repeating: 0, count: 16_384)
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { return true }
            guard count > 0 else {
                close(descriptor)
                self.descriptor = nil
                return false
            }
            bytes += chunk[..<count]
            return true
        }
    }

    struct Bytes {
        var output = Output()
        var errors = Output()
    }

    private let bytes = Mutex(Bytes())

    /// Whether both outputs have ended.
    var isComplete: Bool {
        bytes.withLock { $0.output.descriptor == nil && $0.errors.descriptor == nil }
    }

    func text(_ part: any Part) -> String {
        let found = bytes.withLock { bytes in
            var before = -1
            while bytes[keyPath: part].bytes.count > before {
                before = bytes[keyPath: part].bytes.count
                _ = bytes[keyPath: part].take(waiting: 0)
            }
            return bytes[keyPath: part].bytes
        }
        return String(decoding: found, as: UTF8.self)
    }

    func line(containing text: String) -> String? {
        for part in [self.text(\.output), self.text(\.errors)] {
            let lines = part.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = lines.first(where: { $0.contains(text) }) { return String(line) }
        }
        return nil
    }

    /// Reads `descriptor` to its end on a thread of its own and closes it.
    func follow(_ descriptor: Int32, _ part: any Part) {
        bytes.withLock { $0[keyPath: part].descriptor = descriptor }
        Background.run { [self] in
            var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            repeat {
                // outside the lock, so that whoever asks never waits for what is not printed yet
                _ = poll(&ready, 1, 1_000)
            } while bytes.withLock { $0[keyPath: part].take(waiting: 0) }
        }
    }
}
