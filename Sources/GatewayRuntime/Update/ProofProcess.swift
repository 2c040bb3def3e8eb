import CANProfile
import CLinux
import Glibc
import Quantities
import UpdateAgent

/// Proves a set in a process of its own: this program with the words `profile verify`.
///
/// A set that ends the process that reads it, or eats time or memory, ends that process and not the gateway.
struct ProofProcess {
    /// So long a proof may take by the clock.
    ///
    /// The shipped set takes 0.3 s of one core.
    var longest = TimeSpan.seconds(120)
    /// So much address space it may take, in megabytes.
    static var mostMegabytes: Int { 1024 }
    /// So many bytes of what it prints are read.
    private static var mostOutput: Int { 65_536 }

    /// The program to start.
    var program = "/proc/self/exe"

    /// Proves the set in a folder and that it has these maps and this profile.
    func prove(
        path: String, maps: [String], profile: String, quirks: [String], hardware: String,
        unless stop: StopSignal
    ) -> Proof {
        var words = [
            program, "profile", "verify", path, "--hardware", hardware, "--most-megabytes",
            "\(Self.mostMegabytes)", "--profile", profile,
        ]
        for map in maps { words += ["--map", map] }
        for quirk in quirks { words += ["--quirk", quirk] }
        var ends: (Int32, Int32) = (-1, -1)
        let outcome = withUnsafeMutableBytes(of: &ends) {
            pipe($0.assumingMemoryBound(to: Int32.self).baseAddress)
        }
        guard outcome == 0 else { return .unable("no pipe: \(String(cString: strerror(errno)))") }
        for end in [ends.0, ends.1] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends.0) }
        let child = Self.start(words, output: ends.1)
        close(ends.1)
        guard child > 0 else {
            return .unable("cannot start '\(program)': \(String(cString: strerror(-child)))")
        }
        let (output, isOver) = read(ends.0, unless: stop)
        if isOver { kill(child, SIGKILL) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        if stop.isRaised { return .unable("the gateway is stopping") }
        if isOver {
            return .disproved(["the proof took longer than \(longest.milliseconds / 1000) s"])
        }
        return Self.verdict(status, output)
    }

    private static func verdict(_ status: Int32, _ output: [UInt8]) -> Proof {
        let signal = status & 0x7F
        if signal != 0 {
            return .disproved(["reading the set ended the proof with signal \(signal)"])
        }
        let lines = String(decoding: output, as: UTF8.self).split(separator: "\n").map(String.init)
        switch status >> 8 & 0xFF {
        case 0: return .proved
        case ExitStatus.failure:
            return .disproved(lines.isEmpty ? ["the proof failed without a word"] : lines)
        case let code: return .unable(lines.first ?? "the proof ended with \(code)")
        }
    }

    /// What the child prints until it ends; true when the time is over or the gateway stops.
    private func read(_ descriptor: Int32, unless stop: StopSignal) -> ([UInt8], Bool) {
        var output: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        let deadline = MachineClock.now() + longest
        while MachineClock.now() < deadline, !stop.isRaised {
            var polls = [pollfd(reading: descriptor), pollfd(reading: stop.descriptor)]
            Poll.wait(&polls, until: deadline)
            guard polls[0].isReady else { continue }
            let count = chunk.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0, errno == EINTR { continue }
            if count <= 0 { return (output, false) }
            if output.count < Self.mostOutput { output += chunk[..<count] }
        }
        return (output, true)
    }

    /// The number of the process, or -errno.
    private static func start(_ words: [String], output: Int32) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0)
        // what reads a set that nobody has proved gets neither the bus nor anybody's connection
        clinux_close_from(&actions, STDERR_FILENO + 1)
        var copies: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        copies.append(nil)
        defer { for copy in copies { free(copy) } }
        var child: pid_t = 0
        let code = copies.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map {
                posix_spawn(&child, words[0], &actions, nil, $0, environ)
            } ?? EINVAL
        }
        return code == 0 ? child : -code
    }
}
