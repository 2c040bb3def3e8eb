import Foundation
import TestKit
import Testing

/// The gateway's app on its own network, asked by programs of others.
@Suite(.serialized) struct LocalAppTests {
    /// A house whose gateway listens, and the port.
    private func house(packs: Int, in folder: TemporaryDirectory) throws -> (House, Int) {
        let port = Int(try Peers.freePort())
        let house = try House(
            packs: packs,
            more: """
                [local]
                listen = "127.0.0.1:\(port)"
                password_file = "\(folder.path)/deep/password"
                """)
        try house.startGateway()
        try house.waitForStatus("a running bank") { $0.at("bank.mode") as? String == "running" }
        return (house, port)
    }

    private func python(
        _ program: String, _ arguments: [String], seconds: Int64 = 60
    ) throws -> String {
        let child = try ChildProcess(
            try Peers.python(importing: "jsonschema"), ["-c", program] + arguments)
        let ending = try child.waitForExit(within: seconds * 1000)
        guard ending == .exited(0) else { throw HouseError("python: \(child.errors)") }
        return child.output
    }

    /// Signs in at the first use and gives the cookie to what follows.
    private static let client = """
        import http.client, json, sys, threading, time
        port = int(sys.argv[1])
        def ask(method, path, body=None, cookie=None, c=None):
            c = c or http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            h = {"Content-Type": "application/json", "Amphora-Request": "app"}
            if cookie: h["Cookie"] = cookie
            c.request(method, path, json.dumps(body) if body is not None else None, h)
            r = c.getresponse(); return r.status, r.read(), r.headers
        for attempt in range(100):
            try:
                s, b, h = ask("POST", "/v1/session/first-use", {"password": "correct horse"}); break
            except OSError: time.sleep(0.1)
        if s == 409: s, b, h = ask("POST", "/v1/session", {"password": "correct horse"})
        assert s == 200, (s, b)
        cookie = h["Set-Cookie"].split(";")[0]

        """

    @Test func `a house is shown without any fleet, as its gateway knows it`() throws {
        let folder = try TemporaryDirectory("local")
        let (house, port) = try house(packs: 4, in: folder)
        let output = try python(
            Self.client + """
                import jsonschema, pathlib
                from referencing import Registry, Resource
                def get(path):
                    s, b, h = ask("GET", path, cookie=cookie); assert s == 200, (path, s, b); return json.loads(b)
                live = get("/v1/gateways/house/live")
                assert live["freshness"] == "live" and live["age_ms"] < 5000, live
                assert live["live"]["packs_online"] == 4 and len(live["packs"]) == 4
                assert all(p["live"] and len(p["live"]["cells_mv"]) > 7 for p in live["packs"]), live
                assert live["live"]["charge_limit"]["rule"]
                contract = json.load(open(sys.argv[2] + "/fleet.openapi.json"))
                def check(document, schema, registry=Registry()):
                    for e in jsonschema.Draft202012Validator(schema, registry=registry).iter_errors(document):
                        print("fault:", e.json_path, e.message[:200])
                root = {"components": contract["components"]}
                def answer(path):
                    ok = contract["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
                    return {**root, **ok}
                check(live, answer("/v1/gateways/{id}/live"))
                check(get("/v1/gateways"), answer("/v1/gateways"))
                check(get("/v1/gateways/house"), answer("/v1/gateways/{id}"))
                check(get("/v1/gateways/house/outlook"), answer("/v1/gateways/{id}/outlook"))
                check(get("/v1/gateways/house/history?quantity=soc_cpct"), answer("/v1/gateways/{id}/history"))
                check(get("/v1/alarms?state=all"), answer("/v1/alarms"))
                status = json.load(open(sys.argv[2] + "/status-v1.schema.json"))
                registry = Registry().with_resource("amphora/status/v1", Resource.from_contents(status))
                diagnosis = get("/v1/gateways/house/diagnose")
                check(diagnosis, json.load(open(sys.argv[2] + "/diagnosis-v1.schema.json")), registry)
                units = diagnosis["lines"][0]["units"]
                assert len(units) == 4 and all(u["replies"] > 0 for u in units), units
                assert ask("GET", "/", cookie=None)[0] == 200
                print("good")
                """, ["\(port)", Repository.root + "/Schemas"])
        #expect(output == "good\n", "\(output)")
        // an alarm that the fleet would be told of
        try house.tell("bank.sock", "2 silent")
        let alarm = try python(
            Self.client + """
                end = time.time() + 40
                while time.time() < end:
                    s, b, h = ask("GET", "/v1/alarms", cookie=cookie)
                    found = [a for a in json.loads(b)["items"] if a["pack"] == 2]
                    if found: break
                    time.sleep(0.2)
                print(found[0]["code"], found[0]["ending"])
                """, ["\(port)"])
        #expect(alarm.hasSuffix("open\n"), "\(alarm)")
        let reset = try ChildProcess(
            House.programs + "/amphora-gateway",
            ["local", "reset-password", "--config", house.folder.file("gateway.toml")])
        #expect(try reset.waitForExit(within: 10_000) == .exited(0))
        #expect(reset.output.contains("password taken away"))
        #expect(house.stopGateway() == .exited(0))
    }

