import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// Letting others see a gateway: `/v1/gateways/{id}/guests` and `POST /v1/guests`.
@Suite(.ownThreads) struct GuestRoutesTests {
    private static let author = Author("test", at: UserRig.now)

    /// A rig whose users are signed in at a browser too; fritz is an owner without a gateway.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        let users = try FleetStores.openUsers(rig.address)
        let fritz = User(
            name: "fritz", tenant: "north", role: .owner, createdMilliseconds: UserRig.now)
        #expect(try users.addUser(fritz, by: Self.author) == .added)
        for (name, role) in UserRig.users.map({ ($0.name, $0.role) }) + [("fritz", .owner)] {
            let token = AccessToken(
                id: "at-" + name, hash: BearerToken.hash("amphora_at_" + name), owner: name,
                scopes: role.scopes, createdMilliseconds: UserRig.now,
                expiresMilliseconds: UserRig.now + 1_000_000_000, kind: .session)
            #expect(try users.addToken(token, by: Self.author))
        }
        return rig
    }

    /// Asks as the app does.
    private func ask(
        _ rig: UserRig, _ method: String, _ path: String, as user: String, _ body: String? = nil,
        key: String? = nil
    ) async throws -> CurlAnswer {
        var headers = ["Cookie: amphora=amphora_at_\(user)", "Amphora-Request: app"]
        if body != nil { headers.append("Content-Type: application/json") }
        if let key { headers.append("Idempotency-Key: \(key)") }
        return try await rig.ask(path, method: method, headers: headers, body: body)
    }

    private func invite(
        _ rig: UserRig, _ gateway: String = "gw-1", as user: String = "anna", key: String = "k"
    ) async throws -> CurlAnswer {
        try await ask(rig, "POST", "/v1/gateways/\(gateway)/guests", as: user, key: key)
    }

    private func come(_ rig: UserRig, as user: String, _ code: some StringProtocol) async throws
        -> CurlAnswer
    {
        try await ask(rig, "POST", "/v1/guests", as: user, "{\"code\":\"\(code)\"}")
    }

    private func code(_ answer: CurlAnswer) throws -> Substring {
        try #require(answer.body.firstMatch(of: /"code":"([0-9a-z-]{19})"/)).1
    }

    @Test func `an owner lets somebody of the tenant see the house, live, and takes it back`()
        async throws
    {
        let rig = try await rig()
        let path = "/v1/gateways/gw-1/guests"
        let invited = try await invite(rig)
        #expect(invited.status == 200 && invited.headers["cache-control"] == "no-store")
        #expect(try SchemaJudge.contractVerdicts("GuestInvited", [invited.body]) == ["ok"])
        let open = try await ask(rig, "GET", path, as: "anna")
        #expect(try !open.body.contains(code(invited)), "only its hash is kept")
        let typed = try code(invited).uppercased().replacing("-", with: " ")
        let came = try await come(rig, as: "fritz", typed)
        #expect(came.status == 200 && came.body == #"{"gateway":"gw-1"}"#)
        #expect(try await come(rig, as: "fritz", typed).status == 200)
        #expect(try await come(rig, as: "ivan", typed).status == 404)
        for part in ["", "/live", "/outlook", "/condition", "/energy"] {
            let answer = try await ask(rig, "GET", "/v1/gateways/gw-1" + part, as: "fritz")
            #expect(answer.status == 200, "\(part)")
        }
        let house = try await ask(rig, "GET", "/v1/gateways/gw-1", as: "fritz")
        #expect(house.body.contains(#""shared_by":"anna""#))
        let own = try await ask(rig, "GET", "/v1/gateways/gw-1", as: "anna")
        #expect(own.body.contains(#""shared_by":null"#))
        let houses = [house.body, own.body]
        #expect(try SchemaJudge.contractVerdicts("Gateway", houses) == ["ok", "ok"])
        let alarms = try await ask(rig, "GET", "/v1/alarms", as: "fritz")
        #expect(alarms.body.contains("pack_silent") && !alarms.body.contains("gw-2"))
        let list = try await ask(rig, "GET", path, as: "anna")
        let lists = [open.body, list.body]
        #expect(try SchemaJudge.contractVerdicts("GuestList", lists) == ["ok", "ok"])
        #expect(list.body.contains(#""user":"fritz","invitation":null,"given_by":"anna""#))
        let tag = try #require(list.headers["etag"])
        let same = try await rig.ask(
            path,
            headers: ["Cookie: amphora=amphora_at_anna", "If-None-Match: \(tag)"])
        #expect(same.status == 304)
        let ear = try await UserRig.apart { [port = rig.server.port] in
            try ChildProcess(
                Peers.tool("curl"),
                [
                    "-s", "-N", "-m", "60", "-H", "Cookie: amphora=amphora_at_fritz",
                    "http://127.0.0.1:\(port)/v1/events?gateway=gw-1",
                ])
        }
        _ = try await rig.line("event: alarms", from: ear)
        let back = try await ask(rig, "DELETE", path + "?user=fritz", as: "anna")
        #expect(back.status == 204)
        _ = try await rig.line("session_ended", from: ear)
        #expect(try await UserRig.apart { try ear.waitForExit(within: 5_000) } == .exited(0))
        let gone = try await ask(rig, "GET", "/v1/gateways/gw-1", as: "fritz")
        #expect(gone.status == 404)
        #expect(try await ask(rig, "DELETE", path + "?user=fritz", as: "anna").status == 404)
        #expect(try await come(rig, as: "fritz", typed).status == 404)
        let told = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 10)
        let actions = told.map(\.action).filter { $0.hasPrefix("guest") }
        #expect(actions == ["guest_sent_away", "guest_came", "guest_invited"])
        await rig.stop()
    }

    @Test func `nobody lets others in but an owner of the house and an admin of the tenant`()
        async throws
    {
        let rig = try await rig()
        #expect(try await come(rig, as: "fritz", code(invite(rig))).status == 200)
        for (user, gateway, status) in [
            ("anna", "gw-1", 200), ("ada", "gw-1", 200), ("ada", "gw-2", 200),
            ("fritz", "gw-1", 403), ("ivan", "gw-1", 403), ("otto", "gw-1", 403),
            ("anna", "gw-2", 404), ("stan", "gw-1", 404), ("olga", "gw-1", 404),
            ("olga", "gw-9", 403), ("ada", "gw-9", 404), ("anna", "gw-none", 404),
            ("anna", "GW", 404),
        ] {
            let answer = try await invite(rig, gateway, as: user, key: "\(user)-\(gateway)")
            #expect(answer.status == status, "\(user) \(gateway): \(answer.body)")
            if status == 403 { #expect(answer.body.contains("problem:not_yours")) }
            let list = try await ask(rig, "GET", "/v1/gateways/\(gateway)/guests", as: user)
            #expect(list.status == (status == 404 ? 404 : 200), "\(user) \(gateway)")
            if status == 403, user != "fritz" { #expect(list.body.contains("\"items\":[]")) }
            let other = try await ask(
                rig, "DELETE", "/v1/gateways/\(gateway)/guests?user=anna", as: user)
            #expect(other.status == 404, "an owner is no guest")
        }
        // a token of a program does not open a house, unless it may look after users
        for user in ["anna", "otto"] {
            let answer = try await rig.ask(
                "/v1/gateways/gw-1/guests", as: user, method: "POST",
                headers: ["Idempotency-Key: p"])
            #expect(answer.status == 403 && answer.body.contains("problem:scope_missing"))
        }
        let program = try await rig.ask(
            "/v1/gateways/gw-1/guests", as: "ada", method: "POST", headers: ["Idempotency-Key: p"])
        #expect(program.status == 200)
        await rig.stop()
    }

    @Test func `a guest without a role that mends changes nothing, and may leave`() async throws {
        let rig = try await rig()
        #expect(try await come(rig, as: "fritz", code(invite(rig))).status == 200)
        let alarm = #"{"gateway":"gw-1","code":"pack_silent","level":"warning","pack":7}"#
        let path = "/v1/alarms/acknowledge"
        let refused = try await ask(rig, "POST", path, as: "fritz", alarm, key: "a")
        #expect(refused.status == 403 && refused.body.contains("problem:not_yours"))
        #expect(try SchemaJudge.contractVerdicts("Problem", [refused.body]) == ["ok"])
        for (method, path, body) in [
            ("PATCH", "/v1/gateways/gw-1", #"{"label":"Mine"}"#),
            ("PATCH", "/v1/configuration/gateway:gw-1", "{}"),
            ("GET", "/v1/gateways/gw-1/configuration", nil),
            ("POST", "/v1/gateways/gw-1/guests", nil),
            ("DELETE", "/v1/grants?user=anna&gateway=gw-1", nil),
        ] as [(String, String, String?)] {
            let answer = try await ask(rig, method, path, as: "fritz", body, key: "b")
            #expect(answer.status == 403, "\(method) \(path): \(answer.status)")
        }
        // an installer who was let in mends
        let users = try FleetStores.openUsers(rig.address)
        #expect(try users.setRole(.installer, of: "fritz", by: Self.author))
        let token = AccessToken(
            id: "again", hash: BearerToken.hash("amphora_at_again"), owner: "fritz",
            scopes: UserRole.installer.scopes, createdMilliseconds: UserRig.now,
            expiresMilliseconds: UserRig.now + 1_000_000_000, kind: .session)
        #expect(try users.addToken(token, by: Self.author))
        #expect(try await ask(rig, "POST", path, as: "again", alarm, key: "c").status == 200)
        let guests = "/v1/gateways/gw-1/guests"
        let seen = try await ask(rig, "GET", guests, as: "again")
        #expect(seen.body.contains(#""user":"fritz""#))
        #expect(try await ask(rig, "DELETE", guests + "?user=fritz", as: "again").status == 204)
        #expect(try await ask(rig, "GET", guests, as: "again").status == 404)
        await rig.stop()
    }

    @Test func `an invitation asked for twice is one, and what is wrong is told`() async throws {
        let rig = try await rig()
        let (first, second) = (try await invite(rig), try await invite(rig))
        #expect(try code(first) != code(second))
        #expect(try await come(rig, as: "fritz", code(first)).status == 404)
        let other = try await invite(rig, "gw-2", as: "ada", key: "k")
        #expect(other.status == 200)
        let reused = try await invite(rig, "gw-1", as: "ada", key: "k")
        #expect(reused.status == 422 && reused.body.contains("problem:key_reused"))
        let path = "/v1/gateways/gw-1/guests"
        let list = try await ask(rig, "GET", path, as: "anna")
        let ids = list.body.matches(of: /"invitation":"([0-9a-f]{32})"/).map(\.1)
        #expect(ids.count == 1)
        #expect(try await ask(rig, "POST", path, as: "anna").body.contains("key_missing"))
        for query in [
            "", "?user=fritz&invitation=x", "?user=A", "?invitation=A", "?x=1", "?user=fritz&x=1",
        ] {
            let answer = try await ask(rig, "DELETE", path + query, as: "anna")
            #expect(answer.status == 400, "\(query): \(answer.status)")
        }
        for body in ["{}", #"{"code":7}"#, #"{"code":"x","y":1}"#, "x"] {
            let answer = try await ask(rig, "POST", "/v1/guests", as: "fritz", body)
            #expect(answer.status == 400, "\(body)")
        }
        let foreign = try await come(rig, as: "stan", code(second))
        #expect(foreign.status == 404 && foreign.body.contains("problem:code_invalid"))
        // who sees the house leaves the code to whom it is for
        #expect(try await come(rig, as: "anna", code(second)).status == 200)
        let gone = path + "?invitation=\(ids[0])"
        #expect(try await ask(rig, "DELETE", gone, as: "ivan").status == 404)
        #expect(try await ask(rig, "DELETE", gone, as: "anna").status == 204)
        #expect(try await come(rig, as: "fritz", code(second)).status == 404)
        let over = try await invite(rig)
        #expect(over.status == 409 && over.body.contains("problem:invitation_over"))
        for number in 1...Guest.most {
            #expect(try await invite(rig, key: "n\(number)").status == 200)
        }
        let full = try await invite(rig, key: "more")
        #expect(full.status == 409 && full.body.contains("problem:guests_full"))
        for _ in 1...7 { _ = try await come(rig, as: "fritz", "wrong") }
        #expect(try await come(rig, as: "fritz", "wrong").status == 404)
        #expect(try await come(rig, as: "fritz", "wrong").status == 429)
        await rig.stop()
    }
}
