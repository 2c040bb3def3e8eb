import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// `PATCH /v1/gateways/{id}`.
@Suite(.ownThreads) struct GatewayChangeTests {
    private let path = "/v1/gateways/gw-1"

    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        try rig.addDevice("gw-1")
        return rig
    }

    private func tag(_ rig: UserRig) async throws -> String {
        try #require(try await rig.ask(path, as: "anna").headers["etag"])
    }

    private func patch(
        _ rig: UserRig, _ body: String, as user: String, match: String?,
        type: String = "application/merge-patch+json", path: String? = nil
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path ?? self.path, as: user, method: "PATCH",
            headers: ["Content-Type: \(type)"] + (match.map { ["If-Match: \($0)"] } ?? []),
            body: body)
    }

    @Test func `a label and a zone are changed by who may, over what they saw, and told`()
        async throws
    {
        let rig = try await rig()
        let before = try await tag(rig)
        let done = try await patch(
            rig, #"{"label":"Keller","zone":"Europe/Berlin"}"#, as: "ivan", match: before)
        #expect(done.status == 200, "\(done.body)")
        #expect(done.body.contains("\"label\":\"Keller\"") && done.body.contains("Europe/Berlin"))
        let now = try await tag(rig)
        #expect(done.headers["etag"] == now && now != before)
        // whoever looked before comes too late, and what is not named stays
        #expect(
            try await patch(rig, #"{"label":"x"}"#, as: "otto", match: before).status == 412)
        let zone = try await patch(
            rig, #"{"zone":null}"#, as: "otto", match: "\"x\", \(now)", type: "application/json")
        #expect(zone.body.contains("\"label\":\"Keller\"") && zone.body.contains("\"zone\":\"\""))
        #expect(try await patch(rig, "{}", as: "ada", match: "*").status == 200)
        let store = try FleetStores.openUsers(rig.address)
        let told = try store.audit(tenant: "north", limit: 100)
            .filter { $0.action == "gateway_changed" }
        #expect(told.map(\.author.name).sorted() == ["ivan", "otto"])
        #expect(
            Set(told.map(\.detail)) == ["label 'Keller', zone 'Europe/Berlin'", "zone ''"])
        await rig.stop()
    }

    @Test func `new measurements are no reason to refuse a label`() async throws {
        let rig = try await rig()
        let before = try await tag(rig)
        try rig.measureAgain("gw-1")
        #expect(try await tag(rig) != before)
        let done = try await patch(rig, #"{"label":"Keller"}"#, as: "ivan", match: before)
        #expect(done.status == 200)
        await rig.stop()
    }

    @Test func `what is no fair change is refused and changes nothing`() async throws {
        let rig = try await rig()
        let before = try await tag(rig)
        for match in [nil, "", " "] {
            let answer = try await patch(rig, "{}", as: "ivan", match: match)
            #expect(answer.status == 428 && answer.body.contains("precondition_missing"))
        }
        for match in ["x", "\"\"", "\"x\"", "W/\(before)", "\(before)x", ",", "**"] {
            let answer = try await patch(rig, "{}", as: "ivan", match: match)
            #expect(answer.status == 412 && answer.body.contains("precondition_failed"), "\(match)")
        }
        for body in [
            "", "[]", "null", #"{"label":1}"#, #"{"zone":"Mars/Base"}"#, #"{"zone":"../etc"}"#,
            #"{"label":"a\nb"}"#, #"{"label":"a\u0000"}"#, #"{"group":"x"}"#,
            #"{"label":"\#(String(repeating: "ä", count: 101))"}"#,
        ] {
            let answer = try await patch(rig, body, as: "ivan", match: before)
            #expect(answer.status == 400, "\(body): \(answer.status)")
            #expect(answer.body.contains("body_invalid") && answer.body.contains("\"errors\""))
        }
        #expect(
            try await patch(rig, "{}", as: "ivan", match: before, type: "text/plain").status == 415)
        #expect(try await patch(rig, "{}", as: "anna", match: before).status == 403)
        #expect(
            try await patch(rig, "{}", as: "stan", match: before, path: path).status == 403)
        #expect(try await patch(rig, "{}", as: "olga", match: before).status == 404)
        let other = try await patch(
            rig, "{}", as: "ivan", match: "*", path: "/v1/gateways/gw-2")
        #expect(other.status == 404)
        let unknown = try await patch(
            rig, "{}", as: "otto", match: "*", path: "/v1/gateways/gw-2")
        #expect(unknown.status == 409 && unknown.body.contains("device_missing"))
        #expect(try await tag(rig) == before)
        await rig.stop()
    }
}
