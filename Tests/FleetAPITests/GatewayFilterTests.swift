import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// Finding gateways at the API.
@Suite(.ownThreads) struct GatewayFilterTests {
    /// `gw-1` is live and in a group, `gw-2` has an old measurement; both have open alarms.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        for id in ["gw-1", "gw-2", "gw-9"] { try rig.addDevice(id, group: "pilots-\(id)") }
        return rig
    }

    private func ids(_ answer: CurlAnswer) -> [String] {
        answer.body.matches(of: /"id":"([^"]+)"/).map { String($0.1) }
    }

    @Test func `what is asked for is found, within what its reader sees`() async throws {
        let rig = try await rig()
        var bodies: [String] = []
        for (query, user, expected) in [
            ("search=gw", "otto", ["gw-1", "gw-2"]), ("search=GW%20-2", "otto", ["gw-2"]),
            ("search=%20gw%20%20%201%20", "otto", ["gw-1"]), ("search=gw", "anna", ["gw-1"]),
            ("search=gw-2", "anna", []), ("search=gw-9", "otto", []),
            ("search=9", "olga", ["gw-9"]),
            ("search=%25", "otto", []), ("search=%27%20OR%20%271%27=%271", "otto", []),
            ("freshness=live", "otto", ["gw-1"]), ("freshness=stale", "otto", ["gw-2"]),
            ("freshness=never", "otto", []), ("worst_level=warning", "otto", ["gw-1"]),
            ("worst_level=protection", "otto", ["gw-2"]),
            ("worst_level=protection", "anna", []), ("alarms=open", "otto", ["gw-1", "gw-2"]),
            ("alarms=unacknowledged&order=alarm", "otto", ["gw-2", "gw-1"]),
            ("alarms=open&freshness=stale&search=gw", "otto", ["gw-2"]),
            ("group=pilots-gw-1", "otto", ["gw-1"]), ("group=pilots-gw-1", "ivan", ["gw-1"]),
            ("group=pilots-gw-2", "ivan", []), ("group=pilots-gw-9", "otto", []),
        ] as [(String, String, [String])] {
            let answer = try await rig.ask("/v1/gateways?\(query)", as: user)
            #expect(answer.status == 200, "\(query): \(answer.body)")
            #expect(ids(answer) == expected, "\(query) \(user): \(answer.body)")
            bodies.append(answer.body)
        }
        let owner = try await rig.ask("/v1/gateways?group=pilots-gw-1", as: "anna")
        let glance = try await rig.ask("/v1/gateways?group=pilots-gw-1", as: "amphora_glance")
        for refused in [owner, glance] {
            #expect(refused.status == 403 && refused.body.contains("problem:scope_missing"))
        }
        let first = try await rig.ask("/v1/gateways?search=gw&limit=1", as: "otto")
        let cursor = try #require(first.body.firstMatch(of: /"next_cursor":"([0-9a-f]+)"/)).1
        let next = try await rig.ask("/v1/gateways?search=gw&limit=1&cursor=\(cursor)", as: "otto")
        #expect(ids(first) == ["gw-1"] && ids(next) == ["gw-2"])
        // passed on, a cursor shows nothing
        let other = try await rig.ask("/v1/gateways?search=gw&cursor=\(cursor)", as: "anna")
        #expect(ids(other) == [])
        await rig.stop()
        #expect(
            try SchemaJudge.contractVerdicts("GatewayList", bodies) == bodies.map { _ in "ok" })
    }

    @Test func `what cannot be looked for is refused with all that is wrong`() async throws {
        let rig = try await rig()
        let nine = Array(repeating: "a", count: 9).joined(separator: "%20")
        for query in [
            "search=", "search=%20%20", "search=\(nine)", "search=a%00", "search=a%0Ab",
            "search=" + String(repeating: "a", count: 101), "search=%ff", "search=a&search=b",
            "group=", "group=No", "group=" + String(repeating: "a", count: 65), "freshness=old",
            "freshness=", "worst_level=none", "alarms=all", "label=a",
        ] {
            let answer = try await rig.ask("/v1/gateways?\(query)", as: "otto")
            #expect(answer.status == 400, "\(query): \(answer.body)")
            #expect(answer.body.contains("\"errors\":[{\"pointer\":"), "\(query)")
        }
        let longest = String(repeating: "%C3%BC", count: 100)
        #expect(try await rig.ask("/v1/gateways?search=\(longest)", as: "otto").status == 200)
        let both = try await rig.ask("/v1/gateways?freshness=x&alarms=y&group=Z", as: "anna")
        #expect(both.body.components(separatedBy: "\"pointer\"").count == 4, "\(both.body)")
        await rig.stop()
    }
}
