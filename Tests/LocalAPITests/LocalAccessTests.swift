import Foundation
import Synchronization
import TestKit
import Testing

@testable import LocalAPI

@Suite(.serialized) struct LocalAccessTests {
    private let routes = LocalRoutes.all.map {
        $0.path.replacing("{id}", with: "house").replacing("{language}", with: "en")
    }

    @Test func `without a session there is the app, and nothing of the house`() throws {
        let rig = try LocalRig()
        for path in routes + ["/v1/gateways/other", "/v1/x", "/v1/session"] {
            let reply = try rig.ask("GET", path)
            #expect(reply.status == 401 && reply.problem == "first_use_needed", "\(path)")
        }
        let cookie = try rig.firstUse()
        for path in routes {
            for fields in [
                [], ["Cookie: amphora=\(String(repeating: "0", count: 32))"], ["Cookie: amphora="],
                ["Authorization: Bearer x"], [cookie, cookie],
                [cookie + "; amphora=\(String(repeating: "0", count: 32))"],
            ] {
                let reply = try rig.ask("GET", path, fields)
                #expect(
                    reply.status == 401 && reply.problem == "token_missing", "\(path) \(fields)")
                #expect(!reply.body.contains("soc_pct"))
            }
        }
        let page = try rig.ask("GET", "/")
        #expect(page.status == 200 && page.body.lowercased().hasPrefix("<!doctype html>"))
        #expect(page.head.contains("default-src 'self'") && page.head.contains("nosniff"))
        let tag = try #require(page.head.firstMatch(of: /etag: (".+")/)).1
        #expect(try rig.ask("GET", "/", ["If-None-Match: \(tag)"]).status == 304)
        #expect(try rig.ask("HEAD", "/alarms").body.isEmpty)
        let packed = try rig.ask("GET", "/", ["Accept-Encoding: br, gzip;q=0.5"])
        #expect(packed.head.contains("content-encoding: gzip") && !packed.head.contains(tag))
    }

    @Test func `the first password is set once, kept as a slow hash, and opens sessions`() throws {
        let rig = try LocalRig()
        for body in [
            "{\"password\":\"short\"}", "{\"password\":7}", "{}", "[]", "{", "",
            "{\"password\":\"correct horse\",\"x\":1}",
            "{\"password\":\"\(String(repeating: "x", count: 300))\"}",
        ] {
            let reply = try rig.ask("POST", "/v1/session/first-use", body: body)
            #expect(reply.status == 400 && reply.problem == "body_invalid", "\(body)")
        }
        let first = try rig.ask(
            "POST", "/v1/session/first-use", body: "{\"password\":\"correct horse\"}")
        #expect(first.status == 200)
        #expect(first.head.contains("HttpOnly; SameSite=Strict; Path=/"))
        #expect(
            first.body.contains("\"server\":\"gateway\",\"gateway\":\"house\",\"first_use\":false"))
        let kept = try String(contentsOfFile: rig.passwordPath, encoding: .utf8)
        #expect(kept.hasPrefix("scrypt$32768$8$3$") && !kept.contains("horse"))
        let mode = try FileManager.default.attributesOfItem(atPath: rig.passwordPath)
        #expect((mode[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        let again = try rig.ask(
            "POST", "/v1/session/first-use", body: "{\"password\":\"another horse\"}")
        #expect(again.status == 409 && again.problem == "first_use_over")
        #expect(try String(contentsOfFile: rig.passwordPath, encoding: .utf8) == kept)
        // a name may stand there, and is not looked at
        let signIn = try rig.ask(
            "POST", "/v1/session", body: "{\"name\":\"anna\",\"password\":\"correct horse\"}")
        let cookie = try signIn.cookie
        #expect(signIn.status == 200)
        // its end is reckoned from two clocks that are read one after the other
        let (ends, when) = (/"expires":"[^"]+"/, "\"expires\":\"\"")
        let asked = try rig.ask("GET", "/v1/session", [cookie]).body
        #expect(asked.contains(ends))
        #expect(asked.replacing(ends, with: when) == signIn.body.replacing(ends, with: when))
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 200)
        let out = try rig.ask("DELETE", "/v1/session", [cookie, "Amphora-Request: app"])
        #expect(out.status == 204 && out.head.contains("Max-Age=0"))
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 401)
        #expect(try rig.ask("GET", "/v1/gateways", [try first.cookie]).status == 200)
    }

    @Test func `of eight who set the first password at once, one does`() throws {
        let rig = try LocalRig()
        let port = rig.port
        let replies = Mutex<[Reply]>([])
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            let body = "{\"password\":\"correct horse \(number)\"}"
            let text =
                "POST /v1/session/first-use HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                + "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            guard let client = try? RawClient(port: port) else { return }
            client.send(text + body)
            let reply = Reply(client.readAll(seconds: 60))
            replies.withLock { $0.append(reply) }
        }
        let all = replies.withLock { $0 }
        #expect(all.count == 8)
        #expect(all.count { $0.status == 200 } == 1, "\(all.map(\.status))")
        #expect(all.count { $0.status == 409 && $0.problem == "first_use_over" } == 7)
        let files = try FileManager.default.contentsOfDirectory(
            atPath: (rig.passwordPath as NSString).deletingLastPathComponent)
        #expect(files == ["password"])
    }

    @Test func `a damaged password is no first use, and one taken away ends all sessions`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let kept = try String(contentsOfFile: rig.passwordPath, encoding: .utf8)
        for damage in [
            "", "\n", String(kept.dropLast()), String(kept.dropFirst()), kept + kept,
            "scrypt$$$$$\n",
            String(repeating: "x", count: 1_000_000), kept.replacing("$8$3$", with: "$8$900$"),
        ] {
            try Data(damage.utf8).write(to: URL(filePath: rig.passwordPath))
            let reply = try rig.ask("GET", "/v1/session", [cookie])
            #expect(
                reply.status == 503 && reply.problem == "password_damaged", "\(damage.prefix(40))")
            #expect(reply.body.contains("reset-password"))
            let set = try rig.ask(
                "POST", "/v1/session/first-use", body: "{\"password\":\"another horse\"}")
            #expect(set.status == 503)
            #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 503)
        }
        #expect(try PasswordFile(path: rig.passwordPath).remove())
        #expect(try !PasswordFile(path: rig.passwordPath).remove())
        #expect(try rig.ask("GET", "/v1/session", [cookie]).problem == "first_use_needed")
        let next = try rig.firstUse()
        #expect(try rig.ask("GET", "/v1/gateways", [cookie]).status == 401)
        #expect(try rig.ask("GET", "/v1/gateways", [next]).status == 200)
    }

    @Test func `after ten wrong passwords the right one has to wait too`() throws {
        let rig = try LocalRig()
        _ = try rig.firstUse()
        for _ in 1...10 {
            let reply = try rig.ask("POST", "/v1/session", body: "{\"password\":\"wrong horse\"}")
            #expect(reply.status == 401 && reply.problem == "sign_in_failed")
        }
        let reply = try rig.ask("POST", "/v1/session", body: "{\"password\":\"correct horse\"}")
        #expect(reply.status == 429 && reply.head.contains("retry-after: "))
    }

    @Test func `a page from elsewhere can neither ask nor change anything`() throws {
        let rig = try LocalRig()
        for host in [
            "evil.example", "127.0.0.1.evil.example", "", "local", "evil.local.example", "[::1",
            "127.0.0.1:x", "amphora.local:80:80", "1.2.3", "lan",
        ] {
            let reply = try rig.ask("GET", "/", host: host)
            #expect(reply.status == 421 && reply.problem == "host_unknown", "\(host)")
        }
        for host in [
            "127.0.0.1:8080", "[::1]:8080", "[fe80::1]", "localhost", "amphora.local", "Box.LAN:80",
            "battery.example", "amphora.local.",
        ] {
            #expect(try rig.ask("GET", "/", host: host).status == 200, "\(host)")
        }
        #expect(try rig.ask("GET", "/", ["Host: evil.example"]).status == 421)
        let set = "{\"password\":\"another horse\"}"
        for origin in ["http://evil.example", "null", "http://127.0.0.1:1", "ftp://127.0.0.1"] {
            let reply = try rig.ask(
                "POST", "/v1/session/first-use", ["Origin: \(origin)"], body: set)
            #expect(reply.status == 403 && reply.problem == "cross_site", "\(origin)")
        }
        // what a form can send
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let reply = try rig.ask(
                "POST", "/v1/session/first-use", ["Content-Type: \(type)"], body: set)
            #expect(reply.status == 415)
        }
        let cookie = try rig.firstUse()
        #expect(try rig.ask("DELETE", "/v1/session", [cookie]).problem == "cross_site")
        #expect(
            try rig.ask(
                "DELETE", "/v1/session",
                [cookie, "Amphora-Request: app", "Origin: http://evil.example"]
            ).problem == "cross_site")
        #expect(try rig.ask("GET", "/v1/session", [cookie]).status == 200)
        let answer = try rig.ask("GET", "/v1/gateways", [cookie, "Origin: http://evil.example"])
        #expect(!answer.head.lowercased().contains("access-control"))
        #expect(
            try rig.ask(
                "DELETE", "/v1/session",
                [cookie, "Amphora-Request: app", "Origin: http://127.0.0.1"]
            ).status == 204)
    }

    @Test func `the first password is set from a network of this machine only`() {
        for address in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "fe80::1", "fe80::1%eth0"] {
            #expect(OwnNetwork.contains(address), "\(address)")
        }
        for address in ["203.0.113.7", "2001:db8::1", "", "x", "0.0.0.0.0"] {
            #expect(!OwnNetwork.contains(address), "\(address)")
        }
        #expect(OwnNetwork.group("2001:db8::1") == OwnNetwork.group("2001:db8::2"))
        #expect(OwnNetwork.group("10.0.0.1") != OwnNetwork.group("10.0.0.2"))
    }
}
