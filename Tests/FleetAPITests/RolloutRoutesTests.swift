import FleetStore
import Foundation
import Rollouts
import TestKit
import Testing

@testable import FleetAPI

/// Profile sets and rollouts.
@Suite(.ownThreads) struct RolloutRoutesTests {
    /// Three gateways of north and one of south as devices, and one more admin for a second pair of eyes.
    private func rig() async throws -> UserRig {
        let rig = try await UserRig()
        for id in ["gw-1", "gw-2", "gw-9"] { try rig.addDevice(id) }
        return rig
    }

    private func post(
        _ rig: UserRig, _ path: String, _ body: String, as user: String, key: String?
    ) async throws -> CurlAnswer {
        try await rig.ask(
            "/v1/rollouts" + path, as: user, method: "POST",
            headers: ["Content-Type: application/json"]
                + (key.map { ["Idempotency-Key: \($0)"] } ?? []),
            body: body)
    }

    @Test func `sets that are published are told to those who roll out`() async throws {
        let rig = try await rig()
        let sets = try await rig.ask("/v1/profile-sets", as: "otto")
        #expect(sets.status == 200 && sets.body.contains(#""version":"1.4.0","release":9"#))
        #expect(try await rig.ask("/v1/profile-sets", as: "ivan").status == 403)
        await rig.stop()
        #expect(try SchemaJudge.contractVerdicts("ProfileSetList", [sets.body]) == ["ok"])
    }

