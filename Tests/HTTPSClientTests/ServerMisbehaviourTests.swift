import TestKit
import Testing

@testable import HTTPSClient

/// Rule 3 of `HTTPSSession`, and the words for what servers do.
@Suite struct ServerMisbehaviourTests {
    private static let shared = Result { try Server() }
    private let server: Server
    private var configuration: HTTPSConfiguration { server.configuration }

    init() throws { server = try Self.shared.get() }

    @Test(
        arguments: [
            "/endless-chunked", "/endless-until-close", "/announced", "/transfer-bomb",
            "/endless-head", "/endless-continue", "/long-line",
        ])
    func `an answer without end stops at the limit`(path: String) throws {
        let began = Clock.now()
        let found = try #require(failure(server.url(path), configuration))
        #expect(found.kind == .limit && found.detail == .tooLarge, "\(found)")
        #expect(Clock.now() - began < 5_000_000_000)
    }

    @Test func `a body of the allowed size passes, one byte more does not`() throws {
        let url = server.url("/exact")
        #expect(try ask(url, configuration, maximumBytes: 8).text == "12345678")
        let found = try #require(failure(url, configuration, maximumBytes: 7))
        #expect(found.detail == .tooLarge)
        #expect(failure(url, configuration, maximumBytes: 0)?.detail == .tooLarge)
        #expect(try ask(server.url("/not-modified"), configuration, maximumBytes: 0).status == 304)
    }

    @Test func `a compressed body is not inflated`() throws {
        let answer = try ask(server.url("/bomb"), configuration, maximumBytes: 50_000)
        #expect(answer.header("content-encoding") == "gzip")
        #expect(answer.body.count < 50_000 && answer.body.starts(with: [0x1F, 0x8B]))
    }

    @Test(arguments: [
        ("/byte-per-second", HTTPSFailure.Kind.limit, HTTPSFailure.Detail.tooSlow),
        ("/stall-after-head", .limit, .tooSlow),
        ("/stall-in-head", .limit, .tooSlow),
        ("/stall-before-answer", .network, .silent),
    ])
    func `an exchange that stands still is given up`(
        path: String, kind: HTTPSFailure.Kind, detail: HTTPSFailure.Detail
    ) throws {
        let began = Clock.now()
        let found = try #require(failure(server.url(path), configuration))
        #expect(found.kind == kind && found.detail == detail, "\(found)")
        #expect(Clock.now() - began < 4_000_000_000)
    }

    @Test(arguments: [
        ("/byte-per-second", HTTPSFailure.Detail.tooSlow), ("/stall-before-answer", .silent),
    ])
    func `the total time follows the allowed length`(
        path: String, detail: HTTPSFailure.Detail
    ) throws {
        var configuration = configuration
        configuration.stallSeconds = 600
        configuration.connectMilliseconds = 300
        configuration.answerMilliseconds = 100
        configuration.maximumHeadBytes = 500
        configuration.lowestBytesPerSecond = 10_000
        let began = Clock.now()
        let found = try #require(
            failure(server.url(path), configuration, maximumBytes: 2_500))
        let took = Clock.now() - began
        #expect(found.detail == detail, "\(found)")
        #expect((690_000_000...2_000_000_000).contains(took), "\(took) ns instead of 700 ms")
    }

    @Test func `a server that takes a connection and says nothing is given up`() throws {
        let mute = try Server("--mode", "silent")
        var configuration = configuration
        configuration.connectMilliseconds = 300
        let began = Clock.now()
        let found = try #require(failure(mute.url("/ok"), configuration))
        #expect(found.kind == .network && found.description.contains("no connection in time"))
        #expect(Clock.now() - began < 2_000_000_000)
    }

    @Test(arguments: ["/truncated", "/truncated-chunk"])
    func `an answer that ends early is no answer`(path: String) throws {
        let found = try #require(failure(server.url(path), configuration))
        #expect(found.kind == .network && HTTPSRetryPolicy.isWorthRepeating(found), "\(found)")
        #expect(found.detail == .truncated || path != "/truncated")
    }

    @Test func `a server that hangs up without an answer is a network failure`() throws {
        #expect(failure(server.url("/nothing"), configuration)?.kind == .network)
    }

    @Test(arguments: ["/garbage", "/bad-status"])
    func `a server that speaks something else is told apart`(path: String) throws {
        let found = try #require(failure(server.url(path), configuration))
        #expect(found.kind == .server, "\(found)")
    }

    @Test func `a server without TLS is no server`() throws {
        let plain = try Server("--mode", "plain")
        let found = try #require(failure(plain.url("/ok"), configuration))
        #expect(found.kind == .server || found.kind == .network, "\(found)")
        #expect(plain.events("request").isEmpty)
    }

    @Test func `nobody who listens is a network failure`() throws {
        let url = "https://localhost:\(try Peers.freePort())/ok"
        let found = try #require(failure(url, configuration))
        #expect(found.kind == .network && found.description.hasPrefix("GET \(url): no connection"))
    }

    @Test func `a name that nobody knows is a network failure`() throws {
        #expect(failure("https://nobody.invalid/", configuration)?.kind == .network)
    }

    @Test func `a redirect is an answer and is not followed`() throws {
        let other = try Server(authority: server.authority)
        let targets = ["file:///etc/passwd", other.url("/ok"), server.url("/followed")]
        for target in targets {
            let answer = try ask(server.url("/redirect/" + target), configuration)
            #expect(answer.status == 302 && answer.header("location") == target)
            #expect(answer.body.isEmpty)
        }
        #expect(other.events("connected").isEmpty)
        #expect(server.events("request GET /followed").isEmpty)
    }

    @Test func `a status of failure is an answer with its body`() throws {
        let answer = try ask(server.url("/status/503"), configuration)
        #expect(answer.status == 503 && answer.text == "sorry")
        #expect(answer.retryAfterSeconds() == 7)
    }

    @Test func `odd heads are read as they are meant`() throws {
        let answer = try ask(server.url("/odd"), configuration)
        #expect(answer.status == 200 && answer.text == "hello")
        #expect(answer.header("x-folded") == "first second third")
        #expect(answer.header("etag") == "\"x\"")
        #expect(answer.header("x-empty") == "")
        #expect(answer.headers.filter { $0.name == "x-twice" }.map(\.value) == ["a", "b"])
        #expect(answer.header("x-early") == nil && answer.header("x-late") == nil)
    }
}
