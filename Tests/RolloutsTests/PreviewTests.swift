import FleetStore
import TestKit
import Testing

@testable import Rollouts

@Suite struct PreviewTests {
    private let now: Int64 = 1_790_000_000_000

    private func preview(
        _ sites: [Site], busy: [String: String] = [:],
        _ change: (inout RolloutPlan) -> Void = { _ in }
    ) -> RolloutPreview {
        var plan = RolloutPlan(id: "base-1.4.0", set: Example.set("1.4.0"))
        change(&plan)
        return RolloutPreview(plan, sites: sites, busy: busy, at: now, .system)
    }

    private func sites(_ count: Int, _ change: (Int, inout Site) -> Void = { _, _ in }) -> [Site] {
        (0..<count).map { number in
            var site = Site(id: "gw-\(number)")
            change(number, &site)
            return site
        }
    }

    @Test func `it says who gets it, who does not and why`() {
        let sites = sites(100) { number, site in
            if number < 10 { (site.set, site.version) = ("base", "1.4.0") }
            if number >= 90 { site.model = "pi2" }
            site.profile = number % 2 == 0 ? "pylontech-lv-1.2" : ""
            site.zone = number % 2 == 0 ? "Europe/Berlin" : ""
        }
        let seen = preview(sites, busy: ["gw-50": "other"]) {
            $0.set.hardware = ["pi4"]
            $0.waves = [.count(5), .part(5_000), .all]
            $0.window = MaintenanceWindow("01:00-03:00")
            $0.zone = "UTC"
        }
        #expect(seen.current.count == 10 && seen.misfits.count == 10)
        #expect(seen.busy == ["gw-50": "other"] && seen.sites.count == 79)
        #expect(seen.waves == [5, 35, 39] && seen.firstWave.count == 5)
        #expect(seen.unseen == 40 && seen.withoutReturn == 79 && seen.faults.isEmpty)
        // 2026-09-21T14:13:20Z: in Berlin 01:00 is 23:00 UTC
        #expect(seen.hours.map(\.zone) == ["Europe/Berlin", "UTC"])
        #expect(seen.hours.map(\.gateways) == [39, 40])
        #expect(seen.hours.map(\.opens) == [1_790_031_600_000, 1_790_038_800_000])
    }

    @Test func `what cannot be made is told with all its faults`() {
        #expect(
            preview([]).faults == [
                "there are no gateways yet; add some with 'amphora-fleet devices add'"
            ])
        let faults = preview(sites(2) { $1.zone = "Mars/Olympus" }) {
            $0.id = "Base 1"
            $0.target.gateways = ["gw-0", "gw-7"]
            $0.zone = "Berlin"
            $0.fallback = $0.set
        }.faults
        #expect(
            faults == [
                "the name is 'Base 1', expected up to 64 of a…z 0…9 . _ -",
                "there is no gateway 'gw-7'",
                "'Berlin' is no time zone, expected a name such as 'Europe/Berlin' of those in /usr/share/zoneinfo",
                "gateway 'gw-0' has the time zone 'Mars/Olympus', which is none",
                "the set to go back to is the one that is rolled out",
            ])
        let none = preview(sites(2) { ($1.set, $1.version) = ("base", "1.4.0") })
        #expect(
            none.faults == [
                "of 2 gateways that the target takes none is left: 2 run the set already"
            ])
    }
}
