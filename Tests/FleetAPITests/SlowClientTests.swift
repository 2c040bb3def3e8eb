import TestKit
import Testing

@testable import FleetAPI

/// Clients that are slow, or speak no HTTP; Python's sockets are the client.
@Suite(.ownThreads) struct SlowClientTests {
    /// Sends the bytes and prints what comes until the other end closes, and after how many seconds.
    private static let program = """
        import socket, sys, time
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
        s.settimeout(30)
        begun = time.monotonic()
        s.sendall(sys.argv[2].encode().decode("unicode_escape").encode("latin-1"))
        got = b""
        try:
            while True:
                part = s.recv(65536)
                if not part:
                    break
                got += part
                if len(sys.argv) > 3 and sys.argv[3].encode() in got:
                    break
        except ConnectionResetError:
            pass
        print(got.decode("latin-1"))
        print("seconds", int(time.monotonic() - begun))
        """

    private func speak(_ rig: UserRig, _ text: String, until: String? = nil) async throws -> String
    {
        let python = try Peers.python(importing: "socket")
        let words = ["-c", Self.program, "\(rig.server.port)", text] + (until.map { [$0] } ?? [])
        return try await UserRig.apart {
            let run = try ChildProcess(python, words)
            let status = try run.waitForExit(within: 60_000)
            return status == .exited(0) ? run.output : "\(status) \(run.errors)"
        }
    }

    private let head = """
        POST /v1/alarms/acknowledge HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer amphora_anna\\r\\n\
        Content-Type: application/json\\r\\nIdempotency-Key: k\\r\\n
        """

    @Test func `who does not finish a head, or a body, is not waited for`() async throws {
        var limits = PatienceLimits()
        (limits.head, limits.body, limits.idle) = (1, 1, 2)
        let rig = try await UserRig(limits: limits)
        // nothing at all, and half a head
        for text in ["", "GET /v1/gateways HTTP/1.1\\r\\nHost: x\\r\\n"] {
            let answer = try await speak(rig, text)
            #expect(answer.contains("seconds") && !answer.contains("200 OK"), "\(answer)")
        }
        let late = try await speak(rig, head + "Content-Length: 100\\r\\n\\r\\n{", until: "detail")
        #expect(late.contains("408 Request Timeout"), "\(late)")
        #expect(late.contains("problem:body_late"), "\(late)")
        // a connection that does nothing after its answer
        let idle = try await speak(
            rig,
            "GET /v1/gateways HTTP/1.1\\r\\nHost: x\\r\\nAuthorization: Bearer amphora_anna\\r\\n\\r\\n"
        )
        #expect(idle.contains("200 OK") && idle.contains("seconds"), "\(idle)")
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        await rig.stop()
    }

    @Test func `what is no HTTP ends its connection and nothing else`() async throws {
        var limits = PatienceLimits()
        (limits.head, limits.idle) = (2, 2)
        let rig = try await UserRig(limits: limits)
        for text in [
            "\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03", "\\x00\\x00\\x00",
            "GET\\r\\n\\r\\n",
            "GET /v1/gateways HTTP/9.9\\r\\n\\r\\n", "G\\x00T / HTTP/1.1\\r\\n\\r\\n",
            "GET /v1/gateways HTTP/1.1\\r\\nContent-Length: -1\\r\\n\\r\\n",
            "GET /v1/gateways HTTP/1.1\\r\\nContent-Length: 1\\r\\nContent-Length: 2\\r\\n\\r\\n",
            "POST /v1/alarms/acknowledge HTTP/1.1\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n",
            "PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n", "CONNECT x:1 HTTP/1.1\\r\\n\\r\\n",
            "GET http://other/v1/gateways HTTP/1.1\\r\\n\\r\\n", "OPTIONS * HTTP/1.1\\r\\n\\r\\n",
        ] {
            let answer = try await speak(rig, text)
            #expect(answer.contains("seconds") && !answer.contains("200 OK"), "\(text): \(answer)")
        }
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        await rig.stop()
    }
}
