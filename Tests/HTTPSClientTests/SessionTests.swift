import FoundationEssentials
import Synchronization
import TestKit
import Testing

@testable import HTTPSClient

/// When a thread did something.
private final class Watch: Sendable {
    let cancelledAt = Atomic<Int64>(0)
}

@Suite struct SessionTests {
    private struct Echo: Decodable {
        let method: String
        let head: [String]
        let body: String
    }

    private func echo(_ answer: HTTPSResponse) throws -> Echo {
        try JSONDecoder().decode(Echo.self, from: Data(answer.body))
    }

    @Test func `a request arrives as it was made and nothing of the last one stays`() throws {
        let server = try Server()
        let session = try HTTPSSession(server.configuration)
        var post = HTTPSRequest(url: server.url("/echo"))
        post.method = .post
        post.headers = [("Content-Type", "application/pkcs10"), ("X-Empty", "")]
        post.body = [0, 1, 0x0D, 0x0A, 0xFF]
        let posted = try echo(try session.send(post))
        #expect(posted.method == "POST" && posted.body == "00010d0aff")
        let expected = [
            "Accept: */*", "Content-Length: 5", "Content-Type: application/pkcs10",
            "Host: localhost:\(server.port)", "X-Empty:",
        ]
        #expect(posted.head.sorted() == expected)
        let got = try echo(try session.send(HTTPSRequest(url: server.url("/echo"))))
        #expect(got.method == "GET" && got.body.isEmpty)
        #expect(got.head.sorted() == ["Accept: */*", "Host: localhost:\(server.port)"])
        #expect(server.events("handshake").count == 1)
    }

    @Test(arguments: [0, 70_000, 2_000_000])
    func `a body of any size is sent whole`(count: Int) throws {
        let server = try Server()
        var post = HTTPSRequest(url: server.url("/echo"))
        post.method = .post
        post.body = [UInt8](repeating: 0xA5, count: count)
        post.maximumBytes = 8 << 20
        let posted = try echo(try HTTPSSession(server.configuration).send(post))
        #expect(posted.body == String(repeating: "a5", count: count))
        #expect(posted.head.contains("Content-Length: \(count)"))
        #expect(!posted.head.contains { $0.hasPrefix("Content-Type") || $0.hasPrefix("Expect") })
    }

    @Test(arguments: [
        ("X: y", "v"), ("", "v"), ("X-Ä", "v"), ("X", "a\r\nY: b"), ("X", "a\u{0}b"),
    ])
    func `a header field cannot smuggle another`(name: String, value: String) throws {
        let session = try HTTPSSession(HTTPSConfiguration(authorities: .file("/dev/null")))
        var request = HTTPSRequest(url: "https://localhost/")
        request.headers = [(name, value)]
        let found = #expect(throws: HTTPSFailure.self) { try session.send(request) }
        #expect(found?.kind == .request)
    }

    @Test func `a configuration tells all its faults`() {
        var configuration = HTTPSConfiguration(authorities: .pem([]))
        configuration.stallSeconds = 0
        configuration.proxy = "socks5://proxy"
        let found = #expect(throws: HTTPSFailure.self) { try HTTPSSession(configuration) }
        #expect(
            found?.description == "HTTPS client: 'stallSeconds' is 0, allowed 1…600; "
                + "there are no authorities to trust; "
                + "the proxy is 'socks5://proxy', expected an address that begins with 'http://'")
    }

    @Test func `a failure names what was asked, without its query`() throws {
        let url = "https://localhost:\(try Peers.freePort())/a"
        let configuration = HTTPSConfiguration(authorities: .file("/dev/null"))
        let found = try #require(failure(url + "?token=secret", configuration))
        #expect(found.description.hasPrefix("GET \(url): "))
        #expect(!found.description.contains("secret"))
    }

    @Test(arguments: ["/stall-before-answer", "/stall-after-head", "/byte-per-second", "connect"])
    func `cancelling ends a request before libcurl would look, from any thread`(path: String) throws
    {
        let isMute = path == "connect"
        let server = try isMute ? Server("--mode", "silent") : Server()
        var configuration = server.configuration
        configuration.stallSeconds = 600
        configuration.connectMilliseconds = 60_000
        let canceller = HTTPSCanceller()
        let session = try HTTPSSession(configuration, canceller: canceller)
        let watch = Watch()
        Background.run {
            try? server.wait(for: isMute ? "connected" : "request")
            // past the moment at which libcurl would have looked by itself
            Clock.sleep(until: Clock.now() + 50_000_000)
            watch.cancelledAt.store(Clock.now(), ordering: .sequentiallyConsistent)
            canceller.cancel()
        }
        let found = #expect(throws: HTTPSFailure.self) {
            try session.ask(server.url(isMute ? "/" : path))
        }
        let took = Clock.now() - watch.cancelledAt.load(ordering: .sequentiallyConsistent)
        #expect(found?.kind == .cancelled)
        #expect(took < 500_000_000, "\(took) ns")
        #expect(throws: HTTPSFailure.self, "stays cancelled") {
            try session.ask(server.url("/ok"))
        }
        guard !isMute else { return }
        canceller.permit()
        #expect(try session.ask(server.url("/ok")).text == "hello")
    }
}
