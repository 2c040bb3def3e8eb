import FleetStore
import Foundation
import NIOCore
import TestKit
import Testing

@testable import FleetAPI

/// `GET /v1/events`, heard by curl; numbers are rules of ``EventDesk``.
@Suite(.ownThreads) struct EventTests {
    /// Listens; what comes is read line by line.
    private func listen(
        _ rig: UserRig, _ query: String, as user: String = "anna", _ headers: String...
    ) async throws -> ChildProcess {
        var words = ["-s", "-N", "-i", "-m", "60", "-H", "Authorization: Bearer amphora_" + user]
        for header in headers { words += ["-H", header] }
        let (curl, all) = (
            try Peers.tool("curl"),
            words + ["http://127.0.0.1:\(rig.server.port)/v1/events\(query)"]
        )
        return try await UserRig.apart { try ChildProcess(curl, all) }
    }

    @Test func `a listener hears how things are, then what is stored`()
        async throws
    {
        let rig = try await UserRig()
        let ear = try await listen(rig, "?gateway=gw-1")
        #expect(try await rig.line("200", from: ear).hasPrefix("HTTP/1.1 200"))
        _ = try await rig.line("text/event-stream", from: ear)
        #expect(try await rig.line("retry", from: ear).hasSuffix("retry: 3000"))
        let live = try await rig.line("data: {\"gateway\":\"gw-1\"", from: ear)
        let document = try await rig.ask("/v1/gateways/gw-1/live", as: "anna")
        #expect(live == "data: " + document.body)
        let alarms = try await rig.line("\"open\":", from: ear)
        #expect(
            alarms == "data: {\"open\":2,\"unacknowledged\":2,\"worst_level\":\"warning\"}")
        try rig.measure(51_234, sequence: 100)
        _ = try await rig.line("\"voltage_v\":51.234", from: ear)
        // an alarm that somebody looks after is told, too
        let body = #"{"gateway":"gw-1","code":"pack_silent","level":"warning","pack":7}"#
        _ = try await rig.ask(
            "/v1/alarms/acknowledge", as: "anna", method: "POST",
            headers: ["Content-Type: application/json", "Idempotency-Key: k"], body: body)
        _ = try await rig.line("\"unacknowledged\":1", from: ear)
        _ = ear.terminate()
        await rig.stop()
    }

    @Test func `a gateway is known to be looked at while somebody listens to it`() async throws {
        let rig = try await UserRig()
        let store = try FleetStores.openViews(rig.address)
        let now = UserRig.now
        #expect(try store.watchedGateways(now: now).isEmpty)
        let whole = try await listen(rig, "", as: "otto")
        _ = try await rig.line("event: fleet", from: whole)
        let ear = try await listen(rig, "?gateway=gw-1")
        _ = try await rig.line("event: live", from: ear)
        // noted right behind the first event
        let isNoted = await UserRig.until { try store.watchedGateways(now: now) == ["gw-1"] }
        #expect(isNoted)
        #expect(try store.watchedGateways(now: now + 20_000).isEmpty)
        for child in [ear, whole] { _ = child.terminate() }
        await rig.stop()
    }

    @Test func `a store that cannot keep who is looked at holds up no event`() async throws {
        let rig = try await UserRig()
        try rig.run(
            """
            CREATE TRIGGER full BEFORE INSERT ON watched_gateway
            BEGIN SELECT raise(ABORT, 'database or disk is full'); END
            """)
        let ear = try await listen(rig, "?gateway=gw-1")
        _ = try await rig.line("event: live", from: ear)
        // past the time at which it is tried again
        let end = ContinuousClock.now + EventDesk.watchedInterval + .seconds(1)
        for number in 1...100 where ContinuousClock.now < end {
            try rig.measure(50_000 + Int32(number), sequence: 100 + Int64(number))
            let stored = ContinuousClock.now
            _ = try await rig.line(
                "\"voltage_v\":50.\(String(1000 + number).dropFirst())", from: ear)
            // one that waits for the next try would be two seconds late
            #expect(ContinuousClock.now - stored < .milliseconds(1500))
            try await Task.sleep(for: .milliseconds(100))
        }
        #expect(try FleetStores.openViews(rig.address).watchedGateways(now: 0).isEmpty)
        _ = ear.terminate()
        await rig.stop()
    }

    @Test func `who comes back gets what was missed, or how things are (rule 2)`() async throws {
        let rig = try await UserRig()
        let first = try await listen(rig, "?gateway=gw-1")
        _ = try await rig.line("\"open\":2", from: first)
        let ids = first.output.matches(of: /id: ([0-9a-z.]+)/)
        let id = try #require(ids.last).1
        _ = first.terminate()
        try rig.measure(51_100, sequence: 100)
        let second = try await listen(rig, "?gateway=gw-1", as: "anna", "Last-Event-ID: \(id)")
        _ = try await rig.line("51.100", from: second)
        // what it had already does not come again
        #expect(!second.output.contains("\"voltage_v\":52.125"))
        #expect(!second.output.contains("event: alarms"))
        _ = second.terminate()
        let stranger = try await listen(rig, "?gateway=gw-1", as: "anna", "Last-Event-ID: x.999")
        _ = try await rig.line("event: alarms", from: stranger)
        _ = stranger.terminate()
        await rig.stop()
    }

    @Test func `an operator hears how the whole tenant is, when that changes and no more often`()
        async throws
    {
        let rig = try await UserRig()
        let ear = try await listen(rig, "", as: "otto")
        let foreign = try await listen(rig, "", as: "olga")
        _ = try await rig.line("event: fleet", from: ear)
        let before = try await rig.line("data: ", from: ear)
        let summary = try await rig.ask("/v1/summary", as: "otto")
        #expect(before == "data: " + summary.body)
        let other = try await rig.line("data: ", from: foreign)
        #expect(other == "data: " + (try await rig.ask("/v1/summary", as: "olga")).body)
        // what happens in the other tenant is told there only
        try raise("gw-9", sequence: 500, at: rig.address)
        let changed = try await rig.line("\"fault\":2", from: foreign)
        #expect(changed == "data: " + (try await rig.ask("/v1/summary", as: "olga")).body)
        // two changes at once are one event, or two that are two seconds apart
        try rig.measureAgain("gw-2")
        _ = try await rig.line("\"live\":2", from: ear)
        let began = ContinuousClock.now
        try raise("gw-1", sequence: 501, at: rig.address)
        let after = try await rig.line("\"fault\":1", from: ear)
        #expect(began.duration(to: .now) > .milliseconds(1500))
        #expect(after == "data: " + (try await rig.ask("/v1/summary", as: "otto")).body)
        let events = ear.output.matches(of: /event: (\w+)/).map { String($0.1) }
        #expect(events == ["fleet", "fleet", "fleet"], "\(ear.output)")
        // who comes back with the last but one gets the last, and nothing that was told already
        let ids = ear.output.matches(of: /id: ([0-9a-z.]+)/).map { String($0.1) }
        let again = try await listen(rig, "", as: "otto", "Last-Event-ID: \(ids[1])")
        #expect(try await rig.line("data: ", from: again) == after)
        #expect(again.output.matches(of: /event: fleet/).count == 1)
        for child in [ear, foreign, again] { _ = child.terminate() }
        await rig.stop()
    }

    /// A fault that a gateway reports and the fleet keeps.
    private func raise(_ gateway: String, sequence: Int64, at address: String) throws {
        let clock = RecordClock(
            wallMilliseconds: UserRig.now - 200, isTrusted: true,
            boot: "0aa04ab4-a0b4-48b4-a5d5-4a71b84d0d9b",
            monotonicMilliseconds: 10_000_000_000 - 200)
        let event = EventSample(
            change: "raised", level: "fault", code: "pack_implausible", pack: 3, text: "pack 3")
        var batch = IngestBatch()
        batch.records = [
            FleetRecord(
                key: RecordKey(gateway: gateway, epoch: 7, sequence: sequence), clock: clock,
                receivedMilliseconds: UserRig.now, body: .event(event))
        ]
        #expect(try FleetStores.open(address).store(batch).stored == 1)
        let alarms = try FleetStores.openAlarms(address)
        while try alarms.keepAlarms(limit: 100) > 0 {}
    }

    @Test func `a stream ends soon after its token or its grant (rule 4)`() async throws {
        let rig = try await UserRig()
        let users = try FleetStores.openUsers(rig.address)
        let author = Author("test", at: UserRig.now)
        for (user, end) in [
            ("anna", { try users.grant(false, gateway: "gw-1", to: "anna", by: author) }),
            ("ivan", { try users.removeToken("amphora_ivan", by: author) }),
            ("otto", { try users.removeUser("otto", by: author) }),
        ] as [(String, () throws -> Bool)] {
            let ear = try await listen(rig, "?gateway=gw-1", as: user)
            _ = try await rig.line("event: alarms", from: ear)
            let began = ContinuousClock.now
            #expect(try end())
            _ = try await rig.line("session_ended", from: ear)
            #expect(try await UserRig.apart { try ear.waitForExit(within: 5_000) } == .exited(0))
            #expect(began.duration(to: .now) < .seconds(6), "\(user)")
        }
        await rig.stop()
    }

    @Test func `nobody hears of a gateway they may not see`() async throws {
        let rig = try await UserRig()
        for (user, query, status) in [
            ("anna", "?gateway=gw-2", 404), ("anna", "?gateway=gw-9", 404),
            ("otto", "?gateway=gw-9", 404), ("otto", "?gateway=gw-none", 404),
            ("anna", "", 400), ("ivan", "", 400), ("otto", "?gateway=GW", 400),
            ("otto", "?x=1", 400), ("mute", "?gateway=gw-1", 403), ("late", "?gateway=gw-1", 401),
        ] {
            let answer = try await rig.ask("/v1/events" + query, as: "amphora_" + user)
            #expect(answer.status == status, "\(user) \(query): \(answer.status)")
        }
        await rig.stop()
    }

    @Test func `who hangs up is forgotten, and one user has so many streams and no more (rule 1)`()
        async throws
    {
        let rig = try await UserRig()
        var ears: [ChildProcess] = []
        for _ in 1...EventDesk.mostOfUser {
            ears.append(try await listen(rig, "?gateway=gw-1"))
        }
        for ear in ears { _ = try await rig.line("event: alarms", from: ear) }
        #expect(rig.server.listeners == EventDesk.mostOfUser)
        let more = try await rig.ask("/v1/events?gateway=gw-1", as: "anna")
        #expect(more.status == 503 && more.body.contains("problem:busy"))
        #expect(try await rig.ask("/v1/gateways", as: "anna").status == 200)
        for ear in ears { _ = ear.terminate() }
        let deadline = ContinuousClock.now.advanced(by: .seconds(10))
        while rig.server.listeners > 0, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(rig.server.listeners == 0)
        await rig.stop()
    }

    @Test func `a topic keeps a few events, and knows what it cannot tell any more (rule 3)`() {
        var topic = EventTopic(used: .now)
        #expect(topic.missed(since: "x.1") == nil && topic.missed(since: "") == nil)
        let first = String(buffer: topic.tell("live", Array("{}".utf8)))
        let id = first.dropFirst(4).prefix { $0 != "\n" }
        #expect(first == "id: \(id)\nevent: live\ndata: {}\n\n")
        #expect(topic.missed(since: String(id))?.isEmpty == true)
        for _ in 1...EventTopic.mostFrames { _ = topic.tell("live", [0x31]) }
        #expect(topic.missed(since: String(id))?.count == EventTopic.mostFrames)
        _ = topic.tell("live", [0x31])
        #expect(topic.missed(since: String(id)) == nil)
        for _ in 1...9 { _ = topic.tell("live", Array(repeating: 0x31, count: 30_000)) }
        #expect(topic.frames.count == 1)
        #expect(topic.missed(since: id.prefix { $0 != "." } + ".-1") == nil)
        #expect(topic.missed(since: id.prefix { $0 != "." } + ".99999999999999999999") == nil)
    }
}
