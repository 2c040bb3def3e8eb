import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// `Schemas/fleet.openapi.json` and the server say the same.
@Suite(.ownThreads) struct ContractTests {
    private func contract() throws -> [String: Any] {
        let file = URL(filePath: Repository.root + "/Schemas/fleet.openapi.json")
        return try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
    }

    private func operations() throws -> [String: [String: Any]] {
        let paths = try #require(contract()["paths"] as? [String: [String: Any]])
        var found: [String: [String: Any]] = [:]
        for (path, methods) in paths {
            for (method, operation) in methods where method != "parameters" {
                found["\(method.uppercased()) \(path)"] = operation as? [String: Any]
            }
        }
        return found
    }

    @Test func `every route stands in the contract, and the other way round`() throws {
        let routes = Set(UserRoutes.all.map { "\($0.method.rawValue) \($0.path)" })
        #expect(try Set(operations().keys) == routes)
    }

    @Test func `the server gives the very document to everybody`() async throws {
        let file = URL(filePath: Repository.root + "/Schemas/fleet.openapi.json")
        #expect(try Data(contentsOf: file) == Data(Contract.bytes))
        let rig = try await UserRig()
        let answer = try await rig.ask("/openapi.json")
        #expect(answer.status == 200 && answer.headers["content-type"] == "application/json")
        #expect(Array(answer.body.utf8) == Contract.bytes)
        let tag = try #require(answer.headers["etag"])
        let again = try await rig.ask("/openapi.json", headers: ["If-None-Match: \(tag)"])
        #expect(again.status == 304 && again.body.isEmpty)
        await rig.stop()
    }

    @Test func `every status that the server gives stands in the contract`() throws {
        let statuses = try operations().values.reduce(into: Set<String>()) { all, operation in
            all.formUnion((operation["responses"] as? [String: Any] ?? [:]).keys)
        }
        // these are of no operation: an address or a method that does not exist, and a bug
        let others: Set = ["405", "500"]
        let given = Set(Problem.Kind.allCases.map { "\($0.status.code)" })
        let missing = given.subtracting(statuses).subtracting(others)
        #expect(missing.isEmpty)
    }

    @Test func `answers are as the contract says`() async throws {
        let rig = try await UserRig()
        var documents: [String: [String]] = [:]
        func note(_ schema: String, _ path: String, as user: String?, status: Int) async throws {
            let answer = try await rig.ask(path, as: user)
            #expect(answer.status == status, "\(path): \(answer.body)")
            documents[schema, default: []].append(answer.body)
        }
        try await note("GatewayList", "/v1/gateways?limit=1", as: "otto", status: 200)
        try await note("GatewayList", "/v1/gateways?order=alarm", as: "otto", status: 200)
        try await note("GatewayList", "/v1/gateways", as: "olga", status: 200)
        for id in ["gw-1", "gw-2"] {
            let path = "/v1/gateways/\(id)"
            try await note("Gateway", path, as: "otto", status: 200)
            try await note("Live", path + "/live", as: "otto", status: 200)
            for quantity in ["power_mw", "voltage_mv", "spread_mv"] {
                let query = "/history?quantity=\(quantity)&pixels=50"
                try await note("History", path + query, as: "otto", status: 200)
            }
        }
        let year = "/v1/gateways/gw-1/history?quantity=power_mw&from=2025-01-01T00:00:00Z"
        try await note("History", year, as: "otto", status: 200)
        try await note("AlarmList", "/v1/alarms?limit=1", as: "otto", status: 200)
        try await note("AlarmList", "/v1/alarms?state=all", as: "otto", status: 200)
        try await note("AlarmCauseList", "/v1/alarm-causes", as: "otto", status: 200)
        try await note("AlarmTexts", "/v1/alarm-texts/fr", as: "otto", status: 200)
        let body = """
            {"gateway":"gw-1","code":"pack_silent","level":"warning","pack":7}
            """
        for (key, words) in [("k", body), ("k", body), ("l", body), ("m", "{}")] {
            let answer = try await rig.ask(
                "/v1/alarms/acknowledge", as: "otto", method: "POST",
                headers: ["Content-Type: application/json", "Idempotency-Key: \(key)"], body: words)
            let schema = answer.status == 200 ? "Acknowledged" : "Problem"
            documents[schema, default: []].append(answer.body)
        }
        #expect(documents["Acknowledged"]?.count == 3)
        try await note("PushKey", "/v1/push-key", as: "otto", status: 200)
        try await note("Preferences", "/v1/session/preferences", as: "otto", status: 200)
        for (schema, path, method, words) in [
            ("Preferences", "/v1/session/preferences", "PATCH", NotifyRoutesTests.preferences),
            ("PushSubscribed", "/v1/push-subscriptions", "POST", NotifyRoutesTests.subscription()),
        ] {
            let answer = try await rig.ask(
                path, as: "otto", method: method, headers: ["Content-Type: application/json"],
                body: words)
            documents[schema, default: []].append(answer.body)
        }
        try await note("Problem", "/v1/gateways", as: nil, status: 401)
        try await note("Problem", "/v1/gateways", as: "amphora_mute", status: 403)
        try await note("Problem", "/v1/gateways?x=1", as: "otto", status: 400)
        try await note("Problem", "/v1/gateways/gw-9", as: "otto", status: 404)
        await rig.stop()
        for (schema, documents) in documents {
            for (verdict, document) in zip(
                try SchemaJudge.contractVerdicts(schema, documents), documents)
            {
                #expect(verdict == "ok", "\(schema): \(document.prefix(400))")
            }
        }
        // and the judge is awake
        #expect(try SchemaJudge.contractVerdicts("Gateway", ["{\"id\":\"gw-1\"}"]) != ["ok"])
    }
}
