import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// `POST /v1/alarms/acknowledge`.
@Suite(.ownThreads) struct AcknowledgeTests {
    private let json = "Content-Type: application/json"

    private func body(
        _ gateway: String = "gw-1", _ code: String = "pack_silent", level: String = "warning",
        pack: Int = 7, note: String = "on my way"
    ) -> String {
        """
        {"gateway":"\(gateway)","code":"\(code)","level":"\(level)","pack":\(pack),"note":"\(note)"}
        """
    }

    private func post(
        _ rig: UserRig, _ body: String, key: String, as user: String = "anna"
    ) async throws -> CurlAnswer {
        try await rig.ask(
            "/v1/alarms/acknowledge", as: user, method: "POST",
            headers: [json, "Idempotency-Key: \(key)"], body: body)
    }

    @Test func `it is done once, however often it is asked for, and is told`() async throws {
        let rig = try await UserRig()
        #expect(try await post(rig, body(), key: "1").body.contains("\"outcome\":\"done\""))
        let alarms = try await rig.ask("/v1/alarms", as: "otto")
        #expect(alarms.body.contains("\"acknowledged_by\":\"anna\""))
        #expect(try await post(rig, body(), key: "1").body.contains("\"outcome\":\"repeated\""))
        let known = try await post(rig, body(note: ""), key: "1", as: "otto")
        #expect(known.body == "{\"outcome\":\"known\",\"acknowledged_by\":\"anna\"}")
        let other = try await post(rig, body(pack: 8), key: "1")
        #expect(other.status == 422 && other.body.contains("problem:key_reused"))
        #expect(try await post(rig, body(pack: 8), key: "2").status == 200)
        await rig.stop()
        let audit = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 100)
        let told = audit.filter { $0.action == "alarm_acknowledged" }
        #expect(
            Set(told.map(\.detail)) == ["pack_silent of pack 7", "pack_silent of pack 8"])
        #expect(told.allSatisfy { $0.author.name == "anna" && $0.subject == "gw-1" })
        #expect(told.count == 2)
    }

    @Test func `many who ask at once do it once`() async throws {
        let rig = try await UserRig()
        let words = body()
        let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<8 {
                group.addTask { try await post(rig, words, key: "same").body }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0.contains("\"done\"") }.count == 1)
        #expect(outcomes.filter { $0.contains("\"repeated\"") }.count == 7)
        await rig.stop()
    }

    @Test func `alarms that are not seen cannot be acknowledged, and nobody learns of them`()
        async throws
    {
        let rig = try await UserRig()
        let absent = try await post(rig, body("gw-none"), key: "a")
        #expect(absent.status == 404)
        for (user, words) in [
            ("anna", body("gw-2", "cell_high", level: "protection", pack: 1)),
            ("otto", body("gw-9", "pack_silent", level: "fault", pack: 2)),
            ("otto", body("gw-0", "bus_down", level: "fault", pack: 0)),
            ("olga", body()), ("anna", body(level: "fault")), ("anna", body(pack: 9)),
        ] {
            let answer = try await post(rig, words, key: "b", as: user)
            #expect(answer.status == 404 && answer.body == absent.body, "\(words)")
        }
        await rig.stop()
        var filter = AlarmFilter()
        filter.limit = 1000
        let alarms = try FleetStores.openAlarms(rig.address).alarms(filter)
        #expect(alarms.count == 5 && alarms.allSatisfy { $0.acknowledged == nil })
    }

    @Test func `what is no acknowledgement is refused with all that is wrong`() async throws {
        let rig = try await UserRig()
        for words in [
            "", "{", "[]", "null", "{}", "\u{1}", "{\"gateway\":\"gw-1\"}", body("GW"),
            body("gw-1", "A"),
            body(level: "bad"), body(pack: 17), body(pack: -1), body(note: "\\u0000"),
            body(note: String(repeating: "x", count: 501)),
            body().replacing("}", with: ",\"x\":1}"), body().replacing("7", with: "\"7\""),
            body().replacing("7", with: "7e99"), String(repeating: "[", count: 10_000),
        ] {
            let answer = try await post(rig, words, key: "c")
            #expect(answer.status == 400, "\(words.prefix(80)): \(answer.status) \(answer.body)")
            #expect(answer.body.contains("problem:body_invalid"), "\(words.prefix(80))")
        }
        for key in ["", "a b", String(repeating: "k", count: 65), "ä"] {
            let answer = try await post(rig, body(), key: key)
            #expect(answer.status == 400 && answer.body.contains("problem:key_missing"), "\(key)")
        }
        let path = "/v1/alarms/acknowledge"
        let text = try await rig.ask(
            path, as: "anna", method: "POST", headers: ["Content-Type: text/plain"], body: body())
        #expect(text.status == 415 && text.body.contains("problem:media_type_unsupported"))
        let giant = String(repeating: " ", count: 2_000_000)
        #expect(try await post(rig, giant, key: "d").status == 413)
        let chunked = try await rig.ask(
            path, as: "anna", method: "POST",
            headers: [json, "Idempotency-Key: e", "Transfer-Encoding: chunked"], body: giant)
        #expect(chunked.status == 413)
        #expect(try await post(rig, body(), key: "f").status == 200)
        await rig.stop()
    }
}
