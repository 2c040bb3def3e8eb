import FoundationEssentials
import Glibc
import Synchronization

/// Finds the independent parts that tests hold ours against.
package enum Peers {
    private static let checked = Mutex<Set<String>>([])

    /// The Python of `AMPHORA_PYTHON`, once it has imported these modules.
    package static func python(importing modules: String...) throws(TestKitError) -> String {
        guard let python = Environment.value("AMPHORA_PYTHON") else {
            throw .missing(
                part: "Python with \(modules.joined(separator: ", "))",
                remedy: "AMPHORA_PYTHON is not set; Tests/run prepares it")
        }
        let key = python + " " + modules.joined(separator: " ")
        if checked.withLock({ $0.contains(key) }) { return python }
        let statement = "import " + modules.joined(separator: ", ")
        let trial = try ChildProcess(python, ["-c", statement])
        guard try trial.waitForExit(within: 60_000) == .exited(0) else {
            throw .missing(
                part: modules.joined(separator: ", "),
                remedy: "'\(python) -c \"\(statement)\"' says: \(trial.errors)")
        }
        checked.withLock { _ = $0.insert(key) }
        return python
    }

    /// The path of an installed program; looks in the search path and in the system's own folders.
    package static func tool(_ name: String, package: String? = nil) throws(TestKitError) -> String
    {
        let path = (Environment.value("PATH") ?? "") + ":/usr/local/sbin:/usr/sbin:/sbin"
        for folder in path.split(separator: ":") where access("\(folder)/\(name)", X_OK) == 0 {
            return "\(folder)/\(name)"
        }
        throw .missing(part: "'\(name)'", remedy: "install the package '\(package ?? name)'")
    }

    /// Compiles a small C program with the given libraries and returns the path of the program.
    package static func compile(
        _ source: String, libraries: [String] = [], into folder: TemporaryDirectory
    ) throws(TestKitError) -> String {
        let compiler = try tool("gcc")
        let name = source.split(separator: "/").last.map { String($0.dropLast(2)) } ?? "program"
        let program = folder.file(name)
        let run = try ChildProcess(
            compiler, ["-O1", "-o", program, source] + libraries.map { "-l\($0)" })
        let status = try run.waitForExit(within: 60_000)
        guard status == .exited(0) else {
            throw .ended(program: "gcc \(source)", status: status, output: run.errors)
        }
        return program
    }

    /// A TCP port of the loopback interface on which nobody listens, never the same one twice.
    ///
    /// Taken from below the range from which the kernel serves outgoing connections, so that none of
    /// those can slip in before a server is started on it.
    package static func freePort() throws(TestKitError) -> UInt16 {
        for _ in 0..<1000 {
            let port = UInt16.random(in: 15_000...32_000)
            if given.withLock({ $0.insert(port).inserted }), canBind(port) { return port }
        }
        throw .missing(part: "a free port", remedy: "all from 15000 to 32000 are taken")
    }

    private static let given = Mutex<Set<UInt16>>([])

    private static func canBind(_ port: UInt16) -> Bool {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        address.sin_port = port.bigEndian
        return withUnsafeMutableBytes(of: &address) { raw in
            bind(
                descriptor, raw.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
    }
}

/// A folder of its own for a test, deleted with everything in it when the last reference goes.
package final class TemporaryDirectory: Sendable {
    /// Its absolute path.
    package let path: String

    /// Makes a folder below `TMPDIR` or `/tmp`.
    package init(_ purpose: String = "test") throws(TestKitError) {
        let parent = Environment.value("TMPDIR") ?? "/tmp"
        var template = Array("\(parent)/amphora-\(purpose).XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw .system("make a folder in '\(parent)'") }
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in the folder; the file need not exist.
    package func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// The variables this process was started with.
package enum Environment {
    /// One variable; nil when it is not set or empty.
    package static func value(_ name: String) -> String? {
        guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else {
            return nil
        }
        return text
    }

    /// All variables as `NAME=value`, with some added or replaced.
    static func merged(with changes: [String: String]) -> [String] {
        var lines: [String] = []
        var next = environ
        while let entry = next.pointee {
            let line = String(cString: entry)
            let name = line.prefix { $0 != "=" }
            if changes[String(name)] == nil { lines.append(line) }
            next += 1
        }
        return lines + changes.map { "\($0.key)=\($0.value)" }
    }
}
