import TestKit
import Testing

@testable import FleetAPI

/// Groups and tags at the API.
@Suite(.ownThreads) struct GroupRoutesTests {
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        try rig.addDevice("gw-1", group: "pilots", tags: ["new", "öko"])
        try rig.addDevice("gw-2", group: "alps", tags: ["new"])
        try rig.addDevice("gw-9", group: "far", tags: ["secret"])
        return rig
    }

    /// `name 2` for each of a list.
    private func counts(_ answer: CurlAnswer) -> [String] {
        answer.body.matches(of: /"name":"([^"]+)","gateways":(\d+)/).map { "\($0.1) \($0.2)" }
    }

    @Test func `groups and tags are those of the gateways that are seen`() async throws {
        let rig = try await rig()
        var bodies: [String] = []
        for (path, user, expected) in [
            ("groups", "otto", ["alps 1", "pilots 1"]), ("groups", "ada", ["alps 1", "pilots 1"]),
            ("groups", "ivan", ["pilots 1"]), ("groups", "olga", ["far 1"]),
            ("tags", "otto", ["new 2", "öko 1"]), ("tags", "ivan", ["new 1", "öko 1"]),
            ("tags", "olga", ["secret 1"]),
        ] {
            let answer = try await rig.ask("/v1/\(path)", as: user)
            #expect(answer.status == 200 && counts(answer) == expected, "\(path) \(answer.body)")
            bodies.append(answer.body)
        }
        for path in ["/v1/groups", "/v1/tags"] {
            for user in ["anna", "stan", "amphora_glance"] {
                let refused = try await rig.ask(path, as: user)
                #expect(refused.status == 403 && refused.body.contains("problem:scope_missing"))
            }
        }
        await rig.stop()
        #expect(
            try SchemaJudge.contractVerdicts("GatewayCountList", bodies) == bodies.map { _ in "ok" }
        )
    }

    @Test func `pages follow one another, and no cursor serves two lists`() async throws {
        let rig = try await rig()
        func next(_ answer: CurlAnswer) -> Substring? {
            answer.body.firstMatch(of: /"next_cursor":"([0-9a-f]+)"/)?.1
        }
        let first = try await rig.ask("/v1/tags?limit=1", as: "otto")
        let cursor = try #require(next(first))
        let second = try await rig.ask("/v1/tags?limit=1&cursor=\(cursor)", as: "otto")
        #expect(counts(first) == ["new 2"] && counts(second) == ["öko 1"])
        #expect(next(second) == nil)
        let other = try await rig.ask("/v1/groups?cursor=\(cursor)", as: "otto")
        #expect(other.status == 409 && other.body.contains("problem:cursor_invalid"))
        for query in ["limit=0", "limit=501", "cursor=x", "search=a"] {
            let answer = try await rig.ask("/v1/groups?\(query)", as: "otto")
            #expect(answer.status == 400, "\(query): \(answer.body)")
        }
        await rig.stop()
    }
}
