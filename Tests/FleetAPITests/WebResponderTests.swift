import FleetWeb
import Foundation
import HTTPTypes
import Testing

@testable import FleetAPI

/// The files of the app over HTTP.
@Suite(.ownThreads) struct WebResponderTests {
    @Test func `the page and its files come without signing in, with the fields that protect them`()
        async throws
    {
        let rig = try await UserRig()
        let style = "/assets/\(WebApp.current.version)/app.css"
        for path in ["/", "/g/gw-1/history", "/sw.js", "/manifest.webmanifest", style] {
            let answer = try await rig.ask(path)
            #expect(answer.status == 200, "\(path)")
            for (name, value) in WebApp.fields {
                #expect(answer.headers[name] == value, "\(path) \(name)")
            }
            let isKept = answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            #expect(isKept == (path == style))
            #expect(answer.headers["content-encoding"] == nil)
        }
        let page = try await rig.ask("/")
        #expect(page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(page.body.contains(style))
        await rig.stop()
    }

    @Test func `HEAD says the same as GET without the content`() async throws {
        let rig = try await UserRig()
        let get = try await rig.ask("/more")
        let head = try await rig.ask(
            "/more", method: "HEAD", headers: ["Connection: close"], isHead: true)
        #expect(head.status == 200 && head.body.isEmpty)
        for name in ["content-length", "etag", "content-type", "content-security-policy"] {
            #expect(head.headers[name] == get.headers[name] && get.headers[name] != nil, "\(name)")
        }
        await rig.stop()
    }

    @Test func `whoever has the file is told so, and each form has a tag of its own`() async throws
    {
        let rig = try await UserRig()
        let plain = try #require(try await rig.ask("/").headers["etag"])
        let packed = try await rig.ask(
            "/", method: "HEAD", headers: ["Accept-Encoding: br, gzip"], isHead: true)
        #expect(packed.headers["content-encoding"] == "gzip")
        #expect(packed.headers["vary"] == "Accept-Encoding")
        let other = try #require(packed.headers["etag"])
        #expect(other != plain)
        let same = try await rig.ask("/", headers: ["If-None-Match: \(plain)"])
        #expect(same.status == 304 && same.body.isEmpty)
        let not = try await rig.ask("/", headers: ["If-None-Match: \(other)"])
        #expect(not.status == 200)
        await rig.stop()
    }

    @Test func `nothing else is there, whichever way it is asked for`() async throws {
        let rig = try await UserRig()
        let version = WebApp.current.version
        for path in [
            "/index.html", "/app.css", "/assets/", "/assets/\(version)", "/assets/\(version)/",
            "/assets/\(version)/../sw.js", "/assets/\(version)/%2e%2e/sw.js",
            "/assets/\(version)/..%2fsw.js", "/assets/\(version)/core%2fapi.js",
            "/assets/\(version)/index.html", "/assets/0/app.css", "//", "/../etc/passwd",
            "/sw.js/", "/g/", "/g/gw-1/x", "/G/gw-1",
        ] {
            let answer = try await rig.ask(path)
            #expect(answer.status == 404 && answer.body.contains("problem:not_found"), "\(path)")
        }
        let post = try await rig.ask("/", method: "POST", body: "{}")
        #expect(post.status == 405 && post.headers["allow"] == "GET, HEAD")
        await rig.stop()
    }

    @Test(arguments: [
        ("gzip", true), ("GZIP", true), ("br, gzip;q=0.5", true), ("*", true), ("gzip;q=0", false),
        ("gzip; q=0.000", false), ("identity", false), ("", false), ("x-gzip", false),
        ("gzip;q=0.001", true), (";,;q=,=", false),
    ])
    func `packs for those who take it`(field: String, isPacked: Bool) {
        #expect(WebApp.takesGzip(field) == isPacked)
        #expect(!WebApp.takesGzip(nil))
    }
}
