import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// Users, grants, tokens and what was changed.
@Suite(.ownThreads) struct AdminTests {
    private func send(
        _ rig: UserRig, _ method: String, _ path: String, as user: String = "amphora_chief",
        _ body: String? = nil
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path, as: user, method: method,
            headers: body == nil ? [] : ["Content-Type: application/json"], body: body)
    }

    /// `amphora_chief` is a token of the admin that allows everything.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        let token = AccessToken(
            id: "chief", hash: BearerToken.hash("amphora_chief"), owner: "ada",
            scopes: Set(AccessScope.allCases), createdMilliseconds: UserRig.now,
            expiresMilliseconds: UserRig.now + 1000)
        let author = Author("test", at: UserRig.now)
        #expect(try FleetStores.openUsers(rig.address).addToken(token, by: author))
        return rig
    }

    @Test func `an admin looks after the users of the own tenant and of no other`() async throws {
        let rig = try await rig()
        let added = try await send(
            rig, "POST", "/v1/users", #"{"name":"bea@example.org","role":"owner"}"#)
        #expect(added.status == 200)
        #expect(try SchemaJudge.contractVerdicts("Invitation", [added.body]) == ["ok"])
        let code = try #require(added.body.firstMatch(of: /"code":"([0-9a-z]{26})"/)).1
        let first = try await send(
            rig, "POST", "/v1/session/first-use",
            "{\"code\":\"\(code)\",\"password\":\"correct horse\"}")
        #expect(first.status == 200 && first.body.contains("bea@example.org"))
        for name in ["bea@example.org", "stan"] {
            let again = try await send(
                rig, "POST", "/v1/users", "{\"name\":\"\(name)\",\"role\":\"owner\"}")
            #expect(again.status == 409 && again.body.contains("problem:name_taken"))
        }
        let grant = #"{"user":"bea@example.org","gateway":"gw-2"}"#
        #expect(try await send(rig, "POST", "/v1/grants", grant).status == 204)
        let list = try await send(rig, "GET", "/v1/users")
        #expect(try SchemaJudge.contractVerdicts("UserList", [list.body]) == ["ok"])
        #expect(list.body.contains("bea@example.org") && !list.body.contains("stan"))
        #expect(list.body.contains(#""gateways":["gw-2"],"has_password":true"#))
        let bea = "/v1/users/bea%40example.org"
        #expect(try await send(rig, "PATCH", bea, #"{"role":"operator"}"#).status == 204)
        #expect(try await send(rig, "PATCH", bea, #"{"role":"king"}"#).status == 400)
        #expect(try await send(rig, "POST", bea + "/invitation").status == 200)
        let withdrawn = try await send(
            rig, "DELETE", "/v1/grants?user=bea@example.org&gateway=gw-2")
        #expect(withdrawn.status == 204)
        #expect(try await send(rig, "DELETE", bea).status == 204)
        #expect(try await send(rig, "DELETE", bea).status == 404)
        for (method, path, body) in [
            ("DELETE", "/v1/users/stan", nil), ("POST", "/v1/users/stan/invitation", nil),
            ("PATCH", "/v1/users/stan", #"{"role":"owner"}"#),
            ("POST", "/v1/grants", #"{"user":"stan","gateway":"gw-9"}"#),
            ("POST", "/v1/grants", #"{"user":"anna","gateway":"gw-9"}"#),
            ("GET", "/v1/tokens?user=stan", nil), ("DELETE", "/v1/tokens/amphora_stan", nil),
        ] as [(String, String, String?)] {
            let answer = try await send(rig, method, path, body)
            #expect(answer.status == 404, "\(method) \(path): \(answer.status)")
        }
        for (method, body) in [("DELETE", nil), ("PATCH", #"{"role":"owner"}"#)]
            as [(String, String?)]
        {
            let answer = try await send(rig, method, "/v1/users/ada", body)
            #expect(answer.status == 409 && answer.body.contains("problem:own_account"))
        }
        // a token that was made for less does not do more, whoever made it
        #expect(try await rig.ask("/v1/users", as: "glance").status == 403)
        await rig.stop()
    }

    @Test func `a token is made with no more than its maker has, and not by one that only reads`()
        async throws
    {
        let rig = try await rig()
        let body = #"{"label":"Grafana","days":30,"scopes":["read"]}"#
        #expect(try await send(rig, "POST", "/v1/tokens", as: "anna", body).status == 403)
        let made = try await send(rig, "POST", "/v1/tokens", body)
        #expect(made.status == 200)
        #expect(try SchemaJudge.contractVerdicts("SignedIn", [made.body]) == ["ok"])
        let users = try FleetStores.openUsers(rig.address)
        let author = Author("test", at: UserRig.now)
        _ = try users.setPassword(PasswordHash.make("correct horse"), of: "anna", by: author)
        let session = try await send(
            rig, "POST", "/v1/session", #"{"name":"anna","password":"correct horse"}"#)
        let cookie = try #require(session.headers["set-cookie"]).prefix { $0 != ";" }
        let headers = [
            "Cookie: \(cookie)", "Amphora-Request: app", "Content-Type: application/json",
        ]
        let own = try await rig.ask("/v1/tokens", method: "POST", headers: headers, body: body)
        #expect(own.status == 200)
        let much = try await rig.ask(
            "/v1/tokens", method: "POST", headers: headers,
            body: #"{"days":30,"scopes":["read","administer"]}"#)
        #expect(much.status == 403)
        for wrong in ["{}", #"{"days":0,"scopes":["read"]}"#, #"{"days":1,"scopes":["x"]}"#] {
            let answer = try await rig.ask(
                "/v1/tokens", method: "POST", headers: headers, body: wrong)
            #expect(answer.status == 400, "\(wrong)")
        }
        let list = try await rig.ask("/v1/tokens", headers: headers)
        #expect(try SchemaJudge.contractVerdicts("TokenList", [list.body]) == ["ok"])
        #expect(list.body.contains("Grafana") && list.body.contains("\"is_this\":true"))
        let id = try #require(own.body.firstMatch(of: /"id":"([0-9a-z]+)"/)).1
        let back = try await rig.ask("/v1/tokens/\(id)", method: "DELETE", headers: headers)
        #expect(back.status == 204)
        let gone = try await rig.ask("/v1/tokens/\(id)", method: "DELETE", headers: headers)
        #expect(gone.status == 404)
        await rig.stop()
    }

    @Test func `what was changed is read page by page, each entry once`() async throws {
        let rig = try await rig()
        #expect(try await rig.ask("/v1/audit", as: "anna").status == 403)
        let whole = try await rig.ask("/v1/audit", as: "otto")
        #expect(try SchemaJudge.contractVerdicts("AuditList", [whole.body]) == ["ok"])
        let count = whole.body.matches(of: /"action"/).count
        var (pages, cursor) = (0, "")
        repeat {
            let page = try await rig.ask("/v1/audit?limit=3\(cursor)", as: "otto")
            #expect(page.status == 200)
            pages += page.body.matches(of: /"action"/).count
            cursor =
                page.body.firstMatch(of: /"next_cursor":"([0-9a-f]+)"/).map { "&cursor=\($0.1)" }
                ?? ""
        } while !cursor.isEmpty && pages <= count
        #expect(count > 6 && pages == count)
        await rig.stop()
    }
}