    @Test func `a damaged set is named and rolled out to nobody, and the others are`()
        async throws
    {
        let rig = try await rig()
        let sets = try await rig.ask("/v1/profile-sets", as: "otto")
        #expect(
            sets.body.matches(of: /"version":"([^"]+)"/).map { String($0.1) } == [
                "1.4.0", "1.0.0", "1.3.0", "2.0.0",
            ])
        #expect(
            sets.body.contains(
                #""damaged":[{"set":"base","version":"1.3.0","release":8,"problem":"archive_changed""#
            ))
        var bodies: [String] = []
        for (body, place) in [
            (#"{"set":"base","version":"1.3.0"}"#, "/set"), (#"{"set":"spare"}"#, "/set"),
            (#"{"set":"base","return_to":"1.3.0"}"#, "/return_to"),
        ] {
            let made = try await post(rig, "", body, as: "otto", key: "k")
            let preview = try await rig.ask(
                "/v1/rollout-previews", as: "otto", method: "POST",
                headers: ["Content-Type: application/json"], body: body)
            for answer in [made, preview] {
                #expect(answer.status == 409, "\(answer.body)")
                #expect(answer.body.contains("problem:rollout_refused"))
                #expect(answer.body.contains(#""pointer":"\#(place)""#), "\(answer.body)")
                #expect(answer.body.contains("is damaged: has 5 bytes"), "\(answer.body)")
                bodies.append(answer.body)
            }
        }
        for body in [
            #"{"set":"spare","version":"1.0.0","name":"x"}"#, #"{"set":"base","name":"y"}"#,
        ] {
            let made = try await post(rig, "", body, as: "otto", key: "\(body.count)")
            #expect(made.status == 200, "\(made.body)")
            // a gateway has one rollout at a time
            let id = try #require(made.body.firstMatch(of: /"rollout":"([xy])"/)).1
            #expect(
                try await post(rig, "/\(id)/abort", "{}", as: "otto", key: "a\(id)").status == 200)
        }
        #expect(!(sets.body + bodies.joined()).contains("secret"))
        await rig.stop()
        #expect(try SchemaJudge.contractVerdicts("ProfileSetList", [sets.body]) == ["ok"])
        #expect(try SchemaJudge.contractVerdicts("Problem", bodies) == bodies.map { _ in "ok" })
    }

    @Test func `a rollout is made once, for gateways of its tenant, and approved by another`()
        async throws
    {
        let rig = try await rig()
        let body = #"{"set":"base","waves":"1,all","approval":"once","note":"why not"}"#
        let made = try await post(rig, "", body, as: "otto", key: "k")
        #expect(made.status == 200, "\(made.body)")
        #expect(made.body.contains(#""rollout":"north-base-1.4.0""#))
        #expect(made.body.contains(#""gateway":"gw-1""#) && made.body.contains("gw-2"))
        #expect(!made.body.contains("gw-9") && !made.body.contains("gw-0"))
        let again = try await post(rig, "", body, as: "otto", key: "k")
        #expect(again.status == 200 && again.body == made.body)
        let other = try await post(rig, "", #"{"set":"base","name":"x"}"#, as: "otto", key: "k")
        #expect(other.status == 422)
        let taken = try await post(rig, "", body, as: "otto", key: "l")
        #expect(taken.status == 409 && taken.body.contains("rollout_refused"), "\(taken.body)")
        let id = "/north-base-1.4.0"
        let own = try await post(rig, id + "/approve", "{}", as: "otto", key: "a")
        #expect(own.status == 409 && own.body.contains("cannot approve"), "\(own.body)")
        let approved = try await post(
            rig, id + "/approve", #"{"note":"go"}"#, as: "ada", key: "a")
        #expect(
            approved.status == 200 && approved.body.contains(#""author":"ada","what":"approve""#))
        for (word, state) in [("pause", "paused"), ("resume", "running"), ("abort", "aborted")] {
            let first = try await post(rig, id + "/\(word)", "{}", as: "otto", key: word)
            #expect(first.status == 200, "\(word): \(first.body)")
            let second = try await post(rig, id + "/\(word)", "{}", as: "otto", key: word)
            #expect(second.status == 200 && second.body == first.body, "\(word) \(state)")
        }
        let late = try await post(rig, id + "/resume", "{}", as: "otto", key: "late")
        #expect(late.status == 409 && late.body.contains("allows"))
        let page = try await rig.ask("/v1/rollouts\(id)?limit=1", as: "ada")
        let cursor = try #require(page.body.firstMatch(of: /"next_cursor":"([0-9a-f]+)"/)).1
        let next = try await rig.ask("/v1/rollouts\(id)?limit=1&cursor=\(cursor)", as: "ada")
        #expect(next.status == 200 && next.body.contains("\"next_cursor\":null"))
        #expect(try await rig.ask("/v1/rollouts\(id)?cursor=00", as: "ada").status == 409)
        let list = try await rig.ask("/v1/rollouts", as: "ada")
        let told = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 100)
            .filter { $0.action.hasPrefix("rollout_") }
        #expect(
            told.map { "\($0.author.name) \($0.action)" }.sorted() == [
                "ada rollout_approve", "otto rollout_abort", "otto rollout_made",
                "otto rollout_pause", "otto rollout_resume",
            ])
        await rig.stop()
        for (schema, documents) in [
            ("Rollout", [made.body, page.body, next.body]), ("RolloutList", [list.body]),
            ("Problem", [own.body, late.body]),
        ] {
            #expect(
                try SchemaJudge.contractVerdicts(schema, documents)
                    == documents.map { _ in "ok" }, "\(schema)")
        }
    }

    @Test
    func `a preview says what a rollout would do, keeps nothing and tells of no gateway of others`()
        async throws
    {
        let rig = try await rig()
        func preview(_ body: String, as user: String) async throws -> CurlAnswer {
            try await rig.ask(
                "/v1/rollout-previews", as: user, method: "POST",
                headers: ["Content-Type: application/json"], body: body)
        }
        let seen = try await preview(#"{"set":"base","waves":"1,all"}"#, as: "otto")
        #expect(seen.status == 200, "\(seen.body)")
        #expect(seen.body.contains(#""rollout":"north-base-1.4.0""#))
        #expect(seen.body.contains(#""gateways":2,"waves":[1,1]"#), "\(seen.body)")
        #expect(seen.body.contains(#""busy":0"#) && seen.body.contains(#""faults":[]"#))
        #expect(!seen.body.contains("gw-9") && !seen.body.contains("gw-0"))
        let none = try await preview(
            #"{"set":"base","target":{"groups":["none"]}}"#, as: "otto")
        #expect(none.body.contains("the target takes none of 2 gateways"), "\(none.body)")
        #expect(try await rig.ask("/v1/rollouts", as: "otto").body.contains("\"items\":[]"))
        #expect(try await post(rig, "", #"{"set":"base"}"#, as: "otto", key: "k").status == 200)
        let busy = try await preview(#"{"set":"base","name":"again"}"#, as: "ada")
        #expect(busy.status == 200 && busy.body.contains(#""busy":2"#), "\(busy.body)")
        for (body, user, status) in [
            (#"{"set":"base"}"#, "anna", 403), (#"{"set":"base"}"#, "ivan", 403),
            (#"{"set":"base","target":{"gateways":["gw-9"]}}"#, "otto", 400),
            (#"{"set":"base","waves":"x"}"#, "otto", 400), ("{}", "otto", 400),
        ] {
            #expect(try await preview(body, as: user).status == status, "\(body) \(user)")
        }
        await rig.stop()
        #expect(
            try SchemaJudge.contractVerdicts(
                "RolloutPreview", [seen.body, none.body, busy.body]) == ["ok", "ok", "ok"])
    }

    @Test func `nobody sees or decides rollouts with gateways of others`() async throws {
        let rig = try await rig()
        let body = #"{"set":"base","name":"mine"}"#
        #expect(try await post(rig, "", body, as: "otto", key: "k").status == 200)
        // one by the command line, for gateways of both
        let store = try FleetStores.openRollouts(rig.address)
        var plan = RolloutPlan(id: "both", set: UserRig.set)
        plan.target.gateways = ["gw-0", "gw-9"]
        _ = try RolloutDesk(store: store, clock: .system).create(plan, at: UserRig.now)
        for (id, user, status) in [
            ("mine", "otto", 200), ("mine", "ada", 200), ("mine", "olga", 404),
            ("both", "otto", 404), ("both", "olga", 404), ("none", "otto", 404),
            ("mine", "ivan", 403), ("mine", "anna", 403),
        ] {
            #expect(
                try await rig.ask("/v1/rollouts/\(id)", as: user).status == status, "\(id) \(user)")
            guard status == 200 || user == "olga" else { continue }
            let decided = try await post(rig, "/\(id)/pause", "{}", as: user, key: "p\(id)")
            #expect(decided.status == (status == 200 ? 409 : 404), "\(id) \(user)")
        }
        #expect(try await rig.ask("/v1/rollouts", as: "olga").body.contains("\"items\":[]"))
        await rig.stop()
    }

    @Test func `what cannot be rolled out is refused with all that is wrong`() async throws {
        let rig = try await rig()
        for (body, status) in [
            ("{}", 400), ("[]", 400), (#"{"set":"none"}"#, 400),
            (#"{"set":"base","version":"9.9.9"}"#, 400),
            (#"{"set":"base","target":{"gateways":["gw-9"]}}"#, 400),
            (#"{"set":"base","target":{"gateways":["gw-none"]}}"#, 400),
            (#"{"set":"base","target":{"houses":["gw-1"]}}"#, 400),
            (#"{"set":"base","approval":"never"}"#, 400), (#"{"set":"base","waves":"x"}"#, 400),
            (#"{"set":"base","start":"soon"}"#, 400), (#"{"set":"base","x":1}"#, 400),
            (#"{"set":"base","name":"No Name"}"#, 409), (#"{"set":"base","zone":"Mars"}"#, 409),
            (#"{"set":"base","target":{"groups":["none"]}}"#, 409),
        ] {
            let answer = try await post(rig, "", body, as: "otto", key: "key")
            #expect(answer.status == status, "\(body): \(answer.status) \(answer.body)")
            #expect(answer.body.contains("\"errors\":[{\"pointer\""), "\(body)")
        }
        #expect(try await post(rig, "", "{}", as: "otto", key: nil).status == 400)
        #expect(try await post(rig, "", "{}", as: "otto", key: "a b").status == 400)
        #expect(try await rig.ask("/v1/rollouts", as: "otto").body.contains("\"items\":[]"))
        await rig.stop()
    }

    @Test func `a decision that cannot be told is not taken, and can be asked for again`()
        async throws
    {
        let rig = try await rig()
        let body = #"{"set":"base","name":"mine"}"#
        let full = """
            CREATE TRIGGER full BEFORE INSERT ON audit_entry
            BEGIN SELECT RAISE(ABORT, 'no room'); END
            """
        try rig.run(full)
        let refused = try await post(rig, "", body, as: "otto", key: "k")
        #expect(refused.status == 503 && !refused.body.contains("no room"), "\(refused.body)")
        #expect(try await rig.ask("/v1/rollouts", as: "otto").body.contains("\"items\":[]"))
        try rig.run("DROP TRIGGER full")
        #expect(try await post(rig, "", body, as: "otto", key: "k").status == 200)
        try rig.run(full)
        #expect(try await post(rig, "/mine/abort", "{}", as: "ada", key: "a").status == 503)
        let before = try await rig.ask("/v1/rollouts/mine", as: "otto")
        #expect(before.body.contains(#""state":"proposed""#), "\(before.body)")
        try rig.run("DROP TRIGGER full")
        let aborted = try await post(rig, "/mine/abort", "{}", as: "ada", key: "a")
        #expect(aborted.status == 200 && aborted.body.contains(#""state":"aborted""#))
        let told = try FleetStores.openUsers(rig.address).audit(tenant: "north", limit: 100)
            .filter { $0.action.hasPrefix("rollout_") }
        #expect(told.map(\.action) == ["rollout_abort", "rollout_made"])
        await rig.stop()
    }
}
