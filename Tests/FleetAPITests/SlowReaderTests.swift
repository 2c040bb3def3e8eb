import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// What a stream does over a real socket when there is nothing to say, and when nobody reads.
@Suite(.ownThreads) struct SlowReaderTests {
    /// Reads a stream until it is as it was, then tells of three chunks that follow and when they came.
    private static let listener = """
        import socket, sys, time
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
        s.settimeout(30)
        s.sendall(b"GET /v1/events?gateway=gw-1 HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer amphora_anna\\r\\n\\r\\n")
        got = b""
        while not (b"event: alarms" in got and got.endswith(b"\\n\\n\\r\\n")):
            got += s.recv(65536)
        last = time.monotonic()
        for _ in range(3):
            part = s.recv(65536)
            now = time.monotonic()
            print("beat", part.decode().encode("unicode_escape").decode(), round((now - last) * 1000), flush=True)
            last = now
        """

    /// Opens streams and reads no more than their heads; then, told so, reads what is left of each until its end.
    ///
    /// The other end may send little ahead: segments are small and there is hardly room here.
    private static let deaf = """
        import socket, sys
        ears = []
        for _ in range(int(sys.argv[2])):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
            s.settimeout(30)
            s.connect(("127.0.0.1", int(sys.argv[1])))
            s.sendall(b"GET /v1/events?gateway=gw-1 HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer amphora_ivan\\r\\n\\r\\n")
            assert s.recv(12) == b"HTTP/1.1 200", "no stream"
            ears.append(s)
        print("deaf", flush=True)
        sys.stdin.readline()
        for s in ears:
            read = 0
            try:
                while part := s.recv(65536):
                    read += len(part)
            except ConnectionResetError:
                pass
            print("ended after", read, flush=True)
        """

    private func python(_ program: String, _ words: String...) async throws -> ChildProcess {
        let python = try Peers.python(importing: "socket")
        let all = ["-c", program] + words
        return try await UserRig.apart { try ChildProcess(python, all) }
    }

    /// What this process holds in memory, bytes.
    private func resident() throws -> Int {
        let words = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(
            separator: " ")
        return (Int(words[1]) ?? 0) * 4096
    }

    @Test func `a stream without news shows that it is alive, and says nothing else`() async throws
    {
        var limits = PatienceLimits()
        limits.heartbeat = 1
        let rig = try await UserRig(limits: limits)
        let ear = try await python(Self.listener, "\(rig.server.port)")
        #expect(try await UserRig.apart { try ear.waitForExit(within: 30_000) } == .exited(0))
        let beats = ear.output.split(separator: "\n").map { $0.split(separator: " ") }
        #expect(beats.count == 3, "\(ear.output) \(ear.errors)")
        for beat in beats {
            // a comment, which programs that listen skip
            #expect(beat[1] == #"3\r\n:\n\n\r\n"#)
            // the watcher looks ten times a second
            let late = Int(beat[2]) ?? 0
            #expect((900...2500).contains(late), "\(late) ms")
        }
        await rig.stop()
    }

    @Test func `who reads nothing is cut, others hear everything, and memory stays (rule 3)`()
        async throws
    {
        let rig = try await UserRig()
        let crowd = 30
        let (curl, words) = (
            try Peers.tool("curl"),
            [
                "-s", "-N", "-m", "120", "-H", "Authorization: Bearer amphora_anna",
                "http://127.0.0.1:\(rig.server.port)/v1/events?gateway=gw-1",
            ]
        )
        let ear = try await UserRig.apart { try ChildProcess(curl, words) }
        _ = try await rig.line("event: alarms", from: ear)
        // last, for a process that begins later would hold the other ends of these connections open
        let deaf = try await python(Self.deaf, "\(rig.server.port)", "\(crowd)")
        _ = try await rig.line("deaf", from: deaf)
        #expect(rig.server.listeners == crowd + 1)
        let before = try resident()
        // each is heard before the next is stored, so that none is passed over
        var told: Int32 = 0
        while rig.server.listeners > 1, told < 150 {
            told += 1
            try rig.measure(packs: 16, 50_000 + told, sequence: 100 + Int64(told))
            _ = try await rig.line("\"voltage_v\":50.\(String(1000 + told).dropFirst())", from: ear)
        }
        #expect(rig.server.listeners == 1, "after \(told) events")
        #expect(told > EventDesk.mostWaiting)
        // what the system takes ahead of a reader and what may wait for one, and not thirty times as much
        let grown = try resident() - before
        #expect(grown < 48 << 20, "\(grown >> 10) KiB more after \(told) events")
        try rig.measure(packs: 16, 51_999, sequence: 1000)
        _ = try await rig.line("51.999", from: ear)
        deaf.send(line: "")
        #expect(
            try await UserRig.apart { try deaf.waitForExit(within: 30_000) } == .exited(0),
            "\(deaf.errors)")
        #expect(deaf.output.matches(of: /ended after/).count == crowd, "\(deaf.output)")
        _ = ear.terminate()
        await rig.stop()
    }
}
