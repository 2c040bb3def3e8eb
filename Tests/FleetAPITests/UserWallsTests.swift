import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// Every route as every role and as nobody, with own, foreign and absent ids, and with what nobody should send.
@Suite(.ownThreads) struct UserWallsTests {
    /// The ids of gateways that a user sees.
    private func seen(_ user: String) -> Set<String> {
        switch user {
        case "anna", "ivan": ["gw-1"]
        case "otto", "ada": ["gw-1", "gw-2"]
        default: ["gw-9"]
        }
    }

    /// The address of a route for a gateway, or with a language.
    private func path(_ route: UserRoute, _ id: String) -> String {
        let path = route.path.replacing("{id}", with: id).replacing("{language}", with: "en")
            .replacing("{layer}", with: "fleet").replacing("{rollout}", with: "none")
            .replacing("{subscription}", with: "abcd1234")
        return path.hasSuffix("/history") ? path + "?quantity=power_mw" : path
    }

    /// What answers at once; streams have ``EventTests``.
    private let gets = UserRoutes.all.filter { $0.method == .get && $0.path != "/v1/events" }

    /// Whether the role of a user allows a route.
    private func may(_ user: String, _ route: UserRoute) -> Bool {
        let role = UserRig.users.first { $0.name == user }?.role
        if route.path == "/v1/audit" { return role?.seesAll == true }
        return route.scope.map { role?.scopes.contains($0) == true } ?? true
    }

    @Test func `no route shows a gateway of another tenant, or tells that it is there`()
        async throws
    {
        let rig = try await UserRig()
        for user in UserRig.users.map(\.name) {
            for route in gets where route.path.contains("{id}") {
                let absent = try await rig.ask(path(route, "gw-none"), as: user)
                #expect(absent.status == (may(user, route) ? 404 : 403))
                for id in ["gw-0", "gw-1", "gw-2", "gw-9"] {
                    let answer = try await rig.ask(path(route, id), as: user)
                    if !may(user, route) {
                        #expect(answer.status == 403, "\(route.path) \(id) \(user)")
                    } else if seen(user).contains(id) {
                        #expect(answer.status == 200, "\(route.path) \(id) \(user)")
                    } else {
                        #expect(answer.status == 404, "\(route.path) \(id) \(user)")
                        // the same to the letter, so that nobody learns which ids there are
                        #expect(answer.body == absent.body)
                    }
                }
            }
            // RolloutRoutesTests has rollouts
            for route in gets
            where !route.path.contains("{id}") && !route.path.contains("{rollout}") {
                let answer = try await rig.ask(path(route, ""), as: user)
                let expected = may(user, route) ? 200 : 403
                #expect(answer.status == expected, "\(route.path) \(user)")
                for id in ["gw-0", "gw-1", "gw-2", "gw-9"] where !seen(user).contains(id) {
                    #expect(!answer.body.contains(id), "\(route.path) \(user)")
                }
            }
        }
        await rig.stop()
    }

