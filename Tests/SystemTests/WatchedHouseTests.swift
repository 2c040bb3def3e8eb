import Foundation
import TestKit
import Testing

/// From a pack to whoever looks, through all programs: packs, gateway, broker, ingest, store, server.
@Suite(.serialized) struct WatchedHouseTests {
    @Test(.timeLimit(.minutes(5)))
    func `a value on a pack is told within two seconds while somebody looks`() throws {
        let house = try House(packs: 2)
        let path = house.folder.file("gateway.toml")
        var text = try String(contentsOfFile: path, encoding: .utf8)
        // as it is when nobody says otherwise
        text.replace("interval_s = 1\n", with: "")
        text.replace("[outbox]\n", with: "[outbox]\ndelivery = \"fleet\"\n")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let fleet = try ServedFleet(
            "watched",
            [
                ["tenants", "add", "north"], ["devices", "add", "house"],
                ["tenants", "assign", "north", "house"],
                ["users", "add", "anna", "--tenant", "north", "--role", "owner"],
                ["users", "grant", "anna", "house"],
            ], users: [])
        let made = try fleet.command(["users", "token", "anna"])
        let token = try #require(made.firstMatch(of: /token +(\S+)/)).1
        let ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            ["ingest", "--store", fleet.store, "--broker", "127.0.0.1:\(house.broker.port)"])
        try house.startGateway()
        try house.waitForStatus("two packs, and a fleet that stores", seconds: 60) {
            $0.number("bank.packs_online") == 2 && $0.number("outbox.stored") > 0
        }
        let ear = try ChildProcess(
            Peers.tool("curl"),
            [
                "-s", "-N", "-m", "200", "-H", "Authorization: Bearer " + token,
                "http://\(fleet.address)/v1/events?gateway=house",
            ])
        func current() -> Double? {
            // the bank's, which stands before those of its packs
            let newest = ear.output.split(separator: "\n").last {
                $0.hasPrefix("data: {\"gateway\"")
            }
            return newest?.firstMatch(of: /"current_a":(-?[0-9.]+)/).flatMap { Double($0.1) }
        }
        let isHeard = Patience.wait(20_000) { current() != nil ? true : nil }
        #expect(isHeard == true, "\(ear.output) \(ear.errors)")
        // the first words of the fleet are on their way to the gateway
        Thread.sleep(forTimeInterval: 2)
        var lags: [Double] = []
        var generator = SeededGenerator(announcedAs: "moments of change")
        for load in [40.0, 10, 60, 20, 5, 30, 8] {
            // at any moment between two records, not just behind one that was heard
            Thread.sleep(forTimeInterval: .random(in: 0...1, using: &generator))
            try house.tell("bank.sock", "load \(Int(load))")
            let told = ContinuousClock.now
            let isSeen = Patience.wait(30_000) {
                // packs share a load unevenly, and measure it as well as they do
                abs(abs(current() ?? .infinity) - load) < load / 4 ? true : nil
            }
            #expect(isSeen == true, "\(load) A: \(current() ?? .nan)")
            lags.append((ContinuousClock.now - told) / .milliseconds(1))
        }
        print("pack to listener: \(lags.map { Int($0) }) ms")
        #expect(lags.sorted()[3] < 2000, "\(lags)")
        _ = ear.terminate()
        #expect(ingest.terminate() == .exited(0))
        #expect(house.stopGateway() == .exited(0))
        fleet.stop()
    }
}
