import Foundation
import Quantities
import TestKit
import Testing
import UpdateAgent

@testable import GatewayRuntime

/// A program in the place of our own, so that each way to end can be tried.
@Suite struct ProofProcessTests {
    private let folder: TemporaryDirectory
    private let stop: StopSignal

    init() throws {
        folder = try TemporaryDirectory("proof")
        stop = try StopSignal()
    }

    private func prove(_ script: String, longest: TimeSpan = .seconds(60)) throws -> Proof {
        let path = folder.file("program")
        try "#!/bin/sh\n\(script)\n".write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: path)
        var proof = ProofProcess()
        proof.program = path
        proof.longest = longest
        return proof.prove(
            path: "/set", maps: ["m", "n"], profile: "p", quirks: ["q"], hardware: "Acme A",
            unless: stop)
    }

    @Test func `what is asked for is said in words`() throws {
        let said = folder.file("said")
        #expect(try prove("for word; do echo \"$word\"; done > \(said)") == .proved)
        let words = try String(contentsOfFile: said, encoding: .utf8)
        let wanted = [
            "profile", "verify", "/set", "--hardware", "Acme A", "--most-megabytes", "1024",
            "--profile", "p", "--map", "m", "--map", "n", "--quirk", "q",
        ]
        #expect(words.split(separator: "\n").map(String.init) == wanted)
    }

    @Test func `it has none of what the gateway has open`() throws {
        // unlike most, without a flag that closes it in children
        let descriptor = fcntl(STDIN_FILENO, F_DUPFD, 50)
        defer { close(descriptor) }
        #expect(descriptor >= 50)
        #expect(try prove("[ ! -e /proc/$$/fd/\(descriptor) ]") == .proved)
        #expect(try prove("[ -e /proc/$$/fd/1 ]") == .proved)
    }

    @Test func `faults are what it prints, and a crash is a fault`() throws {
        #expect(try prove("echo a; echo b; exit 1") == .disproved(["a", "b"]))
        #expect(try prove("exit 1") == .disproved(["the proof failed without a word"]))
        #expect(
            try prove("kill -SEGV $$")
                == .disproved(["reading the set ended the proof with signal 11"]))
        #expect(try prove("echo cannot read; exit 3") == .unable("cannot read"))
    }

    @Test func `a proof without end is ended, and one that prints without end is read`() throws {
        #expect(
            try prove("exec sleep 1000", longest: .seconds(1))
                == .disproved(["the proof took longer than 1 s"]))
        let endless = try prove("exec yes", longest: .seconds(1))
        #expect(endless == .disproved(["the proof took longer than 1 s"]))
    }

    @Test func `a gateway that stops does not wait for a proof, nor hold it against the set`()
        throws
    {
        stop.raise()
        #expect(try prove("exec sleep 1000") == .unable("the gateway is stopping"))
    }

    @Test func `without the program nothing is held against the set`() {
        var proof = ProofProcess()
        proof.program = folder.file("none")
        let verdict = proof.prove(
            path: "/set", maps: [], profile: "p", quirks: [], hardware: "x", unless: stop)
        guard case .unable(let reason) = verdict else {
            Issue.record("\(verdict)")
            return
        }
        #expect(reason.contains("No such file"))
    }

    @Test func `reports are taken once, and again when they could not be stored`() {
        let box = UpdateReportBox()
        let reports = (1...2).map {
            NumberedReport(
                number: $0, report: .init(.good, set: "base", version: "1.0.0", release: $0))
        }
        #expect(box.add(reports) && !box.add(reports))
        #expect(box.take().map(\.number) == [1, 2])
        #expect(!box.add(reports) && box.take().isEmpty)
        box.note(stored: nil)
        #expect(box.add(reports) && box.take().count == 2)
        box.note(stored: 2)
        #expect(box.stored == 2 && !box.add(reports))
    }
}
