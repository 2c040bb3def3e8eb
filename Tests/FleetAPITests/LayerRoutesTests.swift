import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// `/v1/configuration/{layer}` and what a gateway makes of it.
@Suite(.ownThreads) struct LayerRoutesTests {
    private func patch(
        _ rig: UserRig, _ layer: String, _ body: String, as user: String, match: String = "*"
    ) async throws -> CurlAnswer {
        try await rig.ask(
            "/v1/configuration/\(layer)", as: user, method: "PATCH",
            headers: ["Content-Type: application/merge-patch+json", "If-Match: \(match)"],
            body: body)
    }

    /// `pair` has both gateways of north, `mixed` one of each tenant, `far` that of south.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        try rig.addDevice("gw-1", group: "pair")
        try rig.addDevice("gw-2", group: "pair")
        try rig.addDevice("gw-9", group: "far")
        try rig.addDevice("gw-7", group: "mixed")
        try rig.addDevice("gw-8", group: "mixed")
        let users = try FleetStores.openUsers(rig.address)
        let author = Author("test", at: UserRig.now)
        #expect(try users.assign(gateway: "gw-7", to: "north", by: author))
        #expect(try users.assign(gateway: "gw-8", to: "south", by: author))
        return rig
    }

    @Test func `a layer is changed over what was seen, checked as the gateway does, and told`()
        async throws
    {
        let rig = try await rig()
        let path = "/v1/configuration/gateway:gw-1"
        let empty = try await rig.ask(path, as: "ivan")
        #expect(empty.status == 200 && empty.headers["etag"] == "\"v0\"", "\(empty.body)")
        let first = try await rig.ask(
            path + "?note=quiet%20house", as: "ivan", method: "PATCH",
            headers: ["Content-Type: application/json", "If-Match: \"v0\""],
            body: #"{"telemetry":{"interval_s":30}}"#)
        #expect(first.status == 200, "\(first.body)")
        #expect(first.body.contains(#""version":1,"may_change":true"#))
        #expect(first.body.contains(#""settings":{"telemetry":{"interval_s":30}}"#))
        #expect(first.body.contains(#""author":"ivan","note":"quiet house""#))
        let late = try await patch(
            rig, "gateway:gw-1", #"{"telemetry":{"interval_s":60}}"#, as: "otto", match: "\"v0\"")
        #expect(late.status == 412)
        let wrong = try await patch(
            rig, "gateway:gw-1", #"{"telemetry":{"interval_s":0},"mars":1}"#, as: "otto",
            match: "\"v1\"")
        #expect(wrong.status == 400, "\(wrong.body)")
        #expect(wrong.body.contains(#""pointer":"/telemetry/interval_s""#), "\(wrong.body)")
        #expect(wrong.body.contains("mars"))
        let gone = try await patch(
            rig, "gateway%3Agw-1", #"{"telemetry":null}"#, as: "otto", match: "\"v1\"")
        #expect(gone.status == 200 && gone.body.contains(#""version":2"#), "\(gone.body)")
        #expect(gone.body.contains(#""settings":{}"#))
        let told = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 100)
            .filter { $0.action == "configuration_changed" }
        #expect(
            Set(told.map { "\($0.author.name) \($0.subject) \($0.detail)" })
                == ["ivan gateway:gw-1 version 1", "otto gateway:gw-1 version 2"])
        for body in ["", "[]", "1", "null", "{", #"{"a":1,"a":2}"#] {
            let answer = try await patch(rig, "gateway:gw-1", body, as: "otto")
            #expect(answer.status == 400 && answer.body.contains("body_invalid"), "\(body)")
        }
        await rig.stop()
        for (verdict, document) in zip(
            try SchemaJudge.contractVerdicts("Layer", [empty.body, first.body, gone.body]),
            [empty.body, first.body, gone.body])
        {
            #expect(verdict == "ok", "\(document)")
        }
    }

    @Test func `nobody changes what reaches gateways of others`() async throws {
        let rig = try await rig()
        let body = #"{"telemetry":{"interval_s":30}}"#
        for (layer, user, look, change) in [
            ("fleet", "otto", 200, 403), ("fleet", "ada", 200, 403), ("fleet", "ivan", 200, 403),
            ("group:pair", "otto", 200, 200), ("group:pair", "ivan", 200, 403),
            ("group:mixed", "otto", 200, 403), ("group:mixed", "olga", 200, 403),
            ("group:mixed", "ivan", 404, 404), ("group:far", "otto", 404, 404),
            ("group:far", "olga", 200, 200), ("group:none", "otto", 404, 404),
            ("gateway:gw-1", "otto", 200, 200), ("gateway:gw-1", "ivan", 200, 200),
            ("gateway:gw-2", "ivan", 404, 404), ("gateway:gw-1", "olga", 404, 404),
            ("gateway:gw-none", "otto", 404, 404), ("gateway:gw-1", "anna", 403, 403),
            ("group:", "otto", 404, 404), ("gateway", "otto", 404, 404),
            ("house", "otto", 404, 404), ("gateway:%00", "otto", 404, 404),
            ("gateway:GW", "otto", 404, 404),
        ] {
            let looked = try await rig.ask("/v1/configuration/\(layer)", as: user)
            #expect(looked.status == look, "\(layer) \(user)")
            let changed = try await patch(rig, layer, body, as: user)
            #expect(changed.status == change, "\(layer) \(user): \(changed.body)")
            if user != "anna", change == 403 {
                #expect(changed.body.contains("layer_shared"))
                #expect(looked.body.contains(#""may_change":false"#))
                #expect(looked.body.contains(#""history":[]"#))
            }
        }
        let foreign = try await rig.ask("/v1/configuration/gateway:gw-1", as: "olga")
        let absent = try await rig.ask("/v1/configuration/gateway:gw-none", as: "olga")
        #expect(foreign.body == absent.body)
        await rig.stop()
    }

    @Test func `the only tenant of a fleet sets what all gateways run on`() async throws {
        let rig = try await UserRig(tenants: 1)
        let body = #"{"telemetry":{"interval_s":30}}"#
        #expect(try await patch(rig, "fleet", body, as: "otto").status == 200)
        #expect(try await patch(rig, "fleet", body, as: "ivan").status == 403)
        let path = "/v1/gateways/gw-1/configuration"
        let found = try await rig.ask(path, as: "ivan")
        #expect(
            found.body.contains(
                #"{"key":"telemetry.interval_s","value":30,"layer":"fleet"}"#), "\(found.body)")
        #expect(found.body.contains(#""desired_version":null"#))
        let store = try FleetStores.openConfiguration(rig.address)
        let content = ConfigurationContent(gateway: "gw-1", config: "{}", tag: "t")
        _ = try store.offer([content], at: UserRig.now)
        try rig.report("gw-1", #"{"applied_version":1,"result":"applied","held_back":["x"]}"#)
        let after = try await rig.ask(path, as: "ivan")
        #expect(after.body.contains(#""desired_version":1,"desired_since":"2026"#), "\(after.body)")
        #expect(after.body.contains(#""applied_version":1,"result":"applied","reported":"2026"#))
        #expect(after.body.contains(#""held_back":["x"]"#))
        // one gateway that nobody has is one too many
        try rig.addDevice("gw-5")
        #expect(try await patch(rig, "fleet", body, as: "otto").status == 403)
        await rig.stop()
        #expect(
            try SchemaJudge.contractVerdicts("GatewayConfiguration", [found.body, after.body])
                == ["ok", "ok"])
    }
}