    @Test func `nobody gets anything without a token that is good and allows it`() async throws {
        let rig = try await UserRig()
        #expect(
            Set(
                UserRoutes.all.filter { $0.scope == nil }.map { "\($0.method.rawValue) \($0.path)" }
            ) == [
                "POST /v1/sign-in", "POST /v1/session", "POST /v1/session/first-use",
                "GET /openapi.json",
            ])
        for route in UserRoutes.all where route.scope != nil {
            let (path, method) = (path(route, "gw-1"), route.method.rawValue)
            let none = try await rig.ask(path, method: method)
            #expect(none.status == 401 && none.body.contains("problem:token_missing"))
            #expect(none.headers["www-authenticate"] == "Bearer realm=\"amphora\"")
            let late = try await rig.ask(path, as: "amphora_late", method: method)
            #expect(late.status == 401 || late.status == 429, "\(path)")
            let scope = try await rig.ask(
                path, as: route.scope == .read ? "amphora_mute" : "amphora_look", method: method)
            #expect(scope.status == 403 && scope.body.contains("problem:scope_missing"))
        }
        for field in [
            "Basic YW5uYTpwYXNz", "Bearer", "Bearer ", "bearer", "amphora_anna",
            "Bearer amphora_anna x", "Bearer ' OR 1=1 --", "Bearer \u{e9}",
            "Bearer " + String(repeating: "a", count: 4000),
        ] {
            let answer = try await rig.ask(
                "/v1/gateways", headers: ["Authorization: \(field)"])
            #expect(answer.status == 401 || answer.status == 429, "\(field)")
        }
        await rig.stop()
    }

    @Test func `a role may do what it may, whatever its token says`() async throws {
        let rig = try await UserRig()
        for (name, role, _) in UserRig.users {
            // not those whose answer has no end, that end the token itself, or want a session
            let others = ["GET /v1/events", "DELETE /v1/session", "DELETE /v1/tokens/{id}"]
            for route in UserRoutes.all
            where !others.contains("\(route.method.rawValue) \(route.path)") {
                guard let scope = route.scope else { continue }
                let answer = try await rig.ask(
                    path(route, "gw-1"), as: name, method: route.method.rawValue)
                let isRefused =
                    answer.status == 403 && answer.body.contains("problem:scope_missing")
                let may = role.scopes.contains(scope) && may(name, route)
                #expect(isRefused != may, "\(route.method.rawValue) \(route.path) \(name)")
            }
        }
        await rig.stop()
    }

    @Test func `other methods and addresses get a problem that says what there is`() async throws {
        let rig = try await UserRig()
        for route in UserRoutes.all {
            let known = UserRoutes.all.filter { $0.path == route.path }.map(\.method.rawValue)
            for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "GET"]
            where !known.contains(method) {
                let answer = try await rig.ask(
                    path(route, "gw-1"), as: "anna", method: method)
                #expect(answer.status == 405, "\(method) \(route.path)")
                #expect(answer.headers["allow"] == known.joined(separator: ", "))
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
        }
        for path in [
            "//", "/v1", "/v1/", "/v1/gateways/", "/v1//gateways", "/v2/gateways", "/V1/gateways",
            "/v1/gateways/../gateways", "/v1/gateways/gw-1/", "/v1/gateways/gw-1/live/x",
            "/v1/gateways/%2e%2e/live", "/v1/gateways/gw-1%00/live", "/v1/gateways/gw%2D1",
            "/v1/gateways/GW-1", "/v1/gateways/gw-1;x", "/v1/gateways/%FF", "/v1/gateways//live",
            "/v1/gateways/" + String(repeating: "a", count: 5000), "/v1/alarm-texts/tlh",
            "/v1/alarm-texts/en.json", "/v1/alarm-texts/..%2fwho",
        ] {
            let answer = try await rig.ask(path, as: "otto")
            #expect(answer.status == 404, "\(path): \(answer.status)")
            #expect(answer.body.contains("problem:not_found"), "\(path)")
        }
        await rig.stop()
    }

    @Test func `a query that is wrong is refused with all that is wrong`() async throws {
        let rig = try await UserRig()
        let history = "/v1/gateways/gw-1/history?quantity=power_mw"
        for path in [
            "/v1/gateways?limit=0", "/v1/gateways?limit=501", "/v1/gateways?limit=-1",
            "/v1/gateways?limit=99999999999999999999", "/v1/gateways?limit=1e2",
            "/v1/gateways?limit=", "/v1/gateways?limit", "/v1/gateways?order=random",
            "/v1/gateways?cursor=", "/v1/gateways?cursor=zz",
            "/v1/gateways?cursor=" + String(repeating: "ab", count: 2000),
            "/v1/gateways?limit=1&limit=2", "/v1/gateways?x=1", "/v1/gateways?%FF=1",
            "/v1/gateways?order=%zz", "/v1/gateways?order=id%00", "/v1/gateways/gw-1?x",
            "/v1/gateways/gw-1/live?at=now", "/v1/summary?x=1", "/v1/gateways/gw-1/outlook?x=1",
            "/v1/gateways/gw-1/condition?pack=1", "/v1/gateways/gw-1/energy?by=week",
            "/v1/alarms?code=a;b", "/v1/alarms?code=%00",
            "/v1/alarms?gateway=GW", "/v1/alarms?state=closed",
            "/v1/alarm-causes?limit=1", "/v1/alarm-texts/en?x=1",
            "/v1/gateways/gw-1/history", history + "&pack=17", history + "&pack=-1",
            history + "&pixels=0", history + "&pixels=4001", history + "&from=yesterday",
            history + "&from=2026-02-30T00:00:00Z", history + "&from=2026-01-01",
            history + "&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z",
            "/v1/gateways/gw-1/history?quantity=power",
        ] {
            let answer = try await rig.ask(path, as: "anna")
            #expect(answer.status == 400, "\(path): \(answer.status) \(answer.body)")
            #expect(answer.body.contains("problem:query_invalid"), "\(path)")
            #expect(answer.body.contains("\"errors\":[{\"pointer\":"), "\(path)")
        }
        // of its form, and still no place in this list
        let list = try await rig.ask("/v1/gateways?limit=1", as: "otto")
        let cursor = try #require(list.body.firstMatch(of: /"next_cursor":"([0-9a-f]+)"/)).1
        for path in [
            "/v1/gateways?cursor=69640a300a", "/v1/gateways?cursor=00", "/v1/alarms?cursor=00",
            "/v1/gateways?order=alarm&cursor=\(cursor)", "/v1/alarms?cursor=\(cursor)",
        ] {
            let answer = try await rig.ask(path, as: "otto")
            #expect(answer.status == 409, "\(path): \(answer.status)")
            #expect(answer.body.contains("problem:cursor_invalid"))
        }
        let many = try await rig.ask("/v1/gateways?limit=0&order=x&y=1", as: "anna")
        #expect(many.body.components(separatedBy: "\"pointer\"").count == 4)
        // all of time is much, and no fault
        let all = history + "&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:60Z"
        #expect(try await rig.ask(all, as: "anna").status == 200)
        await rig.stop()
    }

    @Test func `bodies and heads beyond all bounds are refused, and the server stays`()
        async throws
    {
        let rig = try await UserRig()
        let giant = String(repeating: "x", count: 4_000_000)
        let body = try await rig.ask("/v1/gateways", as: "anna", body: giant)
        #expect(body.status == 413 && body.body.contains("problem:body_too_large"))
        let chunked = try await rig.ask(
            "/v1/gateways", as: "anna", headers: ["Transfer-Encoding: chunked"], body: "x")
        #expect(chunked.status == 413)
        for head in [
            ["X-Long: " + String(repeating: "x", count: 20_000)],
            (0..<200).map { "X-\($0): x" },
            (0..<60).map { "X-\($0): " + String(repeating: "x", count: 1000) },
        ] {
            // closed, or told
            if let answer = try? await rig.ask("/v1/gateways", as: "anna", headers: head) {
                #expect((400..<500).contains(answer.status) || answer.status == 0)
            }
        }
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        await rig.stop()
    }

    @Test func `moments are read as RFC 3339 writes them, and nothing else is`() {
        #expect(MomentText.milliseconds("1970-01-01T00:00:00Z") == 0)
        #expect(MomentText.milliseconds("2026-09-21T14:13:20Z") == 1_790_000_000_000)
        #expect(MomentText.milliseconds("2026-09-21T16:13:20.5+02:00") == 1_790_000_000_500)
        #expect(MomentText.milliseconds("2024-02-29t12:00:00.1239z") == 1_709_208_000_123)
        #expect(MomentText.milliseconds("0001-01-01T00:00:00Z") == -62_135_596_800_000)
        #expect(MomentText.milliseconds("9999-12-31T23:59:59.999Z") == 253_402_300_799_999)
        for text in [
            "", "2026", "2026-09-21", "2026-09-21T14:13Z", "2026-09-21T14:13:20", "x",
            "2026-09-21 14:13:20Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
            "2025-02-29T00:00:00Z", "2026-09-21T24:00:00Z", "2026-09-21T14:60:00Z",
            "2026-09-21T14:13:20.Z", "2026-09-21T14:13:20+2:00", "2026-09-21T14:13:20+24:00",
            "-026-09-21T14:13:20Z", "2026-09-21T14:13:20ZZ", "0000-01-01T00:00:00Z",
            "２026-09-21T14:13:20Z", String(repeating: "2", count: 100_000),
        ] {
            #expect(MomentText.milliseconds(text) == nil, "\(text.prefix(40))")
        }
    }

    @Test func `no bytes end the readers of queries, cursors, moments and media types`() {
        var random = SeededGenerator(seed: 1)
        let letters = Array("%&=?;,/*q.0123456789abcdefZ:-+T \u{e9}\0\n".utf8)
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<40, using: &random)
            let bytes = (0..<count).map { _ in letters.randomElement(using: &random) ?? 0 }
            let text = String(decoding: bytes, as: UTF8.self)
            var query = Query(text)
            _ = query.number("a", 0...10)
            _ = query.moment("b")
            _ = try? query.finish()
            _ = MomentText.milliseconds(text)
            _ = Cursor.alarm(text)
            _ = Cursor.gateway(text, isAlarmFirst: true)
            _ = try? Accept.form(text)
        }
    }
}
