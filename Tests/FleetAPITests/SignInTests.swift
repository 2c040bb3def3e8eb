import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// `POST /v1/sign-in`.
@Suite(.ownThreads) struct SignInTests {
    private func signIn(_ rig: UserRig, _ body: String) async throws -> CurlAnswer {
        try await rig.ask(
            "/v1/sign-in", method: "POST", headers: ["Content-Type: application/json"], body: body)
    }

    private func body(_ name: String, _ password: String) -> String {
        "{\"name\":\"\(name)\",\"password\":\"\(password)\"}"
    }

    /// Anna has a password, the others have none.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        let users = try FleetStores.openUsers(rig.address)
        let author = Author("test", at: UserRig.now)
        #expect(try users.setPassword(PasswordHash.make("correct horse"), of: "anna", by: author))
        return rig
    }

    @Test func `a password gives a token, which ends with the next password`() async throws {
        let rig = try await rig()
        let answer = try await signIn(rig, body("anna", "correct horse"))
        #expect(answer.status == 200 && answer.headers["cache-control"] == "no-store")
        #expect(try SchemaJudge.contractVerdicts("SignedIn", [answer.body]) == ["ok"])
        let token = try #require(answer.body.firstMatch(of: /amphora_[0-9a-z]{26}/)).output
        let list = try await rig.ask("/v1/gateways", as: String(token))
        #expect(list.status == 200 && list.body.contains("gw-1") && !list.body.contains("gw-2"))
        let users = try FleetStores.openUsers(rig.address)
        let kept = try #require(try users.tokens(of: "anna").first)
        #expect(kept.expiresMilliseconds == UserRig.now + SignInDesk.life)
        #expect(kept.scopes == [.read, .acknowledge])
        let author = Author("test", at: UserRig.now)
        _ = try users.setPassword(PasswordHash.make("another horse"), of: "anna", by: author)
        #expect(try await rig.ask("/v1/gateways", as: String(token)).status == 401)
        #expect(try await signIn(rig, body("anna", "correct horse")).status == 401)
        await rig.stop()
    }

    @Test func `a wrong password, no password and no user get the same answer`() async throws {
        let rig = try await rig()
        let wrong = try await signIn(rig, body("anna", "wrong horse"))
        #expect(wrong.status == 401 && wrong.body.contains("problem:sign_in_failed"))
        for (name, password) in [
            ("otto", "x"), ("nobody", "x"), ("anna\\u0000", "correct horse"), ("' OR 1=1 --", "x"),
        ] {
            let answer = try await signIn(rig, body(name, password))
            #expect(answer.status == 401 && answer.body == wrong.body, "\(name)")
        }
        for text in [
            "", "{}", "[]", body("anna", ""), "{\"name\":1,\"password\":\"x\"}",
            body("anna", String(repeating: "x", count: 300)),
            body(String(repeating: "x", count: 65), "x"),
        ] {
            let answer = try await signIn(rig, text)
            #expect(answer.status == 400 && answer.body.contains("problem:body_invalid"), "\(text)")
        }
        await rig.stop()
    }

    @Test func `after ten failures within a minute the right password has to wait too`()
        async throws
    {
        let rig = try await rig()
        for _ in 1...SignInGuard.mostPasswords {
            #expect(try await signIn(rig, body("anna", "wrong horse")).status == 401)
        }
        let late = try await signIn(rig, body("anna", "correct horse"))
        #expect(late.status == 429 && late.body.contains("problem:too_many_failures"))
        #expect(late.headers["retry-after"].flatMap { Int($0) }.map { $0 > 0 } == true)
        // others are not held up, and tokens neither
        #expect(try await signIn(rig, body("otto", "x")).status == 401)
        #expect(try await rig.ask("/v1/gateways", as: "otto").status == 200)
        await rig.stop()
    }
}
