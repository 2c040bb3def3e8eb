import Dispatch
import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// What users get, as curl sees it.
@Suite(.ownThreads) struct UserServerTests {
    private func ids(_ answer: CurlAnswer) throws -> [String] {
        let list = try #require(object(answer)["items"] as? [[String: Any]], "\(answer.body)")
        return list.compactMap { $0["id"] as? String }
    }

    private func object(_ answer: CurlAnswer) throws -> [String: Any] {
        try #require(
            JSONSerialization.jsonObject(with: Data(answer.body.utf8)) as? [String: Any],
            "\(answer.body)")
    }

    @Test func `a list shows what the user sees, page by page, the worst first where asked`()
        async throws
    {
        let rig = try await UserRig()
        #expect(try await ids(rig.ask("/v1/gateways", as: "anna")) == ["gw-1"])
        #expect(try await ids(rig.ask("/v1/gateways", as: "otto")) == ["gw-1", "gw-2"])
        #expect(
            try await ids(rig.ask("/v1/gateways?order=alarm", as: "otto")) == ["gw-2", "gw-1"])
        #expect(try await ids(rig.ask("/v1/gateways", as: "olga")) == ["gw-9"])
        for order in ["id", "alarm"] {
            let first = try await rig.ask("/v1/gateways?limit=1&order=\(order)", as: "ada")
            let cursor = try #require(object(first)["next_cursor"] as? String)
            let path = "/v1/gateways?limit=1&order=\(order)&cursor=\(cursor)"
            let second = try await rig.ask(path, as: "ada")
            #expect(try Set(ids(first) + ids(second)) == ["gw-1", "gw-2"])
            #expect(try object(second)["next_cursor"] is NSNull)
            // a cursor says where, not who may see it
            #expect(try await ids(rig.ask(path, as: "olga")).allSatisfy { $0 == "gw-9" })
        }
        await rig.stop()
    }

    @Test func `an old value is never shown as live`() async throws {
        let rig = try await UserRig()
        let live = try await object(rig.ask("/v1/gateways/gw-1/live", as: "otto"))
        #expect(live["freshness"] as? String == "live" && live["age_ms"] as? Int == 5000)
        #expect((live["live"] as? [String: Any])?["voltage_v"] as? Double == 52.125)
        #expect(live["last_known"] is NSNull)
        let packs = try #require(live["packs"] as? [[String: Any]])
        #expect(packs.count == 2 && packs[0]["live"] is [String: Any])
        #expect(packs[0]["age_ms"] as? Int == 5200 && packs[0]["last_known"] is NSNull)
        #expect(packs[1]["live"] is NSNull && packs[1]["last_known"] is [String: Any])
        let old = try await object(rig.ask("/v1/gateways/gw-2/live", as: "otto"))
        #expect(old["freshness"] as? String == "stale" && old["live"] is NSNull)
        #expect(old["last_known"] is [String: Any])
        let oldPacks = try #require(old["packs"] as? [[String: Any]])
        #expect(oldPacks.count == 2 && oldPacks.allSatisfy { $0["live"] is NSNull })
        let summary = try await object(rig.ask("/v1/gateways/gw-2", as: "otto"))
        #expect(summary["soc_pct"] is NSNull && summary["power_w"] is NSNull)
        #expect(summary["worst_level"] as? String == "protection")
        #expect(
            try await object(rig.ask("/v1/gateways/gw-1", as: "otto"))["soc_pct"] as? Double
                == 61.25)
        await rig.stop()
    }

    @Test func `history comes in the form that is asked for`() async throws {
        let rig = try await UserRig()
        let path =
            "/v1/gateways/gw-1/history?quantity=voltage_mv&pixels=10"
            + "&from=2026-09-21T13:00:00Z&to=2026-09-21T15:00:00Z"
        let json = try await object(rig.ask(path, as: "anna"))
        let points = try #require(json["points"] as? [[String: Any]])
        #expect(points.count == 1 && points[0]["mean"] as? Int == 52_125)
        #expect(points[0]["samples"] as? Int == 3)
        let csv = try await rig.ask(path, as: "anna", headers: ["Accept: text/csv"])
        #expect(csv.headers["content-type"] == "text/csv")
        let lines = csv.body.split(separator: "\r\n")
        #expect(
            lines.first
                == "time,voltage_mv_min,voltage_mv_mean,voltage_mv_max,voltage_mv_last,samples")
        #expect(lines.count == 2 && lines[1].hasSuffix(",52125,52125,52125,52125,3"))
        let ndjson = try await rig.ask(
            path, as: "anna", headers: ["Accept: text/html, application/x-ndjson;q=0.5"])
        #expect(ndjson.headers["content-type"] == "application/x-ndjson")
        #expect(ndjson.body.split(separator: "\n").count == 1)
        let other = try await rig.ask(path, as: "anna", headers: ["Accept: image/png"])
        #expect(other.status == 406 && other.body.contains("urn:amphora:problem:not_acceptable"))
        await rig.stop()
    }

    @Test func `alarms and causes are those of gateways that are seen`() async throws {
        let rig = try await UserRig()
        func count(_ path: String, _ user: String) async throws -> Int {
            try #require(object(try await rig.ask(path, as: user))["items"] as? [Any]).count
        }
        #expect(try await count("/v1/alarms", "anna") == 2)
        #expect(try await count("/v1/alarms", "otto") == 3)
        #expect(try await count("/v1/alarms?gateway=gw-9", "otto") == 0)
        #expect(try await count("/v1/alarms?code=cell_high&state=all", "otto") == 1)
        #expect(try await count("/v1/alarms", "olga") == 1)
        #expect(try await count("/v1/alarm-causes", "otto") == 2)
        #expect(try await count("/v1/alarm-causes", "stan") == 1)
        let first = try await object(rig.ask("/v1/alarms?limit=2", as: "otto"))
        let cursor = try #require(first["next_cursor"] as? String)
        #expect(try await count("/v1/alarms?limit=2&cursor=\(cursor)", "otto") == 1)
        await rig.stop()
    }

    @Test func `an answer that is known already is not sent again`() async throws {
        let rig = try await UserRig()
        for path in ["/v1/gateways", "/v1/alarms", "/v1/alarm-texts/de", "/v1/gateways/gw-1"] {
            let first = try await rig.ask(path, as: "anna")
            let tag = try #require(first.headers["etag"])
            let again = try await rig.ask(path, as: "anna", headers: ["If-None-Match: \(tag)"])
            #expect(again.status == 304 && again.body.isEmpty && again.headers["etag"] == tag)
            let other = try await rig.ask(path, as: "anna", headers: ["If-None-Match: \"x\""])
            #expect(other.status == 200 && other.body == first.body)
        }
        let live = try await rig.ask("/v1/gateways/gw-1/live", as: "anna")
        #expect(live.headers["etag"] == nil && live.headers["cache-control"] == "no-store")
        await rig.stop()
    }

    @Test func `failures to sign in are counted, and whoever has a token passes all the same`()
        async throws
    {
        let rig = try await UserRig()
        for _ in 1...SignInGuard.mostTokens {
            #expect(try await rig.ask("/v1/gateways", as: "amphora_guess").status == 401)
        }
        let late = try await rig.ask("/v1/gateways", as: "amphora_guess")
        #expect(late.status == 429 && late.body.contains("too_many_failures"))
        #expect(
            late.headers["retry-after"].flatMap { Int($0) }.map { (1...60).contains($0) } == true)
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        await rig.stop()
    }

    @Test func `the count of failures is of an address and of a minute, and is bounded`() {
        let now = Clock()
        let failures = SignInGuard(most: 10, clock: { now.value })
        for _ in 1...10 { #expect(failures.fail("a") == nil) }
        #expect(failures.fail("a") == 60 && failures.fail("b") == nil)
        now.value = now.value.advanced(by: .seconds(60))
        #expect(failures.fail("a") == nil)
        for number in 0..<(2 * SignInGuard.mostAddresses) {
            #expect(failures.fail("\(number)") == nil)
        }
    }

    /// Changed by one thread only.
    private final class Clock: @unchecked Sendable {
        var value = ContinuousClock.now
    }

    @Test func `over TLS it is the same`() async throws {
        let rig = try await UserRig()
        let (address, folder) = (rig.address, rig.folder)
        let words = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", folder.file("key"), "-out", folder.file("pem"), "-days", "2", "-subj",
            "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
        ]
        let made = try ChildProcess(Peers.tool("openssl"), words)
        #expect(try made.waitForExit(within: 60_000) == .exited(0), "\(made.errors)")
        let pair = ServerPair(
            certificates: Array(try Data(contentsOf: URL(filePath: folder.file("pem")))),
            key: Array(try Data(contentsOf: URL(filePath: folder.file("key")))))
        let server = try await UserRig.apart {
            try UserServer(
                host: "127.0.0.1", port: 0, stores: [FleetStores.openViews(address)],
                log: .init(label: "test"), clock: { UserRig.now }, identity: { pair })
        }
        let curl = try ChildProcess(
            Peers.tool("curl"),
            [
                "-s", "-i", "-m", "60", "--cacert", folder.file("pem"), "-H",
                "Authorization: Bearer amphora_anna",
                "--resolve", "localhost:\(server.port):127.0.0.1",
                "https://localhost:\(server.port)/v1/gateways",
            ])
        #expect(try curl.waitForExit(within: 70_000) == .exited(0), "\(curl.errors)")
        #expect(try ids(CurlAnswer(curl.output)) == ["gw-1"])
        try await UserRig.apart { server.stop() }
        await rig.stop()
    }
}
