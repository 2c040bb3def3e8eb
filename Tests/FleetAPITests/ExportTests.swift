import FleetStore
import Foundation
import History
import TestKit
import Testing

@testable import FleetAPI

/// `GET /v1/session/export`; numbers are rules of ``ExportDesk``.
@Suite(.ownThreads) struct ExportTests {
    /// Lines by kind.
    private func lines(_ body: String) throws -> [String: [[String: Any]]] {
        var found: [String: [[String: Any]]] = [:]
        for line in body.split(separator: "\n") {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let members = try #require(object as? [String: Any])
            found[try #require(members["kind"] as? String), default: []].append(members)
        }
        return found
    }

    /// Gives anna and ivan, who share a house, all that can be held of them.
    private func furnish(_ rig: UserRig) async throws {
        let views = try FleetStores.openViews(rig.address)
        for name in ["anna", "ivan", "stan"] {
            let author = Author(name, at: UserRig.now)
            #expect(
                try views.setPreferences(
                    RecipientPreferences(
                        language: "de", mail: "\(name)@example.org",
                        quiet: QuietHours(from: 1320, to: 420)), of: name, by: author))
            let browser = PushSubscription(
                id: "browser-\(name)", owner: name, endpoint: "https://push.example/\(name)-secret",
                key: "key-\(name)", secret: "shh-\(name)", madeMilliseconds: 1)
            #expect(try views.addPushSubscription(browser, by: author) != nil)
        }
        for (name, pack) in [("anna", 7), ("ivan", 8)] {
            let answer = try await rig.ask(
                "/v1/alarms/acknowledge", as: name, method: "POST",
                headers: ["Content-Type: application/json", "Idempotency-Key: k"],
                body: """
                    {"gateway":"gw-1","code":"pack_silent","level":"warning","pack":\(pack),\
                    "note":"note of \(name)"}
                    """)
            #expect(answer.status == 200)
        }
        try views.gatherDeliveries(now: UserRig.now + 120_000)
        while try views.rollUp(now: UserRig.now + 2 * 86_400_000, most: 100) > 0 {}
        let code = BearerToken.hash("code")
        #expect(try views.setPassword("slow-hash", of: "olga", by: Author("ada", at: 1)))
        #expect(try views.invite("anna", hash: code, expires: 1, by: Author("ada", at: 5)))
    }

