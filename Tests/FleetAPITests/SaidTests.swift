import FleetStore
import Telemetry
import TestKit
import Testing

@testable import FleetAPI

/// What the API refuses and reports has its codes and values, and keeps its English.
@Suite(.ownThreads) struct SaidTests {
    private func post(
        _ rig: UserRig, _ path: String, _ body: String, as user: String, key: String
    ) async throws -> CurlAnswer {
        try await rig.ask(
            path, as: user, method: "POST",
            headers: ["Content-Type: application/json", "Idempotency-Key: \(key)"], body: body)
    }

    @Test(arguments: [
        (#""waves":"9,3,all""#, "wave_order", #""found":"3","before":"9""#),
        (#""waves":"x""#, "wave_wrong", #""found":"x""#),
        (#""watch_s":0"#, "member_range", #""name":"watch_s","found":"0","allowed":"1…2592000""#),
        (#""watch_s":true"#, "member_kind", #""name":"watch_s""#),
        (#""window":"soon""#, "window_wrong", #""name":"window""#),
        (#""failures":"few""#, "share_wrong", #""name":"failures""#),
        (#""other":1"#, "member_unknown", #""name":"other""#),
        (#""return_to":"9.9.9""#, "version_absent", #""values":{}"#),
        (#""target":{"gateways":["gw-0"]}"#, "gateway_absent", #""gateway":"gw-0""#),
    ]) func `what is wrong with a form is said by code`(
        member: String, code: String, values: String
    ) async throws {
        let rig = try await UserRig()
        for id in ["gw-1", "gw-2"] { try rig.addDevice(id) }
        let body = "{\"set\":\"base\",\(member)}"
        let refused = try await post(rig, "/v1/rollout-previews", body, as: "otto", key: "k")
        #expect(refused.status == 400)
        #expect(refused.body.contains("\"code\":\"\(code)\""), "\(refused.body)")
        #expect(refused.body.contains(values), "\(refused.body)")
        await rig.stop()
        #expect(try SchemaJudge.contractVerdicts("Problem", [refused.body]) == ["ok"])
    }

    @Test func `refused decisions, reasons and the audit have their codes`() async throws {
        let rig = try await UserRig()
        for id in ["gw-1", "gw-2"] { try rig.addDevice(id) }
        func ask(_ path: String, _ body: String, _ user: String) async throws -> CurlAnswer {
            try await post(
                rig, "/v1/rollouts" + path, body, as: user, key: path.isEmpty ? "m" : user)
        }
        let made = try await ask("", #"{"set":"base","name":"a"}"#, "otto")
        #expect(made.status == 200 && made.body.contains(#""reason_said":[]"#), "\(made.body)")
        let own = try await ask("/a/approve", "{}", "otto")
        #expect(
            own.status == 409
                && own.body.contains(#""code":"own_rollout""#)
                && own.body.contains(#""values":{"rollout":"a","author":"otto"}"#), "\(own.body)")
        let early = try await ask("/a/resume", "{}", "ada")
        #expect(
            early.body.contains(#""code":"state_allows""#)
                && early.body.contains(#""state":"proposed""#), "\(early.body)")
        let ended = try await post(
            rig, "/v1/rollouts/a/abort", #"{"note":"no; not now"}"#, as: "ada", key: "e")
        #expect(
            ended.body.contains(
                #""code":"ended_noted","text":"ended by ada: no; not now","values":{"author":"ada","note":"no; not now"}"#
            ), "\(ended.body)")
        #expect(ended.body.contains(#""detail":"no; not now","detail_said":[]"#))
        let preview = try await post(
            rig, "/v1/rollout-previews", #"{"set":"base","target":{"groups":["none"]}}"#,
            as: "otto", key: "p")
        #expect(preview.body.contains(#""faults_said":[{"code":"none_taken""#), "\(preview.body)")
        let user = try await post(
            rig, "/v1/users", #"{"name":"ivan","role":"owner"}"#, as: "ada", key: "u")
        #expect(
            user.status == 409 && user.body.contains(#""values":{"name":"ivan"}"#), "\(user.body)")
        let audit = try await rig.ask("/v1/audit", as: "ada")
        #expect(audit.body.contains(#""detail_said":"#))
        await rig.stop()
        #expect(
            try SchemaJudge.contractVerdicts("Problem", [own.body, early.body, user.body])
                == ["ok", "ok", "ok"])
        #expect(
            try SchemaJudge.contractVerdicts("Rollout", [made.body, ended.body]) == ["ok", "ok"])
        #expect(try SchemaJudge.contractVerdicts("RolloutPreview", [preview.body]) == ["ok"])
        #expect(try SchemaJudge.contractVerdicts("AuditList", [audit.body]) == ["ok"])
    }

    @Test func `details of the audit are sentences`() {
        let both = AuditDetail.labelAndZone.filled(["label": "A, B", "zone": "Europe/Paris"])
        #expect(
            AuditDetail.statements(in: both).map(\.values)
                == [[.init("label", "A, B"), .init("zone", "Europe/Paris")]])
        #expect(AuditDetail.statements(in: "alarm_x of pack 3").map(\.code) == ["audit_alarm"])
        #expect(AuditDetail.statements(in: "owner") == [])
        #expect(AuditDetail.statements(in: "gw-1") == [])
    }
}
