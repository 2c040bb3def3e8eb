import FleetStore
import Foundation
import TestKit
import Testing

@testable import FleetAPI

/// The fleet in numbers, energy, what comes next and how batteries age.
@Suite(.ownThreads) struct ViewRoutesTests {
    private func holds(_ schema: String, _ documents: [String]) throws {
        for (verdict, document) in zip(
            try SchemaJudge.contractVerdicts(schema, documents), documents)
        {
            #expect(verdict == "ok", "\(schema): \(document)")
        }
    }

    @Test func `the summary counts what its reader sees, each gateway once`() async throws {
        let rig = try await UserRig()
        let north = try await rig.ask("/v1/summary", as: "otto")
        #expect(
            north.body == """
                {"gateways":2,"live":1,"stale":1,"silent":0,"never":0,"alarms":{"fault":0,\
                "protection":1,"warning":2,"information":0},"unacknowledged":3}
                """)
        let anna = try await rig.ask("/v1/summary", as: "anna")
        #expect(
            anna.body == """
                {"gateways":1,"live":1,"stale":0,"silent":0,"never":0,"alarms":{"fault":0,\
                "protection":0,"warning":2,"information":0},"unacknowledged":2}
                """)
        await rig.stop()
        try holds("Summary", [north.body, anna.body])
    }

    @Test func `energy comes by days of the site, with what is not known as null`() async throws {
        let rig = try await UserRig()
        let path = "/v1/gateways/gw-1/energy"
        // 652 W for 20 s on the last of three days
        let days = try await rig.ask(path + "?from=2026-09-19T12:00:00Z", as: "anna")
        #expect(days.status == 200, "\(days.body)")
        #expect(
            days.body.contains(
                """
                {"start":"2026-09-20T00:00:00.000Z","end":"2026-09-21T00:00:00.000Z",\
                "charged_wh":null,"discharged_wh":null,"full_cycles":null,"covered_s":0},\
                {"start":"2026-09-21T00:00:00.000Z","end":"2026-09-22T00:00:00.000Z",\
                "charged_wh":0.000,"discharged_wh":3.622,"full_cycles":0.00,"covered_s":20}],\
                "total":{"charged_wh":0.000,"discharged_wh":3.622,"full_cycles":0.00,"covered_s":20}
                """), "\(days.body)")
        #expect(days.body.components(separatedBy: "\"start\"").count == 4)
        let months = try await rig.ask(path + "?by=month&pack=1", as: "anna")
        let years = try await rig.ask(path + "?by=year", as: "otto")
        #expect(months.body.components(separatedBy: "\"start\"").count == 14)
        #expect(years.body.components(separatedBy: "\"start\"").count == 7)
        let silent = try await rig.ask("/v1/gateways/gw-2/energy", as: "otto")
        for query in [
            "?by=week", "?from=2026-09-19T12:00:00Z&to=2026-09-19T12:00:00Z", "?pack=17",
            "?from=2020-01-01T00:00:00Z", "?by=year&from=0001-01-01T00:00:00Z", "?x=1",
        ] {
            let answer = try await rig.ask(path + query, as: "anna")
            #expect(answer.status == 400, "\(query)")
            #expect(answer.body.contains("\"errors\":[{\"pointer\":"), "\(query)")
        }
        await rig.stop()
        try holds("EnergyList", [days.body, months.body, years.body, silent.body])
    }

    @Test func `the outlook says which way it goes, and nothing of an old state`() async throws {
        let rig = try await UserRig()
        let live = try await rig.ask("/v1/gateways/gw-1/outlook", as: "anna")
        #expect(
            live.body.contains(
                """
                "state":"discharging","to_full_min":null,"to_empty_min":null,"charge_limit":\
                {"current_a":50.000,"rule":"pack_limit","pack":1,"cell":null},\
                "discharge_limit":null}
                """), "\(live.body)")
        let old = try await rig.ask("/v1/gateways/gw-2/outlook", as: "otto")
        #expect(old.body.contains("\"made\":null,\"state\":\"unknown\""))
        await rig.stop()
        try holds("Outlook", [live.body, old.body])
    }

    @Test func `the condition has the bank and each pack, and no trend of one day`() async throws {
        let rig = try await UserRig()
        let found = try await rig.ask("/v1/gateways/gw-1/condition", as: "anna")
        #expect(
            found.body.contains(
                """
                {"pack":1,"serial":"SN \\"1\\"","soh_pct":null,"spread_mv":9,"deviation_mv":5,\
                "health_trend":null,"imbalance_trend":null,"cycles":null,"full_cycles":null}
                """), "\(found.body)")
        #expect(found.body.contains("\"bank\":{\"soh_pct\":99.00,"))
        await rig.stop()
        try holds("Condition", [found.body])
    }
}
