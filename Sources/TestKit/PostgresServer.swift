import FoundationEssentials
import Glibc
import Synchronization

/// A real PostgreSQL on a free port of the loopback interface, in a folder of its own.
///
/// Ends with the last reference, and with this process even when that is killed. It writes through
/// to the disk as usual, so it may be killed in the middle of its work and started again. Its only
/// user is `amphora`, who needs no password. Any thread may use it.
package final class PostgresServer: Sendable {
    /// The server that suites share; each test takes a `database` of its own.
    package static func shared() throws(TestKitError) -> PostgresServer {
        try sharedServer.withLock { server throws(TestKitError) in
            if let server { return server }
            let started = try PostgresServer()
            server = started
            return started
        }
    }

    private static let sharedServer = Mutex<PostgresServer?>(nil)

    /// Where it listens.
    package let port: UInt16
    private let programs: String
    private let folder: TemporaryDirectory
    private let process = Mutex<ChildProcess?>(nil)
    private let databases = Mutex(0)

    /// Makes a cluster and starts it.
    package init() throws(TestKitError) {
        programs = try Self.findPrograms()
        folder = try TemporaryDirectory("postgres")
        port = try Peers.freePort()
        if getuid() == 0 {
            guard let user = getpwnam("postgres") else {
                throw .missing(
                    part: "the user 'postgres'", remedy: "apt install postgresql-15 makes it")
            }
            guard chown(folder.path, user.pointee.pw_uid, user.pointee.pw_gid) == 0 else {
                throw .system("give '\(folder.path)' to 'postgres'")
            }
        }
        try finish(
            asServer("initdb") + [
                "-D", data, "-U", "amphora", "-A", "trust", "-E", "UTF8", "--locale=C", "-N",
            ])
        try start()
    }

    deinit {
        process.withLock { process in
            if process != nil { end(with: SIGQUIT) }
            process = nil
        }
    }

    /// Starts it again after `stop` or `kill`, on the same port.
    package func start() throws(TestKitError) {
        // the shell waits for the end of its input, which comes with the end of this process
        let script = """
            folder=$1; shift; "$@" & server=$!
            cat > /dev/null; kill -QUIT $server; wait $server; rm -rf "$folder"
            """
        let started = try ChildProcess(
            "/bin/sh", ["-c", script, "postgres", folder.path] + asServer("postgres") + settings,
            environment: ["LC_ALL": "C"])
        _ = try started.waitForLine(containing: "ready to accept connections", within: 30_000)
        process.withLock { $0 = started }
    }

    /// Ends it in order; whoever is connected is cut off.
    package func stop() {
        end(with: SIGINT)
        process.withLock { $0 = nil }
    }

    /// Ends it, and each process that serves a connection, as a power cut would (`kill -9`).
    package func kill() {
        end(with: SIGKILL)
        process.withLock { $0 = nil }
    }

    /// Makes an empty place for tables and gives its URL, `postgres://…`.
    ///
    /// It is a schema of its own, the only one that a connection with the URL sees: made at once,
    /// where a database takes a quarter of a second and eight megabytes.
    package func database() throws(TestKitError) -> String {
        let number = databases.withLock {
            $0 += 1
            return $0
        }
        let server = "postgres://amphora@127.0.0.1:\(port)/postgres"
        try run("CREATE SCHEMA test\(number)", in: server)
        return server + "?options=-csearch_path%3Dtest\(number)"
    }

    /// Runs SQL in a database that `database` has made and gives what psql prints, without headers.
    @discardableResult
    package func run(_ sql: String, in url: String) throws(TestKitError) -> String {
        let output = try finish([
            "\(programs)/psql", "-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-d", url, "-c",
            sql,
        ])
        return output.split(separator: "\n").joined(separator: "\n")
    }

    /// What it has logged since it was started.
    package var log: String { process.withLock { $0.map { $0.errors + $0.output } ?? "" } }

    private var data: String { folder.file("data") }

    private var settings: [String] {
        [
            "-D", data, "-p", "\(port)", "-c", "listen_addresses=127.0.0.1", "-c",
            "unix_socket_directories=\(folder.path)", "-c", "shared_buffers=64MB",
        ]
    }

    /// A program of the server; it refuses to run as root.
    private func asServer(_ program: String) -> [String] {
        let path = "\(programs)/\(program)"
        guard getuid() == 0 else { return [path] }
        return ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups", path]
    }

    @discardableResult
    private func finish(_ command: [String]) throws(TestKitError) -> String {
        // the server's user cannot enter every folder that tests run in
        let run = try ChildProcess(
            command[0], Array(command.dropFirst()), environment: ["LC_ALL": "C"], directory: "/")
        let status = try run.waitForExit(within: 60_000)
        guard status == .exited(0) else {
            throw .ended(program: command[0], status: status, output: run.errors)
        }
        return run.output
    }

    /// Signals the server and waits until it and its children are gone.
    private func end(with signal: Int32) {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8),
            let server = text.split(separator: "\n").first.flatMap({ pid_t($0) }), server > 1
        else { return }
        let children = Self.children(of: server)
        Glibc.kill(server, signal)
        if signal == SIGKILL { for child in children { Glibc.kill(child, signal) } }
        _ = Patience.wait(20_000) {
            ([server] + children).contains(where: Self.isAlive) ? nil : true
        }
    }

    private static func isAlive(_ pid: pid_t) -> Bool {
        guard let stat = stat(pid) else { return false }
        return stat.state != "Z"
    }

    private static func children(of parent: pid_t) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { stat($0)?.parent == parent }
    }

    /// State and parent of a process: the words after its name in parentheses.
    private static func stat(_ pid: pid_t) -> (state: Substring, parent: pid_t)? {
        guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let words = text[end...].dropFirst().split(separator: " ")
        guard words.count > 1, let parent = pid_t(words[1]) else { return nil }
        return (words[0], parent)
    }

    /// Where the newest installed version lies.
    private static func findPrograms() throws(TestKitError) -> String {
        let root = "/usr/lib/postgresql"
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let newest = versions.compactMap { Int($0) }.sorted(by: >)
        if let version = newest.first(where: { access("\(root)/\($0)/bin/postgres", X_OK) == 0 }) {
            return "\(root)/\(version)/bin"
        }
        let path = try Peers.tool("postgres", package: "postgresql-15")
        return String(path.dropLast("/postgres".count))
    }
}
