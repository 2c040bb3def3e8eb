import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// Giving a house and an account up over the API, and what the next one sees.
@Suite(.ownThreads) struct FarewellTests {
    private let author = Author("ada", at: UserRig.now)
    private let right = #"{"password":"correct horse"}"#, wrong = #"{"password":"wrong"}"#

    private func post(
        _ rig: UserRig, _ path: String, as user: String, _ body: String
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path, as: user, method: "POST", headers: ["Content-Type: application/json"], body: body)
    }

    /// Gives users the password, with tokens as before.
    private func rig(_ names: String...) async throws -> (UserRig, any UserStore & CodeStore) {
        let rig = try await UserRig()
        let store = try FleetStores.openUsers(rig.address)
        let hash = try PasswordHash.make("correct horse")
        for name in names {
            #expect(try store.setPassword(hash, of: name, by: author))
            let token = AccessToken(
                id: name, hash: BearerToken.hash("amphora_" + name), owner: name,
                scopes: Set(AccessScope.allCases), createdMilliseconds: UserRig.now,
                expiresMilliseconds: UserRig.now + 1000)
            #expect(try store.addToken(token, by: author))
        }
        return (rig, store)
    }

    @Test func `an account goes with the password alone, and everything with it`() async throws {
        let (rig, store) = try await rig("anna", "ada", "otto")
        let path = "/v1/session/deletion"
        let refused = try await post(rig, path, as: "anna", wrong)
        #expect(refused.status == 403 && refused.body.contains("problem:password_wrong"))
        for text in ["{}", #"{"password":""}"#, #"{"password":"x","y":1}"#] {
            #expect(try await post(rig, path, as: "anna", text).status == 400)
        }
        let last = try await post(rig, path, as: "ada", right)
        #expect(last.status == 409 && last.body.contains("problem:last_admin"))
        let done = try await post(rig, path, as: "anna", right)
        #expect(done.status == 204 && done.headers["set-cookie"]?.contains("Max-Age=0") == true)
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 401)
        #expect(try await post(rig, path, as: "anna", right).status == 401)
        #expect(try store.user("anna") == nil)
        let told = try await rig.ask("/v1/audit?limit=1", as: "ada")
        #expect(told.body.contains("account_deleted") && !told.body.contains("anna"))
        // an admin removes others in the same way
        #expect(try await rig.ask("/v1/users/otto", as: "ada", method: "DELETE").status == 204)
        // tokens of tests have names in their ids
        let all = try await rig.ask("/v1/audit", as: "ada").body
        #expect(!all.contains("\"otto\"") && all.contains("\"user_removed\""))
        for _ in 1...10 { _ = try await post(rig, path, as: "ada", wrong) }
        #expect(try await post(rig, path, as: "ada", right).status == 429)
        await rig.stop()
    }

    @Test func `who takes a house after somebody sees nothing of what was recorded before`()
        async throws
    {
        let (rig, store) = try await rig("anna", "ivan", "otto")
        let path = "/v1/gateways/gw-1/release"
        #expect(try await post(rig, path, as: "anna", wrong).status == 403)
        // who sees all gateways of a tenant has none to give up
        #expect(try await post(rig, path, as: "otto", right).status == 404)
        #expect(try await post(rig, path, as: "anna", right).status == 204)
        #expect(try await post(rig, path, as: "anna", right).status == 404)
        #expect(try await rig.ask("/v1/gateways/gw-1", as: "anna").status == 404)
        // the installer has it still, and the next owner takes it with the code of a new label
        #expect(try await rig.ask("/v1/gateways/gw-1", as: "ivan").status == 200)
        let code = LabelCode.make()
        try store.label("gw-1", hash: LabelCode.hash(code), by: author)
        #expect(
            try await post(rig, "/v1/claims", as: "anna", "{\"code\":\"\(code)\"}").status == 200)
        let gateway = try await rig.ask("/v1/gateways/gw-1", as: "anna").body
        #expect(gateway.contains("\"newest\":null") && gateway.contains("\"soc_pct\":null"))
        let live = try await rig.ask("/v1/gateways/gw-1/live", as: "anna").body
        #expect(live.contains("\"made\":null") && live.contains("\"packs\":[]"))
        let query = "?quantity=voltage_mv&from=2026-01-01T00:00:00Z"
        let history = try await rig.ask("/v1/gateways/gw-1/history" + query, as: "anna")
        #expect(history.status == 200 && history.body.contains("\"points\":[]"))
        let energy = try await rig.ask("/v1/gateways/gw-1/energy?by=month", as: "anna")
        #expect(energy.status == 200 && !energy.body.contains(/"charged_\w+":[0-9]/))
        let condition = try await rig.ask("/v1/gateways/gw-1/condition", as: "anna")
        #expect(condition.status == 200 && !condition.body.contains("SN "))
        let file = try await rig.ask("/v1/session/export", as: "anna").body
        #expect(!file.contains("\"kind\":\"measurement\"") && !file.contains("\"kind\":\"window\""))
        #expect(file.contains("\"seen_from\":\"2026-"))
        // what stands is everybody's who lives there
        let alarms = try await rig.ask("/v1/alarms", as: "anna").body
        #expect(alarms.matches(of: /"ending":"open"/).count == 2)
        // those who look after the house, and who had it before, know what was
        for name in ["ivan", "otto"] {
            let live = try await rig.ask("/v1/gateways/gw-1/live", as: name).body
            #expect(live.contains("52.125"), "\(name)")
        }
        await rig.stop()
    }

    @Test func `a stream tells the next owner nothing of the last measurement before`()
        async throws
    {
        let (rig, store) = try await rig("anna")
        let code = LabelCode.make()
        try store.label("gw-2", hash: LabelCode.hash(code), by: author)
        #expect(
            try await post(rig, "/v1/claims", as: "anna", "{\"code\":\"\(code)\"}").status == 200)
        let (curl, words) = (
            try Peers.tool("curl"),
            [
                "-s", "-N", "-m", "3", "-H", "Authorization: Bearer amphora_anna",
                "http://127.0.0.1:\(rig.server.port)/v1/events?gateway=gw-2",
            ]
        )
        let ear = try await UserRig.apart { try ChildProcess(curl, words) }
        _ = try await rig.line("event: alarms", from: ear)
        _ = try await UserRig.apart { try ear.waitForExit(within: 10_000) }
        #expect(ear.output.contains("\"made\":null") && !ear.output.contains("52.125"))
        await rig.stop()
    }
}
