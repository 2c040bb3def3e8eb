import FoundationEssentials
import Glibc
import TestKit
import Testing

@testable import HTTPSClient

/// Rules 1 and 2 of `HTTPSSession`.
@Suite struct TrustTests {
    @Test func `an authority is believed from its file and from its text`() throws {
        let server = try Server()
        let text = try Data(contentsOf: URL(filePath: server.authority.file))
        var configuration = server.configuration
        #expect(try ask(server.url("/ok"), configuration).text == "hello")
        configuration.authorities = .pem(Array(text))
        #expect(try ask(server.url("/ok"), configuration).text == "hello")
        configuration.authorities = .pem(Array("no certificate".utf8))
        #expect(failure(server.url("/ok"), configuration)?.detail == .authoritiesUnusable)
        configuration.authorities = .file("/nowhere/ca.pem")
        #expect(failure(server.url("/ok"), configuration)?.detail == .authoritiesUnusable)
    }

    /// The folder stands for /etc/ssl/certs, where libcurl looks by default also with a file of its own.
    @Test func `a folder of the system's authorities vouches for nobody`() throws {
        let server = try Server()
        let ours = try Authority("Another authority")
        let folder = try TemporaryDirectory("system")
        try FileManager.default.copyItem(
            atPath: server.authority.file, toPath: folder.file("system.pem"))
        let rehash = try ChildProcess(try Peers.tool("openssl"), ["rehash", folder.path])
        try #require(try rehash.waitForExit() == .exited(0))
        var configuration = server.configuration
        let path = folder.path
        for authorities: HTTPSConfiguration.Authorities in [
            .file(ours.file), .pem(Array(try Data(contentsOf: URL(filePath: ours.file)))),
        ] {
            configuration.authorities = authorities
            let session = try HTTPSSession(configuration)
            session.tamper = { (handle, stage) throws(HTTPSFailure) in
                if stage == .ready { try handle.trustFolder(path) }
            }
            #expect(try session.ask(server.url("/ok")).text == "hello", "the trap is none")
            session.disconnect()
            session.tamper = { (handle, stage) throws(HTTPSFailure) in
                if stage == .reset { try handle.trustFolder(path) }
            }
            let found = #expect(throws: HTTPSFailure.self) { try session.ask(server.url("/ok")) }
            #expect(found?.kind == .server && found?.detail == .unknownAuthority)
        }
    }

