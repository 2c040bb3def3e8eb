import Foundation
import TestKit
import Testing

@testable import LocalAPI

/// Rules 2 and 3 of ``LocalServer``.
@Suite(.serialized) struct LocalBoundsTests {
    private var hasty: LocalPatience {
        var patience = LocalPatience()
        (patience.head, patience.body, patience.idle) = (700, 700, 700)
        return patience
    }

    @Test func `what is too much or no HTTP ends its connection and nothing else`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let get = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        var random = SeededGenerator(seed: 7)
        let noise = String(
            decoding: (0..<50_000).map { _ in UInt8.random(in: 0...255, using: &random) },
            as: UTF8.self)
        for text in [
            get + (0..<200).map { "X-\($0): x\r\n" }.joined() + "\r\n",
            get + "X: \(String(repeating: "x", count: 20_000))\r\n\r\n",
            get + (0..<60).map { "X-\($0): \(String(repeating: "x", count: 1000))\r\n" }.joined(),
            "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}", noise,
            get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
            get + "Content-Length: -1\r\n\r\n",
            get + "Content-Length: 99999999999999999999\r\n\r\n",
            get + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
            get + " folded: x\r\n\r\n",
            "POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        ] {
            let client = try RawClient(port: rig.port)
            client.send(text)
            let answer = client.read(seconds: 3) { $0.contains("\r\n\r\n") }
            #expect(
                answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(text.prefix(60)): \(answer)")
        }
        let giant = String(repeating: "x", count: 4_000_000)
        let body = try rig.ask("POST", "/v1/session", body: giant)
        #expect(body.status == 413 && body.problem == "body_too_large")
        #expect(try rig.ask("GET", "/v1/gateways", [cookie], body: "x").status == 413)
        let chunked = try RawClient(port: rig.port)
        chunked.send(
            "POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<64 { chunked.send("400\r\n\(String(repeating: "y", count: 1024))\r\n") }
        #expect(chunked.read(seconds: 5) { $0.contains("body_too_large") }.contains(" 413 "))
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 200)
    }

    @Test func `who does not finish a head or a body is not waited for`() throws {
        let rig = try LocalRig(patience: hasty)
        let silent = try RawClient(port: rig.port)
        let slow = try RawClient(port: rig.port)
        slow.send("GET / HTTP/1.1\r\nHost:")
        let half = try RawClient(port: rig.port)
        half.send("POST /v1/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{")
        let kept = try RawClient(port: rig.port)
        kept.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        #expect(kept.read(seconds: 5) { $0.contains("</html>") }.contains("200 OK"))
        for client in [silent, slow, half, kept] { #expect(client.isClosed(within: 10)) }
    }

    @Test func `requests sent one behind the other are answered in their order`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let client = try RawClient(port: rig.port)
        let requests = (0..<50).map { number in
            "GET /v1/gateways/\(number % 2 == 0 ? "house" : "other") HTTP/1.1\r\n"
                + "Host: 127.0.0.1\r\n\(cookie)\r\n\r\n"
        }
        client.send(requests.joined())
        func statuses(_ text: String) -> [String] {
            text.matches(of: /HTTP\/1\.1 (\d+)/).map { String($0.1) }
        }
        let text = client.read(seconds: 20) { statuses($0).count == 50 && $0.hasSuffix("}") }
        #expect(statuses(text) == (0..<50).map { $0 % 2 == 0 ? "200" : "404" })
    }

    @Test func `one connection too many takes the place of one that does nothing`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        var idle = try (0..<LocalServer.mostConnections).map { _ in try RawClient(port: rig.port) }
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 200)
        #expect(idle.contains { $0.isClosed(within: 0) })
        idle = []
        // watchers are bounded too, and leave room for others
        let watchers = try (0..<LocalCore.mostStreams).map { _ in
            let client = try RawClient(port: rig.port)
            client.send("GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\(cookie)\r\n\r\n")
            #expect(client.read(seconds: 5) { $0.contains("event: live") }.contains("200 OK"))
            return client
        }
        let refused = try rig.ask("GET", "/v1/events", [cookie])
        #expect(refused.status == 503 && refused.problem == "busy")
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 200)
        withExtendedLifetime(watchers) {}
    }

    @Test func `what comes in makes nothing grow`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        func round(_ count: Int) throws {
            for number in 0..<count {
                let text = "GET /v1/gateways/house/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                _ = try rig.raw(text + "\(cookie)\r\nX: \(number)\r\nConnection: close\r\n\r\n")
            }
        }
        try round(300)
        let before = Self.residentKilobytes()
        try round(3000)
        let growth = Self.residentKilobytes() - before
        #expect(growth < 16_384, "\(growth) kB")
    }

    private static func residentKilobytes() -> Int {
        let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        return text.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? 0
    }
}
