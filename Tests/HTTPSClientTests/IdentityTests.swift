import TestKit
import Testing

@testable import HTTPSClient

/// Rule 4 of `HTTPSSession`, and how refusals of a certificate are told.
@Suite struct IdentityTests {
    @Test func `the server sees the gateway's name`() throws {
        let authority = try Authority()
        let server = try Server("--clients", authority.file, authority: authority)
        var configuration = server.configuration
        configuration.identity = try authority.sign("gw-1")
        #expect(try ask(server.url("/whoami"), configuration).text == "gw-1")
    }

    @Test(arguments: ["1.2", "1.3"])
    func `a refused certificate is no network failure`(version: String) throws {
        let authority = try Authority()
        let server = try Server(
            "--clients", authority.file, "--tls", version, authority: authority)
        var configuration = server.configuration
        let stranger = try Authority("Another authority")
        let shown = [
            try stranger.sign("gw-1"), try authority.sign("gw-1", days: -3...(-1)), nil,
        ]
        for identity in shown {
            configuration.identity = identity
            for _ in 0..<5 {
                let found = try #require(failure(server.url("/ok"), configuration))
                #expect(found.kind == .refusedIdentity, "\(found)")
                #expect(!HTTPSRetryPolicy.isWorthRepeating(found))
            }
        }
        #expect(server.events("request").isEmpty)
    }

    @Test func `a certificate replaced under its path is shown with the next request`() throws {
        let authority = try Authority()
        let server = try Server("--clients", authority.file, authority: authority)
        var configuration = server.configuration
        configuration.identity = try authority.sign("gw-1", as: "current")
        let session = try HTTPSSession(configuration)
        #expect(try session.ask(server.url("/whoami")).text == "gw-1")
        #expect(try session.ask(server.url("/whoami")).text == "gw-1")
        try authority.sign("gw-2", as: "current")
        #expect(try session.ask(server.url("/whoami")).text == "gw-2")
        #expect(server.events("handshake") == ["handshake gw-1", "handshake gw-2"])
    }

    @Test func `requests share a connection until it is given up`() throws {
        let server = try Server()
        let session = try HTTPSSession(server.configuration)
        for _ in 0..<3 { #expect(try session.ask(server.url("/ok")).text == "hello") }
        #expect(server.events("handshake").count == 1)
        session.disconnect()
        #expect(try session.ask(server.url("/ok")).text == "hello")
        #expect(server.events("handshake").count == 2)
    }

    @Test func `a key that is absent or of another certificate is told`() throws {
        let authority = try Authority()
        let server = try Server(authority: authority)
        let (one, other) = (try authority.sign("gw-1"), try authority.sign("gw-2"))
        var configuration = server.configuration
        for key in ["/nowhere/key.pem", other.keyFile] {
            configuration.identity = .init(certificateFile: one.certificateFile, keyFile: key)
            let found = try #require(failure(server.url("/ok"), configuration))
            #expect(found.kind == .request && found.detail == .ownIdentityUnusable, "\(found)")
        }
        #expect(server.events("request").isEmpty)
    }
}