    @Test func `a wrong name is refused`() throws {
        let server = try Server()
        let found = try #require(
            failure(server.url("/ok", host: "127.0.0.1"), server.configuration))
        #expect(found.kind == .server && found.detail == .wrongName && !found.isClockSuspect)
        #expect(found.description.contains("127.0.0.1"))
    }

    @Test func `certificates out of their time make the clock suspect`() throws {
        let authority = try Authority()
        let other = try Authority("Another authority")
        let cases: [(ClosedRange<Double>, HTTPSFailure.Detail)] = [
            (-3...(-1), .certificateExpired), (1...3, .certificateNotYetValid),
        ]
        for (days, detail) in cases {
            let shown = try authority.sign("localhost", days: days)
            let server = try Server(authority: authority, certificate: shown)
            let found = try #require(failure(server.url("/ok"), server.configuration))
            #expect(found.kind == .server && found.detail == detail, "\(found)")
            #expect(found.isClockSuspect && found.description.contains("clock"))
            // of a stranger the time says nothing
            var strict = server.configuration
            strict.authorities = .file(other.file)
            let stranger = try #require(failure(server.url("/ok"), strict))
            #expect(stranger.detail == .unknownAuthority && !stranger.isClockSuspect)
        }
    }

    /// In a process of its own, because the environment and OpenSSL's settings belong to the process.
    @Test func `TLS 1.1 is refused even where OpenSSL would allow it`() async throws {
        let server = try Server("--tls", "1.1")
        let settings = server.authority.folder.file("openssl.cnf")
        try Data(
            """
            openssl_conf = start
            [start]
            ssl_conf = tls
            [tls]
            system_default = all
            [all]
            MinProtocol = TLSv1
            CipherString = DEFAULT@SECLEVEL=0

            """.utf8
        ).write(to: URL(filePath: settings))
        let (url, authority) = (server.url("/ok"), server.authority.file)
        await #expect(processExitsWith: .success) {
            [settings = settings as String, url = url as String, authority = authority as String] in
            setenv("OPENSSL_CONF", settings, 1)
            let configuration = HTTPSConfiguration(authorities: .file(authority))
            let found = failure(url, configuration)
            try #require(found?.kind == .server && found?.detail == .oldTLS, "\(found as Any)")
        }
    }

    @Test func `neither proxies nor authorities of the environment count`() async throws {
        let server = try Server()
        let trap = try Server("--mode", "proxy")
        let (url, authority, proxy) = (
            server.url("/ok"), server.authority.file, "http://localhost:\(trap.port)"
        )
        let other = try Authority("Another authority")
        let stranger = other.file
        await #expect(processExitsWith: .success) {
            [
                url = url as String, authority = authority as String, proxy = proxy as String,
                stranger = stranger as String,
            ] in
            for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
                setenv(name, proxy, 1)
            }
            for name in ["SSL_CERT_FILE", "CURL_CA_BUNDLE"] { setenv(name, authority, 1) }
            let ours = HTTPSConfiguration(authorities: .file(authority))
            try #require(try ask(url, ours).text == "hello")
            let others = HTTPSConfiguration(authorities: .file(stranger))
            try #require(failure(url, others)?.detail == .unknownAuthority)
        }
        withExtendedLifetime(other) { #expect(trap.events("connected").isEmpty) }
        #expect(server.events("request") == ["request GET /ok"])
    }

    @Test func `a proxy of the configuration is used, and TLS goes through it`() throws {
        let server = try Server()
        let proxy = try Server("--mode", "proxy")
        var configuration = server.configuration
        configuration.proxy = "http://localhost:\(proxy.port)"
        let answer = try ask(server.url("/ok"), configuration)
        #expect(answer.text == "hello" && answer.header("x-proxy") == nil)
        #expect(proxy.events("request") == ["request CONNECT localhost:\(server.port)"])
    }

    @Test(arguments: [
        "http://localhost/", "file:///etc/passwd", "ftp://localhost/", "localhost", "https://",
        "https://a b/", "https://localhost/\u{0}", "https://localhost/\r\nX: y", "",
        "https://user:secret@localhost/",
    ])
    func `an address without https, or with more than an address, is refused`(url: String) throws {
        let server = HTTPSConfiguration(authorities: .file("/dev/null"))
        let found = try #require(failure(url, server))
        #expect(found.kind == .request, "\(found)")
    }

    @Test func `a server for which nobody vouches is asked for a document and told nothing`() throws
    {
        let server = try Server()
        var configuration = server.configuration
        configuration.authorities = .unverifiedForFingerprint
        let session = try HTTPSSession(configuration)
        // under a name that is not its own, too
        #expect(try session.ask(server.url("/ok", host: "127.0.0.1")).text == "hello")
        let before = server.events("request")
        func refused(_ change: (inout HTTPSRequest) -> Void) -> HTTPSFailure? {
            var request = HTTPSRequest(url: server.url("/ok"))
            change(&request)
            do throws(HTTPSFailure) {
                _ = try session.send(request)
                return nil
            } catch {
                return error
            }
        }
        let secrets: [(inout HTTPSRequest) -> Void] = [
            { $0.headers = [("Authorization", "Basic c2VjcmV0")] }, { $0.method = .post },
            { $0.body = Array("secret".utf8) }, { $0.url += "?secret" },
        ]
        for secret in secrets {
            let found = refused(secret)
            #expect(found?.kind == .request)
            #expect(
                found?.description == "an unverified server is sent no body, header field or query")
        }
        #expect(server.events("request") == before)
        configuration.identity = try server.authority.sign("gw-1")
        #expect(throws: HTTPSFailure.self) { try HTTPSSession(configuration) }
    }

    /// What nobody vouches for on one connection does not spread to another.
    @Test func `a verified session is strict beside an unverified one`() throws {
        let server = try Server()
        var open = server.configuration
        open.authorities = .unverifiedForFingerprint
        #expect(try ask(server.url("/ok"), open).text == "hello")
        let other = try Authority("Another authority")
        var strict = server.configuration
        strict.authorities = .file(other.file)
        let found = withExtendedLifetime(other) { failure(server.url("/ok"), strict) }
        #expect(found?.detail == .unknownAuthority)
    }
}
