import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// `/v1/session`: the cookie of the app, and what keeps other sites from using it.
@Suite(.ownThreads) struct SessionTests {
    private static let app = "Amphora-Request: app"
    private static let json = "Content-Type: application/json"

    /// Anna, an owner, and otto, an operator, have a password.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        let users = try FleetStores.openUsers(rig.address)
        let hash = try PasswordHash.make("correct horse")
        for name in ["anna", "otto"] {
            #expect(try users.setPassword(hash, of: name, by: Author("test", at: UserRig.now)))
        }
        return rig
    }

    private func begin(
        _ rig: UserRig, _ name: String = "anna", _ headers: String...,
        password: String = "correct horse"
    ) async throws -> CurlAnswer {
        try await rig.ask(
            "/v1/session", method: "POST", headers: [Self.json] + headers,
            body: "{\"name\":\"\(name)\",\"password\":\"\(password)\"}")
    }

    /// The field `Cookie` that a browser sends after this answer.
    private func cookie(_ answer: CurlAnswer) throws -> String {
        let field = try #require(answer.headers["set-cookie"])
        return "Cookie: " + field.prefix { $0 != ";" }
    }

    @Test func `a session begins with a cookie that no script can read, and ends with it`()
        async throws
    {
        let rig = try await rig()
        let answer = try await begin(rig)
        #expect(answer.status == 200 && answer.headers["cache-control"] == "no-store")
        #expect(
            try #require(answer.headers["set-cookie"]).contains(
                /^amphora=amphora_[0-9a-z]{26}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict$/
            ))
        #expect(!answer.body.contains("amphora_"))
        let cookie = try cookie(answer)
        let session = try await rig.ask("/v1/session", headers: [cookie])
        #expect(session.status == 200 && session.body == answer.body)
        #expect(try SchemaJudge.contractVerdicts("Session", [session.body]) == ["ok"])
        for part in [
            "\"name\":\"anna\",\"role\":\"owner\",\"tenant\":\"north\"", "\"server\":\"fleet\"",
            "\"scopes\":[\"read\",\"acknowledge\"]", "\"history\",\"alarms\"", "\"push\"",
            "\"language\":null",
        ] {
            #expect(session.body.contains(part), "\(part)")
        }
        // this server has a key for browsers, and no mail
        #expect(!session.body.contains("\"mail\""))
        let list = try await rig.ask("/v1/gateways", headers: [cookie])
        #expect(list.body.contains("gw-1") && !list.body.contains("gw-2"))
        let end = try await rig.ask(
            "/v1/session", method: "DELETE", headers: [cookie, Self.app])
        #expect(end.status == 204 && end.body.isEmpty)
        #expect(end.headers["set-cookie"]?.hasPrefix("amphora=; Path=/; Max-Age=0;") == true)
        let late = try await rig.ask("/v1/session", headers: [cookie])
        #expect(late.status == 401 && late.body.contains("problem:token_invalid"))
        #expect(late.headers["set-cookie"]?.contains("Max-Age=0") == true)
        let users = try FleetStores.openUsers(rig.address)
        let told = try users.audit(tenant: "north", limit: 2).map(\.action)
        #expect(Set(told) == ["session_begun", "session_ended"])
        await rig.stop()
    }

    @Test
    func `who sees a whole tenant is signed in for half a day, and TLS makes the cookie strict`()
        async throws
    {
        let rig = try await rig()
        let answer = try await begin(rig, "otto", "X-Forwarded-Proto: https")
        #expect(
            try #require(answer.headers["set-cookie"]).contains(
                /^__Host-amphora=amphora_[0-9a-z]{26}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure$/
            ))
        #expect(answer.body.contains("[\"read\",\"acknowledge\",\"configure\",\"roll_out\"]"))
        let cookie = try cookie(answer)
        // a plain one that somebody planted beside it does not count
        let both = "Cookie: amphora=planted; " + cookie.dropFirst(8) + "; theme=dark"
        #expect(try await rig.ask("/v1/session", headers: [both]).status == 200)
        let next = try FleetStores.openUsers(rig.address)
        _ = try next.setPassword("none", of: "otto", by: Author("test", at: UserRig.now))
        #expect(try await rig.ask("/v1/session", headers: [cookie]).status == 401)
        await rig.stop()
    }

    @Test func `another site cannot change anything with the cookie`() async throws {
        let rig = try await rig()
        let cookie = try cookie(try await begin(rig))
        let here = "127.0.0.1:\(rig.server.port)"
        let acknowledgement =
            #"{"gateway":"gw-1","code":"pack_silent","level":"warning","pack":7}"#
        func ask(_ headers: [String]) async throws -> CurlAnswer {
            try await rig.ask(
                "/v1/alarms/acknowledge", method: "POST",
                headers: [cookie, Self.json, "Idempotency-Key: k"] + headers, body: acknowledgement)
        }
        for headers in [
            [], ["Amphora-Request: App"], ["Origin: http://\(here)"],
            [Self.app, "Origin: http://evil.example"], [Self.app, "Origin: null"],
            [Self.app, "Origin: http://\(here).evil.example"], [Self.app, "Origin: \(here)"],
            [Self.app, "Origin: http://127.0.0.1"], [Self.app, "Origin: ftp://\(here)"],
        ] {
            let answer = try await ask(headers)
            #expect(
                answer.status == 403 && answer.body.contains("problem:cross_site"), "\(headers)")
        }
        #expect(try await ask([Self.app, "Origin: http://\(here)"]).status == 200)
        #expect(try await ask([Self.app]).status == 200)
        // nobody is signed in as somebody else by another site
        #expect(try await begin(rig, "anna", "Origin: http://evil.example").status == 403)
        // a program that shows its token needs no such field, wherever it runs
        let program = try await rig.ask(
            "/v1/alarms/acknowledge", as: "otto", method: "POST",
            headers: [Self.json, "Idempotency-Key: x", "Origin: http://evil.example"],
            body: acknowledgement)
        #expect(program.status == 401 || program.status == 200)
        await rig.stop()
    }

    @Test func `a session says which language its user asked for`() async throws {
        let rig = try await rig()
        let cookie = try cookie(try await begin(rig))
        let preferred = try await rig.ask(
            "/v1/session/preferences", method: "PATCH", headers: [cookie, Self.app, Self.json],
            body: #"{"language":"de"}"#)
        #expect(preferred.status == 200)
        let after = try await rig.ask("/v1/session", headers: [cookie])
        #expect(after.body.contains("\"language\":\"de\""))
        await rig.stop()
    }

    @Test func `a token of a program is no cookie, and a wrong cookie is no flood`() async throws {
        let rig = try await rig()
        let planted = try await rig.ask("/v1/gateways", headers: ["Cookie: amphora=amphora_stan"])
        #expect(planted.status == 401)
        for _ in 0...SignInGuard.mostTokens {
            let answer = try await rig.ask("/v1/session", headers: ["Cookie: amphora=over"])
            #expect(answer.status == 401)
        }
        for field in ["Cookie: amphora", "Cookie: ;;=;", "Cookie: amphora=", "Cookie: x=y"] {
            #expect(try await rig.ask("/v1/session", headers: [field]).status == 401, "\(field)")
        }
        // the field of a program decides when there are both
        let cookie = try cookie(try await begin(rig))
        let both = try await rig.ask("/v1/session", as: "stan", headers: [cookie])
        #expect(both.body.contains("\"name\":\"stan\""))
        #expect(try await begin(rig, password: "wrong horse").status == 401)
        await rig.stop()
    }
}
