import TestKit
import Testing

@testable import Rollouts

@Suite struct PlanTests {
    @Test func `a share is read as it is written`() {
        for text in ["0", "1", "25", "5%", "0.25%", "0.05%", "2.5%", "100%"] {
            #expect(Share(text)?.description == text)
        }
        for text in ["", "%", "-1", "+1", "1.5", "101%", "5.555%", "5.%", ".5%", "1 %", "99999999"]
        {
            #expect(Share(text) == nil, "\(text)")
        }
        #expect(Share.part(100).roundedUp(of: 10) == 1 && Share.part(100).roundedDown(of: 10) == 0)
        #expect(Share.count(20).roundedUp(of: 7) == 7)
    }

    @Test func `waves have every gateway once and reach what they say`() throws {
        var generator = SeededGenerator(announcedAs: "waves")
        for _ in 0..<500 {
            let total = Int.random(in: 1...3000, using: &generator)
            let count = Int.random(in: 1...40, using: &generator)
            let part = Int.random(in: 1...9_999, using: &generator)
            let shares: [Share] = [.count(count), .part(part), .all]
            let sizes = Waves.sizes(shares, of: total)
            #expect(sizes.reduce(0, +) == total && sizes.allSatisfy { $0 > 0 })
            #expect(sizes.first == min(count, total))
            if sizes.count == 3 {
                #expect(sizes[0] + sizes[1] == (total * part + 9_999) / 10_000)
            }
        }
    }

    @Test func `waves that make no sense are refused with what was found`() throws {
        #expect(try Waves.parse("10,5%") == [.count(10), .part(500), .all])
        #expect(try Waves.parse("1%,all") == [.part(100), .all])
        for (text, words) in [
            ("", "a wave is ''"), ("0,all", "a wave is '0'"), ("5%,1%", "'1%' follows one of '5%'"),
            ("10,ten", "a wave is 'ten'"), ("all,10", "a wave of '10' follows one of '100%'"),
        ] {
            let fault = #expect(throws: RolloutFault.self) { try Waves.parse(text) }
            #expect("\(try #require(fault))".contains(words), "\(text)")
        }
    }

    @Test func `pilots come first, and other rollouts begin elsewhere`() {
        let sites = (0..<2_000).map { number in
            var site = Site(id: "gw-\(number)")
            if number % 100 == 0 { site.tags = ["pilot"] }
            return site
        }
        let order = Waves.order(sites, of: "base-1.4.0", first: "pilot")
        #expect(Set(order) == Set(sites.map(\.id)) && order.count == 2_000)
        let pilots = Set(sites.filter { $0.tags == ["pilot"] }.map(\.id))
        #expect(Set(order.prefix(20)) == pilots)
        #expect(order == Waves.order(sites.reversed(), of: "base-1.4.0", first: "pilot"))
        let other = Waves.order(sites, of: "base-1.5.0", first: nil)
        // by chance one of twenty is among the same twenty of 2,000 in a fifth of the rollouts
        let same = Set(other.prefix(20)).intersection(
            Waves.order(sites, of: "base-1.4.0", first: nil).prefix(20))
        #expect(same.count < 5)
    }

    @Test func `a filter takes who bears one of each kind`() {
        var site = Site(id: "gw-1")
        site.group = "pilots"
        site.tags = ["cellar", "south"]
        (site.model, site.profile, site.region) = ("pi4", "pylontech-lv-1.2", "de-by")
        site.version = "1.3.0"
        #expect(TargetFilter().takes(site))
        func takes(_ change: (inout TargetFilter) -> Void) -> Bool {
            var filter = TargetFilter()
            change(&filter)
            return filter.takes(site)
        }
        #expect(takes { $0.tags = ["north", "south"] })
        #expect(!takes { $0.tags = ["north"] })
        #expect(!takes { $0.withoutTags = ["cellar"] })
        #expect(takes { ($0.models, $0.regions) = (["pi4"], ["de-by", "de-nw"]) })
        #expect(!takes { ($0.models, $0.regions) = (["pi4"], ["at"]) })
        #expect(takes { $0.versions = ["1.3.0"] } && !takes { $0.versions = ["1.2.0"] })
        #expect(takes { $0.profiles = ["pylontech-lv-1.2"] } && !takes { $0.groups = ["other"] })
        #expect(!takes { $0.gateways = ["gw-2"] })
    }

    @Test func `a plan is read as it was written`() throws {
        var plan = RolloutPlan(id: "base-1.4.0", set: Example.set("1.4.0", release: 9))
        #expect(try RolloutPlan(parsing: Array(plan.text.utf8)) == plan)
        plan.fallback = Example.set("1.3.0", release: 8)
        plan.fallback?.hardware = ["pi4", "pi5"]
        plan.target.tags = ["a", "b"]
        plan.target.withoutTags = ["c"]
        plan.waves = [.count(3), .part(25), .all]
        plan.first = "pilot"
        plan.gate.success = .count(2)
        plan.gate.failures = .part(1)
        (plan.gate.patienceSeconds, plan.gate.watchSeconds) = (60, 1)
        (plan.takesBack, plan.approval, plan.start) = (.all, .each, 1_790_000_000_000)
        plan.window = MaintenanceWindow("22:30-05:00")
        (plan.zone, plan.author, plan.note) = ("Europe/Berlin", "anna", "say \"why\"\n")
        #expect(try RolloutPlan(parsing: Array(plan.text.utf8)) == plan)
    }

    @Test func `all faults of a release are told`() throws {
        let text =
            #"{"set":"Base","version":"1.4","sha256":"00","length":0,"least_runtime":"1.0.0","colour":1}"#
        let fault = #expect(throws: RolloutFault.self) {
            try SetRelease(parsing: Array(text.utf8))
        }
        let words = "\(try #require(fault))"
        for key in ["set", "version", "sha256", "length", "release", "colour"] {
            #expect(words.contains("'\(key)'"), "\(words)")
        }
        #expect(
            try SetRelease(parsing: Array(Example.set("1.4.0").text.utf8)) == Example.set("1.4.0"))
    }

    @Test func `an assignment is the document that gateways read`() {
        let assignment = Assignment(
            gateway: "gw-1", set: Example.set("1.4.0", release: 7), release: 12,
            notAfterMilliseconds: 1_790_000_000_000, window: MaintenanceWindow("01:00-05:30"),
            zone: "Europe/Berlin", rollout: "base-1.4.0")
        #expect(
            assignment.document
                == #"{"gateway":"gw-1","set":"base","version":"1.4.0","sha256":""#
                + Example.set("1.4.0").sha256
                + #"","length":40000,"release":12,"least_runtime":"0.1.0","#
                + #""not_after":"2026-09-21T14:13:20Z","#
                + #""window":{"from":"01:00","to":"05:30","zone":"Europe/Berlin"},"#
                + #""rollout":"base-1.4.0"}"#)
    }
}

/// Parts of tests.
enum Example {
    /// A release of the set `base`.
    static func set(_ version: String, release: Int64 = 1) -> SetRelease {
        let digits = version.utf8.map { String($0 % 16, radix: 16) }.joined()
        let hash = digits + String(repeating: "0", count: 64 - digits.count)
        return SetRelease(
            set: "base", version: version, sha256: hash, length: 40_000, release: release,
            leastRuntime: "0.1.0")
    }
}
