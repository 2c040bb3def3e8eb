import Foundation
import TestKit
import Testing

/// Our client against repositories that python-tuf signs, on a server that can misbehave.
///
/// The cases stand in `Fixtures/cases_*.py`; each says in its name what must be true. A group is one
/// process that runs its cases and prints a line for each.
@Suite struct PythonTUFTests {
    private static let script = Repository.root + "/Tests/TUFClientTests/Fixtures/cases.py"

    private func python() throws -> String {
        _ = try Peers.tool("faketime")
        return try Peers.python(importing: "tuf.ngclient", "securesystemslib", "cryptography")
    }

    static func program(_ name: String) -> String {
        let besideTests = Bundle.main.bundleURL.deletingLastPathComponent().appending(path: name)
        return FileManager.default.isExecutableFile(atPath: besideTests.path)
            ? besideTests.path : Repository.root + "/.build/debug/" + name
    }

    @Test(arguments: [
        ("basic", 31), ("keys", 18), ("rollback", 12), ("expiry", 10), ("delegation", 25),
        ("download", 13), ("limits", 11), ("storage", 6),
    ])
    func `our client does as the specification says`(group: String, count: Int) throws {
        let arguments = [Self.script, "--program", Self.program("amphora-gateway"), group]
        let run = try ChildProcess(try python(), arguments)
        let status = try run.waitForExit(within: 300_000)
        let lines = run.output.split(separator: "\n")
        for line in lines where !line.hasPrefix("ok ") { Issue.record("\(line)") }
        #expect(status == .exited(0), "\(run.errors)")
        #expect(lines.count == count, "cases of '\(group)'")
    }
}