    @Test func `a guest takes nothing of the house along`() async throws {
        let rig = try await UserRig()
        let views = try FleetStores.openViews(rig.address)
        let author = Author("ada", at: UserRig.now)
        let gina = User(name: "gina", tenant: "north", role: .owner, createdMilliseconds: 1)
        #expect(try views.addUser(gina, by: author) == .added)
        let token = AccessToken(
            id: "gina", hash: BearerToken.hash("amphora_gina"), owner: "gina",
            scopes: [.read], createdMilliseconds: UserRig.now,
            expiresMilliseconds: UserRig.now + 1000)
        #expect(try views.addToken(token, by: author))
        let invitation = GuestInvitation(
            id: "i", gateway: "gw-1", giver: "anna", now: UserRig.now)
        let request = KeptRequest(user: "anna", key: "k", hash: "h", now: UserRig.now)
        #expect(try views.inviteGuest(invitation, hash: "code", request: request) == .kept)
        let visit = try views.visit(codeHash: "code", by: Author("gina", at: UserRig.now))
        #expect(visit == .guest(gateway: "gw-1"))
        #expect(try await rig.ask("/v1/gateways/gw-1", as: "gina").status == 200)
        let answer = try await rig.ask("/v1/session/export", as: "gina")
        let found = try lines(answer.body)
        #expect(answer.status == 200 && found["account"]?.first?["name"] as? String == "gina")
        #expect(
            Set(found.keys).isDisjoint(with: ["house", "measurement", "alarm", "configuration"]))
        await rig.stop()
    }

    @Test(arguments: ["sqlite", "postgres"])
    func `every kind is there, and nothing of anybody else`(kind: String) async throws {
        let address = kind == "sqlite" ? nil : try PostgresServer.shared().database()
        let rig = try await UserRig(address: address)
        try await furnish(rig)
        let answer = try await rig.ask("/v1/session/export", as: "ivan")
        #expect(answer.status == 200, "\(answer.body)")
        #expect(answer.headers["content-type"] == "application/x-ndjson")
        #expect(
            answer.headers["content-disposition"] == "attachment; filename=\"amphora-ivan.ndjson\"")
        let found = try lines(answer.body)
        let verdicts = try SchemaJudge.contractVerdicts(
            "ExportLine", answer.body.split(separator: "\n").map(String.init))
        #expect(Set(verdicts) == ["ok"])
        let kinds: Set = [
            "export", "account", "preferences", "browser", "message", "token", "acknowledgement",
            "house", "configuration", "change", "alarm", "event", "measurement", "window", "end",
        ]
        #expect(Set(found.keys) == kinds, "\(kinds.symmetricDifference(found.keys))")
        #expect(found["account"]?.first?["name"] as? String == "ivan")
        #expect(found["preferences"]?.first?["mail"] as? String == "ivan@example.org")
        #expect(found["browser"]?.first?["service"] as? String == "push.example")
        #expect(found["house"]?.map { $0["gateway"] as? String } == ["gw-1"])
        #expect(found["measurement"]?.map { $0["sequence"] as? Int } == [1, 2, 3])
        let packs = found["measurement"]?.first?["packs"] as? [[String: Any]]
        #expect(packs?.map { $0["pack"] as? Int } == [1, 2])
        #expect(found["alarm"]?.count == 2 && found["event"]?.count == 2)
        #expect(found["acknowledgement"]?.map { $0["note"] as? String } == ["note of ivan"])
        let tiers = Set(found["window"]?.compactMap { $0["tier"] as? String } ?? [])
        #expect(tiers == ["minute", "quarter_hour", "day"])
        #expect(found["end"]?.first?["lines"] as? Int == answer.body.split(separator: "\n").count)
        // others by name, their houses, and what opens a door
        for word in [
            "anna", "stan", "olga", "ada", "otto", "gw-0", "gw-2", "gw-9", "south", "slow-hash",
            "secret", "shh-", "key-ivan", BearerToken.hash("amphora_ivan"),
        ] { #expect(!answer.body.contains(word), "\(word)") }
        // an owner sees no configuration, here either
        let own = try lines(try await rig.ask("/v1/session/export", as: "anna").body)
        #expect(Set(own.keys) == kinds.subtracting(["configuration"]))
        let authors = own["change"]?.map { $0["author"] as? String } ?? []
        #expect(authors.contains("anna") && authors.contains(nil) && !authors.contains("ada"))
        // who sees a whole tenant owns none of its houses
        let wide = try lines(try await rig.ask("/v1/session/export", as: "otto").body)
        #expect(wide["house"] == nil && wide["measurement"] == nil && wide["account"] != nil)
        await rig.stop()
    }

    @Test func `a file ends unfinished when its token does (rule 3)`() async throws {
        let rig = try await UserRig()
        try rig.measureMinutes(2000)
        let (curl, port, file) = (
            try Peers.tool("curl"), rig.server.port, rig.folder.file("export")
        )
        let run = try await UserRig.apart {
            try ChildProcess(
                curl,
                [
                    "-s", "-m", "120", "--limit-rate", "300k", "-o", file, "-H",
                    "Authorization: Bearer amphora_anna",
                    "http://127.0.0.1:\(port)/v1/session/export",
                ])
        }
        #expect(await UserRig.until { rig.server.exported == 1 })
        #expect(
            try FleetStores.openUsers(rig.address).removeToken(
                "amphora_anna", by: Author("test", at: UserRig.now)))
        #expect(await UserRig.until { rig.server.exported == 0 })
        let status = try await UserRig.apart { try run.waitForExit(within: 120_000) }
        #expect(status != .exited(0))
        #expect(!(try String(contentsOfFile: file, encoding: .utf8)).contains("\"kind\":\"end\""))
        await rig.stop()
    }
}

extension UserRig {
    /// Keeps measurements of `gw-1` with sixteen packs, a minute apart, before those that are there.
    func measureMinutes(_ count: Int64) throws {
        let store = try FleetStores.open(address)
        let packs = (1...16 as ClosedRange<Int32>).map { number -> PackSample in
            var pack = PackSample(pack: number)
            (pack.status, pack.ageMilliseconds, pack.millivolts) = ("online", 200, 52_000)
            pack.cells = Array(repeating: 3251, count: 16)
            return pack
        }
        for start in stride(from: 0, to: count, by: 250) {
            var batch = IngestBatch()
            batch.records = (start..<min(start + 250, count)).map { number in
                let made = Self.now - 60_000 * (count - number + 1)
                var bank = BankSample()
                (bank.mode, bank.packsConfigured, bank.millivolts) = ("running", 16, 52_000)
                return FleetRecord(
                    key: RecordKey(gateway: "gw-1", epoch: 6, sequence: number + 1),
                    clock: RecordClock(
                        wallMilliseconds: made, isTrusted: true,
                        boot: "1bb04ab4-a0b4-48b4-a5d5-4a71b84d0d9c",
                        monotonicMilliseconds: made - 1_700_000_000_000),
                    receivedMilliseconds: made + 50, body: .telemetry(bank, packs))
            }
            #expect(try store.store(batch).stored == batch.records.count)
        }
    }
}
