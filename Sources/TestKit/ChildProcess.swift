import Glibc
import Synchronization

/// A program started for a test or a simulation; it is killed when the last reference goes.
///
/// Two threads collect what it prints, so that it never blocks on a full pipe. Its standard input
/// stays open while this object lives; peers take its end as the sign to stop. Any thread may use it.
package final class ChildProcess: Sendable {
    /// Its process id; use it only through this object, which knows when the number is free again.
    package let pid: pid_t
    /// The program, for messages.
    package let program: String
    private let input: Int32
    private let collected = Collected()
    private let ending = Mutex<ExitStatus?>(nil)

    /// Starts a program; `environment` adds to and overrides that of this process.
    package init(
        _ program: String, _ arguments: [String] = [], environment: [String: String] = [:],
        directory: String? = nil
    ) throws(TestKitError) {
        self.program = program
        let spawn = Spawn(program: program, arguments: arguments, directory: directory)
        let child = try spawn.run(environment: Environment.merged(with: environment))
        pid = child.pid
        input = child.input
        collected.follow(child.output, \.output)
        collected.follow(child.errors, \.errors)
    }

    deinit {
        if status() == nil {
            kill(pid, SIGKILL)
            _ = awaitStatus()
        }
        close(input)
    }

    /// Everything it has printed to standard output so far.
    package var output: String { collected.text(\.output) }

    /// Everything it has printed to standard error so far.
    package var errors: String { collected.text(\.errors) }

    /// Whether it is still running.
    package var isRunning: Bool { status() == nil }

    /// Writes a line to its standard input; false when it no longer listens.
    @discardableResult
    package func send(line: String) -> Bool {
        let bytes = Array((line + "\n").utf8)
        return Glibc.write(input, bytes, bytes.count) == bytes.count
    }

    /// Sends it a signal, unless it has ended.
    package func signal(_ number: Int32) {
        ending.withLock { if $0 == nil { kill(pid, number) } }
    }

    /// The first line on either output that contains `text`; also finds lines already printed.
    package func waitForLine(
        containing text: String, within milliseconds: Int64 = 10_000
    ) throws(TestKitError) -> String {
        let found = Patience.wait(milliseconds) { () -> String? in
            let hasEnded = self.status() != nil && self.collected.isComplete
            if let line = self.collected.line(containing: text) { return line }
            return hasEnded ? "" : nil
        }
        guard let found else {
            throw .late(
                awaited: "'\(text)' from '\(program)'", milliseconds: milliseconds, seen: tail)
        }
        if found.isEmpty, let status = status() {
            throw .ended(program: program, status: status, output: tail)
        }
        return found
    }

    /// Waits until it ends by itself.
    package func waitForExit(
        within milliseconds: Int64 = 60_000
    ) throws(TestKitError) -> ExitStatus {
        let status = Patience.wait(milliseconds) {
            self.collected.isComplete ? self.status() : nil
        }
        if let status = status ?? self.status() { return status }
        throw .late(awaited: "the end of '\(program)'", milliseconds: milliseconds, seen: tail)
    }

    /// Asks it to end (SIGTERM), and kills it when it has not ended in time.
    @discardableResult
    package func terminate(within milliseconds: Int64 = 30_000) -> ExitStatus {
        signal(SIGTERM)
        if let status = Patience.wait(milliseconds, { self.status() }) {
            // its last words may still lie in the pipes, which a program of its own may hold open
            _ = Patience.wait(2_000) { self.collected.isComplete ? true : nil }
            return status
        }
        signal(SIGKILL)
        return awaitStatus()
    }

    private var tail: String { String((errors + output).suffix(2000)) }

    /// How it ended; nil while it runs.
    ///
    /// Reaped under the lock, so that no signal meets a pid that has been given to another process.
    private func status() -> ExitStatus? { collect(options: WNOHANG) }

    private func awaitStatus() -> ExitStatus { collect(options: 0) ?? .signalled(SIGKILL) }

    private func collect(options: Int32) -> ExitStatus? {
        ending.withLock { ending in
            if ending != nil { return ending }
            var raw: Int32 = 0
            var reaped = waitpid(pid, &raw, options)
            while reaped < 0, errno == EINTR { reaped = waitpid(pid, &raw, options) }
            guard reaped == pid else { return nil }
            ending = raw & 0x7F == 0 ? .exited((raw >> 8) & 0xFF) : .signalled(raw & 0x7F)
            return ending
        }
    }
}