    @Test func `people see the house in a browser, without any fleet`() throws {
        let folder = try TemporaryDirectory("local")
        let (house, port) = try house(packs: 4, in: folder)
        let run = try ChildProcess(
            try Peers.python(importing: "playwright.sync_api"),
            [
                Repository.root + "/Tests/app_rig/local_flow.py", "http://127.0.0.1:\(port)",
                try Peers.tool("chromium-headless-shell"), "4",
            ])
        let status = try run.waitForExit(within: 120_000)
        #expect(status == .exited(0), "\(run.output) \(run.errors.suffix(3000))")
        #expect(house.stopGateway() == .exited(0))
    }

    @Test func `32 clients that hammer keep no frame back and make nothing grow`() throws {
        let folder = try TemporaryDirectory("local")
        let (house, port) = try house(packs: 16, in: folder)
        let pid = try #require(house.gateway?.pid)
        func memory() throws -> Int {
            let text = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            return text.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? 0
        }
        let hammer =
            Self.client + """
                end = time.time() + float(sys.argv[2]); done = [0] * 32
                def work(i):
                    paths = ["/v1/gateways/house/live", "/v1/gateways/house/diagnose", "/",
                             "/v1/gateways/house/history?quantity=power_mw&pixels=4000", "/v1/alarms?state=all"]
                    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                    n = i
                    while time.time() < end:
                        try:
                            s, b, h = ask("GET", paths[n % 5], cookie=cookie, c=c); n += 1
                            if s == 200: done[i] += 1
                        except OSError:
                            c.close(); c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                        except http.client.HTTPException:
                            c.close(); c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                threads = [threading.Thread(target=work, args=(i,)) for i in range(32)]
                [t.start() for t in threads]; [t.join() for t in threads]
                print(sum(done))
                """
        _ = try python(hammer, ["\(port)", "3"])
        let before = try memory()
        let first = try house.status()
        let start = ContinuousClock.now
        let output = try python(hammer, ["\(port)", "15"])
        let last = try house.status()
        let seconds = start.duration(to: .now).components.seconds
        let cycles =
            ((last.at("bridge.send_cycles") as? Int) ?? 0)
            - ((first.at("bridge.send_cycles") as? Int) ?? 0)
        let late = ((last.at("bridge.cycle_lateness_ms.longest") as? Double) ?? .infinity)
        let growth = try memory() - before
        let answers = Int(output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        print(
            "hammer: \(answers) answers and \(cycles) send cycles in \(seconds) s, longest lateness "
                + "\(late) ms, growth \(growth) kB")
        #expect(answers > 300)
        // one a second
        #expect(cycles >= Int(seconds) - 2, "\(cycles) send cycles in \(seconds) s")
        // a cycle that is missed is a second late
        #expect(late < 500, "\(late) ms")
        #expect(growth < 16_384, "\(growth) kB")
        #expect(last.at("bridge.withheld_frames") as? Int == 0)
        // packs, clients and gateway share one machine; once it has room again all packs answer
        try house.waitForStatus("16 packs online") { $0.at("bank.packs_online") as? Int == 16 }
    }
}
