import Foundation
import History
import TestKit
import Testing
import Views

@testable import LocalAPI

@Suite(.serialized) struct LocalViewsTests {
    private func object(_ reply: Reply) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(reply.body.utf8))
        return try #require(object as? [String: Any], "\(reply.body)")
    }

    @Test func `the house is shown as the fleet shows one`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let list = try object(try rig.ask("GET", "/v1/gateways?limit=5", [cookie]))
        let items = try #require(list["items"] as? [[String: Any]])
        #expect(items.count == 1 && items[0]["id"] as? String == "house")
        #expect(items[0]["freshness"] as? String == "live" && items[0]["soc_pct"] as? Double == 50)
        let live = try object(try rig.ask("GET", "/v1/gateways/house/live", [cookie]))
        #expect((live["live"] as? [String: Any])?["power_w"] as? Int == 520)
        #expect(live["last_known"] is NSNull)
        let packs = try #require(live["packs"] as? [[String: Any]])
        #expect((packs[0]["live"] as? [String: Any])?["cells_mv"] as? [AnyHashable] != nil)
        #expect(
            try rig.ask("GET", "/v1/gateways/house/diagnose", [cookie]).body
                == "{\"gateway\":\"house\"}")
        let texts = try rig.ask("GET", "/v1/alarm-texts/de", [cookie])
        #expect(texts.status == 200 && texts.body.contains("amphora/alarm-texts/v1"))
        for path in [
            "/v1/gateways/other", "/v1/gateways/other/live", "/v1/gateways/house/",
            "/v1/alarm-texts/xx", "/v1/events?gateway=other", "/v1/gateways/house%2flive",
            "/v1//gateways", "/v1/gateways/../gateways", "/v1/gateways/house/live/../live",
            "/v1/GATEWAYS", "/v1/summary",
        ] {
            #expect(try rig.ask("GET", path, [cookie]).status == 404, "\(path)")
        }
        let write = try rig.ask(
            "PUT", "/v1/gateways", [cookie, "Amphora-Request: app"])
        #expect(write.status == 405 && write.head.contains("allow: GET, HEAD"))
    }

    @Test func `history tells of the minutes that were seen, and says where there are none`() throws
    {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let path = "/v1/gateways/house/history?quantity=soc_cpct"
        let document = try object(try rig.ask("GET", path, [cookie]))
        let points = try #require(document["points"] as? [[String: Any]])
        #expect(points.last?["last"] as? Int == 5_000)
        let gaps = try #require(document["gaps"] as? [[String: Any]])
        #expect(gaps.count == 1 && gaps[0]["cause"] as? String == "unknown")
        #expect(try rig.ask("GET", path, [cookie]).head.contains("amphora-kept-from: 2026-"))
        let csv = try rig.ask("GET", path, [cookie, "Accept: text/csv"])
        #expect(csv.body.hasPrefix("time,soc_cpct_min,"))
        for query in [
            "", "?quantity=power", "?quantity=soc_cpct&pack=17", "?quantity=soc_cpct&pixels=0",
            "?quantity=soc_cpct&from=x", "?quantity=soc_cpct&x=1",
            "?quantity=soc_cpct&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "?%zz",
        ] {
            let reply = try rig.ask("GET", "/v1/gateways/house/history" + query, [cookie])
            #expect(reply.status == 400 && reply.problem == "query_invalid", "\(query)")
        }
        let all = "&from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:60Z&pixels=4000"
        #expect(try rig.ask("GET", path + all, [cookie]).status == 200)
        #expect(try rig.ask("GET", path, [cookie, "Accept: image/png"]).status == 406)
    }

    @Test func `alarms are listed newest first, in pages, with those that ended`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        for (time, code) in ["a", "b", "c"].enumerated() {
            rig.alarms.raise(
                code: code, level: "warning", pack: 1, text: "one", at: Int64(time) * 1000)
        }
        rig.alarms.raise(code: "b", level: "warning", pack: 1, text: "two", at: 9000)
        rig.alarms.clear(code: "c", level: "warning", pack: 1, at: 9500)
        func codes(_ query: String) throws -> (codes: [String], next: String?) {
            let list = try object(try rig.ask("GET", "/v1/alarms" + query, [cookie]))
            let items = try #require(list["items"] as? [[String: Any]])
            return (items.compactMap { $0["code"] as? String }, list["next_cursor"] as? String)
        }
        #expect(try codes("").codes == ["b", "a"])
        #expect(try codes("?state=all").codes == ["c", "b", "a"])
        #expect(try codes("?state=all&code=b").codes == ["b"])
        #expect(try codes("?gateway=other").codes.isEmpty)
        let page = try codes("?state=all&limit=2")
        let cursor = try #require(page.next)
        #expect(try codes("?state=all&limit=2&cursor=\(cursor)").codes == ["a"])
        let alarm = try rig.ask("GET", "/v1/alarms?code=b", [cookie]).body
        #expect(alarm.contains("\"times\":2,\"text\":\"two\""))
    }

    @Test func `a stream begins with how things are, and tells of alarms and of its end`() throws {
        let rig = try LocalRig()
        let cookie = try rig.firstUse()
        let client = try RawClient(port: rig.port)
        client.send("GET /v1/events?gateway=house HTTP/1.1\r\nHost: 127.0.0.1\r\n\(cookie)\r\n\r\n")
        let first = client.read(seconds: 10) { $0.contains("event: alarms") }
        #expect(first.contains("text/event-stream") && first.contains("retry: 3000\n\n"))
        #expect(first.contains("event: live\nid: 1\ndata: {\"gateway\":\"house\""))
        rig.alarms.raise(code: "a", level: "fault", pack: 0, text: "", at: 0)
        let news = client.read(seconds: 10) { $0.contains("\"open\":1") }
        #expect(news.contains("\"unacknowledged\":1,\"worst_level\":\"fault\""))
        _ = try rig.ask("DELETE", "/v1/session", [cookie, "Amphora-Request: app"])
        let end = client.read(seconds: 10) { $0.contains("session_ended") }
        #expect(end.contains("event: session_ended"))
        #expect(client.isClosed(within: 10))
    }

    @Test func `the ring keeps a day, forgets the day before, and mends a clock that is set`() {
        var ring = MinuteRing(packs: 1)
        let house = FakeHouse()
        for minute in 0..<Int64(2000) where minute != 1500 {
            house.set(charge: Int32(minute))
            ring.add(house.moment(), at: minute * 60_000 + 1)
        }
        let now: Int64 = 1999 * 60_000 + 30_000
        let windows = ring.windows(pack: 0, .charge, now: now, offset: 7)
        #expect(windows.count == 1439)
        #expect(windows.first?.start == Int64(33_600_007))
        #expect(windows.first?.values[.charge]?.last == 560)
        #expect(windows.last?.values[.charge]?.last == 1999)
        #expect(ring.windows(pack: 1, .voltage, now: now, offset: 0).last?.samples == 1)
        #expect(ring.windows(pack: 2, .voltage, now: now, offset: 0).isEmpty)
        #expect(ring.keptFrom(now: now) == Int64(33_600_000))
        #expect(ring.windows(pack: 0, .charge, now: .max, offset: .max).isEmpty)
    }

    @Test func `the outlook is a range while something flows, and none when nothing does`() {
        var bank = BankSample()
        (bank.remaining, bank.full, bank.milliamperes) = (50_000, 100_000, 25_000)
        let steady = Outlook(
            bank: bank, currents: [20_000, 20_000, 22_000, 25_000, 25_000, 26_000])
        #expect(steady.flow == .charging && steady.runTime?.goal == .full)
        #expect(
            String(decoding: steady.bytes("house", made: 0), as: UTF8.self).contains(
                "\"to_full_min\":[120,150],\"to_empty_min\":null"))
        // it turned since
        bank.milliamperes = -10_000
        #expect(Outlook(bank: bank, currents: Array(repeating: 20_000, count: 9)).runTime == nil)
        bank.milliamperes = 100
        #expect(Outlook(bank: bank, currents: Array(repeating: 100, count: 9)).flow == .idle)
        (bank.milliamperes, bank.remaining, bank.full) = (.min, .max, .max)
        #expect(Outlook(bank: bank, currents: Array(repeating: .min, count: 9)).runTime == nil)
        #expect(Outlook(bank: nil, currents: []).flow == nil)
    }
}
