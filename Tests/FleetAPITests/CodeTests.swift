import FleetStore
import TestKit
import Testing

@testable import FleetAPI

/// `POST /v1/session/first-use` and `POST /v1/claims`.
@Suite(.ownThreads) struct CodeTests {
    private static let author = Author("test", at: UserRig.now)

    private func post(
        _ rig: UserRig, _ path: String, as user: String? = nil, _ body: String
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path, as: user, method: "POST", headers: ["Content-Type: application/json"], body: body)
    }

    @Test func `a code gives a password and a session, once and in time`() async throws {
        let rig = try await UserRig()
        let store = try FleetStores.openUsers(rig.address)
        let hash = BearerToken.hash("secret")
        #expect(
            try store.invite("anna", hash: hash, expires: UserRig.now + 1, by: Self.author))
        let (path, body) = (
            "/v1/session/first-use", #"{"code":"secret","password":"correct horse"}"#
        )
        for text in [
            #"{"code":"secret","password":"short"}"#, #"{"code":"secret"}"#, "{}",
            #"{"code":"secret","password":"correct horse","x":1}"#,
        ] {
            let answer = try await post(rig, path, text)
            #expect(answer.status == 400 && answer.body.contains("problem:body_invalid"))
        }
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        let answer = try await post(rig, path, body)
        #expect(answer.status == 200 && answer.headers["set-cookie"]?.contains("amphora_") == true)
        #expect(try SchemaJudge.contractVerdicts("Session", [answer.body]) == ["ok"])
        // whatever was there before is over
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 401)
        let again = try await post(rig, path, body)
        #expect(again.status == 404 && again.body.contains("problem:code_invalid"))
        let signIn = #"{"name":"anna","password":"correct horse"}"#
        #expect(try await post(rig, "/v1/session", signIn).status == 200)
        // one that is late, and one whose user got a password meanwhile
        #expect(try store.invite("anna", hash: hash, expires: UserRig.now, by: Self.author))
        #expect(try await post(rig, path, body).status == 404)
        #expect(
            try store.invite("anna", hash: hash, expires: UserRig.now + 1, by: Self.author))
        #expect(try store.setPassword("none", of: "anna", by: Self.author))
        #expect(try await post(rig, path, body).status == 404)
        for _ in 1...8 { _ = try await post(rig, path, body) }
        #expect(try await post(rig, path, body).status == 429)
        await rig.stop()
    }

    @Test func `the code of a label opens a gateway, once, and none of another tenant`()
        async throws
    {
        let rig = try await UserRig()
        let store = try FleetStores.openUsers(rig.address)
        let codes = ["gw-0", "gw-2", "gw-9"].map { ($0, LabelCode.make()) }
        for (id, code) in codes {
            try store.label(id, hash: LabelCode.hash(code), by: Self.author)
        }
        func claim(_ code: String) async throws -> CurlAnswer {
            try await post(rig, "/v1/claims", as: "anna", "{\"code\":\"\(code)\"}")
        }
        #expect(codes[0].1.contains(/^[0-9a-z]{4}(-[0-9a-z]{4}){3}$/))
        // as somebody types it
        let typed = codes[0].1.uppercased().replacing("-", with: " ").replacing("0", with: "O")
        let first = try await claim(typed)
        #expect(first.status == 200 && first.body == #"{"gateway":"gw-0"}"#)
        #expect(try SchemaJudge.contractVerdicts("Claimed", [first.body]) == ["ok"])
        #expect(try await claim(codes[1].1).status == 200)
        for id in ["gw-0", "gw-2"] {
            #expect(try await rig.ask("/v1/gateways/\(id)", as: "anna").status == 200)
        }
        let used = try await claim(codes[0].1)
        #expect(used.status == 404 && used.body.contains("problem:code_invalid"))
        let foreign = try await claim(codes[2].1)
        #expect(foreign.status == 404 && foreign.body == used.body)
        #expect(try await rig.ask("/v1/gateways/gw-9", as: "stan").status == 200)
        let told = try store.audit(tenant: "north", limit: 10).map(\.action)
        #expect(told.count { $0 == "gateway_claimed" } == 2)
        // the code of the south is good there still
        let own = try await post(rig, "/v1/claims", as: "stan", "{\"code\":\"\(codes[2].1)\"}")
        #expect(own.status == 200)
        for _ in 1...9 { _ = try await claim("wrong") }
        #expect(try await claim("wrong").status == 429)
        await rig.stop()
    }
}
