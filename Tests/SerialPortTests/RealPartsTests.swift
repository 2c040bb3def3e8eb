import TestKit
import Testing

/// The tools by which the suites reach real parts.
@Suite struct RealPartsTests {
    @Test func `a pseudo-terminal carries bytes both ways unchanged`() throws {
        let folder = try TemporaryDirectory("pty")
        let pty = try Pty(link: folder.file("tty"))
        let bytes = (0...255).map(UInt8.init)
        let mirror = try ChildProcess("sh", ["-c", "exec cat <'\(pty.path)' >'\(pty.path)'"])
        try pty.write(bytes)
        #expect(try pty.read(bytes.count, within: 5_000) == bytes)
        #expect(mirror.terminate() == .signalled(15))
    }

    @Test func `hanging up ends the program at the far end`() throws {
        let pty = try Pty()
        let reader = try ChildProcess("sh", ["-c", "echo open; exec cat <'\(pty.path)'"])
        _ = try reader.waitForLine(containing: "open")
        pty.hangUp()
        let status = try reader.waitForExit()
        #expect(status == .exited(0) || status == .exited(1))
    }

    @Test func `a program's lines are found on both outputs and its end is known`() throws {
        let child = try ChildProcess(
            "sh", ["-c", "echo one; echo two >&2; read answer; echo got $answer $EXTRA; exit 3"],
            environment: ["EXTRA": "more"])
        #expect(try child.waitForLine(containing: "two") == "two")
        #expect(try child.waitForLine(containing: "one") == "one")
        child.send(line: "three")
        #expect(try child.waitForLine(containing: "got") == "got three more")
        #expect(try child.waitForExit() == .exited(3))
    }

    @Test func `a program that ends instead of speaking is reported with what it said`() throws {
        let child = try ChildProcess("sh", ["-c", "echo bad key >&2; exit 2"])
        let error = #expect(throws: TestKitError.self) {
            try child.waitForLine(containing: "ready")
        }
        #expect(error?.description == "'sh' ended with exit status 2: bad key\n")
    }

    @Test func `a program runs in the folder it is given and keeps its own process id`() throws {
        let folder = try TemporaryDirectory("child")
        let child = try ChildProcess("sh", ["-c", "pwd; echo $$"], directory: folder.path)
        #expect(try child.waitForExit() == .exited(0))
        #expect(child.output == "\(folder.path)\n\(child.pid)\n")
    }

    @Test func `a program that does not exist is an error that names it`() {
        let error = #expect(throws: TestKitError.self) { try ChildProcess("no-such-program") }
        #expect(error?.description == "cannot start 'no-such-program': No such file or directory")
    }

    @Test func `writing to a program that has ended is refused and harmless`() throws {
        let child = try ChildProcess("true")
        #expect(try child.waitForExit() == .exited(0))
        #expect(!child.send(line: "hello"))
    }

    @Test func `a missing tool is reported with the package to install`() {
        let error = #expect(throws: TestKitError.self) {
            try Peers.tool("no-such-tool", package: "no-such-package")
        }
        #expect(
            error?.description
                == "'no-such-tool' is missing: install the package 'no-such-package'")
    }

    @Test func `a seed repeats its sequence`() {
        var first = SeededGenerator(seed: 0)
        var second = SeededGenerator(seed: 0)
        // The first output of the reference implementation for seed 0.
        #expect(first.next() == 0xE220_A839_7B1D_CDAF)
        _ = second.next()
        #expect(first.bytes(20) == second.bytes(20))
        let whole = Array(0..<100)
        #expect(first.pieces(of: whole, longest: 7).flatMap(\.self) == whole)
    }
}
