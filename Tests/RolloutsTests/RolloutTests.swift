import TestKit
import Testing

@testable import Rollouts

/// The rules of `Rollout`, by number.
@Suite struct RolloutTests {
    private func plan(_ change: (inout RolloutPlan) -> Void = { _ in }) -> RolloutPlan {
        var plan = RolloutPlan(id: "base-1.4.0", set: Example.set("1.4.0", release: 9))
        plan.approval = .never
        plan.waves = [.count(10), .part(5_000), .all]
        plan.gate.patienceSeconds = 6 * 3600
        change(&plan)
        return plan
    }

    @Test func `a good set reaches everybody, wave by wave (rules 1 and 2)`() {
        let fleet = VirtualFleet(plan(), [(.good, 195), (.silent, 5)], seed: 3)
        var most: [Int: Int] = [:]
        fleet.run(hours: 72) { rollout in
            let told = rollout.attempts.filter { $0.state != .waiting }
            let wave = told.map(\.wave).max() ?? 0
            most[wave] = told.count
            for before in 0..<wave {
                #expect(rollout.plan.gate.verdict(on: rollout.tally(ofWave: before)) == .passed)
            }
            return rollout.state.isOver || rollout.state == .held || rollout.state == .returning
        }
        // five silent ones of 200 may meet in a small wave, and then it must not go on
        let unlucky = fleet.rollout.attempts.prefix(10).contains {
            fleet.manner($0.gateway) == .silent
        }
        if unlucky {
            #expect(fleet.rollout.state == .returning && fleet.reached.count == 10)
        } else {
            #expect(fleet.rollout.state == .complete, "\(fleet.rollout.reason)")
            #expect(most[0] == 10 && most[1] == 100 && most[2] == 200)
            #expect(fleet.rollout.attempts.count { $0.failure == .silent } == 5)
        }
        #expect(fleet.notes.allSatisfy { $0.author == "fleet" })
    }

    @Test(arguments: VirtualFleet.Manner.allCases.filter { $0 != .good })
    func `a set that makes gateways so stops in the first wave and says why (rules 3 and 5)`(
        manner: VirtualFleet.Manner
    ) {
        let fleet = VirtualFleet(plan(), [(manner, 300)], seed: 5)
        fleet.run(hours: 48)
        #expect(fleet.rollout.state == .returned, "\(manner)")
        #expect(fleet.reached.count == 10)
        let words: [VirtualFleet.Manner: String] = [
            .silent: "silent", .deaf: "silent", .failing: "could not install",
            .reverting: "went back by themselves", .flapping: "went back by themselves",
            .lying: "with frames that stopped", .dying: "that measured nothing more",
            .packless: "with packs that were lost", .deafInverter: "with an inverter that was lost",
            .alarming: "with new alarms",
        ]
        #expect(fleet.rollout.reason.hasPrefix("wave 1: "))
        #expect(fleet.rollout.reason.hasSuffix(words[manner] ?? "?"), "\(fleet.rollout.reason)")
        let goesBack = manner == .silent ? AttemptState.unreturned : .returned
        #expect(fleet.reached.allSatisfy { $0.state == goesBack })
        // and what they got is what they had, under a higher number
        let last = Dictionary(fleet.handed.map { ($0.assignment.gateway, $0.assignment) }) { $1 }
        #expect(last.values.allSatisfy { $0.document?.contains("\"1.3.0\"") == true })
        #expect(last.values.allSatisfy { $0.release == 10 })
    }

    @Test func `who flaps has failed for good (rule 4)`() {
        let fleet = VirtualFleet(
            plan { $0.gate.failures = .all }, [(.flapping, 10), (.good, 90)], seed: 9)
        fleet.run(hours: 72) { $0.state.isOver || $0.state == .held }
        for attempt in fleet.reached where fleet.manner(attempt.gateway) == .flapping {
            #expect(attempt.state == .failed && attempt.failure == .reverted)
        }
    }

    @Test func `a gateway whose outbox was slow is judged by when it spoke`() {
        let fleet = VirtualFleet(plan { $0.gate.watchSeconds = 600 }, [(.good, 10)], seed: 1)
        fleet.pass(minutes: 1)
        fleet.pass(minutes: 1)
        fleet.pass(minutes: 60)
        fleet.pass(minutes: 1)
        #expect(fleet.rollout.tally(ofWave: 0).proven == 10)
    }

    @Test func `nobody is told outside the window of its own zone (rule 6)`() throws {
        let zones = ["Europe/Berlin", "America/New_York", ""]
        let window = try #require(MaintenanceWindow("01:00-03:00"))
        let fleet = VirtualFleet(
            plan {
                $0.window = window
                $0.zone = "Asia/Kolkata"
                $0.waves = [.all]
            }, [(.good, 30)], seed: 2
        ) { $1.zone = zones[$0 % 3] }
        fleet.run(hours: 96)
        #expect(fleet.rollout.state == .complete)
        var hours: [String: Set<Int>] = [:]
        for (time, assignment) in fleet.handed {
            let site = try #require(fleet.sites.first { $0.id == assignment.gateway })
            let zone = site.zone.isEmpty ? "Asia/Kolkata" : site.zone
            hours[zone, default: []].insert(ZoneClock.system.minuteOfDay(in: zone, at: time) / 60)
            #expect(assignment.document?.contains("\"zone\":\"\(zone)\"") == true)
        }
        #expect(hours.keys.sorted() == ["America/New_York", "Asia/Kolkata", "Europe/Berlin"])
        #expect(hours.values.allSatisfy { $0.isSubset(of: [1, 2]) }, "\(hours)")
    }

    /// 2026-03-28T20:00Z and on: in Berlin the hour from two to three is skipped on the 29th, in New York
    /// that was three weeks before.
    @Test func `in the night that spring makes shorter, a window in the skipped hour waits a day`()
    {
        let hour: Int64 = 3_600_000
        let evening: Int64 = 1_774_728_000_000
        let zones = ["Europe/Berlin", "America/New_York"]
        let fleet = VirtualFleet(
            plan {
                $0.window = MaintenanceWindow("02:00-03:00")
                $0.waves = [.all]
            }, [(.good, 10)], seed: 2, at: evening
        ) { $1.zone = zones[$0 % 2] }
        fleet.run(hours: 40) { $0.attempts.allSatisfy { $0.state != .waiting } }
        func told(_ zone: String) -> Set<Int64> {
            let sites = Set(fleet.sites.filter { $0.zone == zone }.map(\.id))
            return Set(
                fleet.handed.filter { sites.contains($0.assignment.gateway) }
                    .map { ($0.time - evening) / hour })
        }
        // 02:00 of summer time in New York is 06:00 UTC; in Berlin it is 00:00 UTC of the day after
        #expect(told("America/New_York") == [10])
        #expect(told("Europe/Berlin") == [28])
    }

    @Test func `who is told as its window closes has the next one whole`() throws {
        let window = try #require(MaintenanceWindow("01:00-03:00"))
        var plan = plan()
        (plan.window, plan.zone, plan.gate.patienceSeconds) = (window, "UTC", 60)
        // 2026-09-21T02:50Z
        let fleet = VirtualFleet(plan, [(.silent, 10)], seed: 2, at: 1_789_959_000_000 - 60_000)
        fleet.pass(minutes: 1)
        fleet.pass(minutes: 0)
        let told = try #require(fleet.rollout.attempts.first)
        #expect(told.deadline == 1_790_046_000_000, "2026-09-22T03:00Z")
    }

    @Test func `while it is paused nobody is told, and trouble still takes back`() throws {
        let fleet = VirtualFleet(
            plan { $0.waves = [.part(5_000)] }, [(.good, 50), (.lying, 50)], seed: 4)
        fleet.pass(minutes: 1)
        fleet.pass(minutes: 1)
        try fleet.decide(.pause)
        #expect(fleet.reached.count == 50)
        #expect(fleet.rollout.state == .paused && fleet.rollout.reason == "paused by anna")
        let told = fleet.reached.count
        fleet.run(hours: 3)
        #expect(fleet.reached.count == told)
        #expect(fleet.rollout.reason.contains("with frames that stopped"))
        #expect([.returning, .returned].contains(fleet.rollout.state))
        let fault = #expect(throws: RolloutFault.self) { try fleet.decide(.resume) }
        #expect("\(try #require(fault))".hasPrefix("rollout 'base-1.4.0' is return"))
    }

    @Test func `each wave waits for its approval where that is asked for`() throws {
        let fleet = VirtualFleet(plan { $0.approval = .each }, [(.good, 40)], seed: 4)
        fleet.pass(minutes: 10)
        #expect(fleet.rollout.state == .proposed && fleet.handed.isEmpty)
        try fleet.decide(.approve, by: "bert")
        for (wave, reached) in [10, 20].enumerated() {
            fleet.run(hours: 10) { $0.state == .held }
            #expect(fleet.rollout.wave == wave && fleet.reached.count == reached)
            try fleet.decide(.approve)
        }
        fleet.run(hours: 10)
        #expect(fleet.rollout.state == .complete && fleet.reached.count == 40)
        #expect(
            fleet.notes.filter { $0.what == "approve" }.map(\.author) == ["bert", "anna", "anna"])
    }

    @Test func `whoever made a rollout does not approve it, nor a wave of it (rule 8)`() throws {
        let fleet = VirtualFleet(
            plan { ($0.approval, $0.author) = (.each, "anna") }, [(.good, 40)], seed: 4)
        func refuse(_ author: String) {
            let state = fleet.rollout.state
            let fault = #expect(throws: RolloutFault.self) {
                try fleet.decide(.approve, by: author)
            }
            #expect(
                fault.map { "\($0)" }
                    == "rollout 'base-1.4.0' was made by 'anna', who cannot approve it: somebody else has to"
            )
            #expect(fleet.rollout.state == state)
        }
        refuse("anna")
        refuse("Anna")
        try fleet.decide(.approve, by: "bert")
        fleet.run(hours: 10) { $0.state == .held }
        refuse("anna")
        // stopping is easy
        try fleet.decide(.pause, by: "anna")
        let fault = #expect(throws: RolloutFault.self) { try fleet.decide(.approve, by: "anna") }
        #expect(fault.map { "\($0)" }?.hasPrefix("rollout 'base-1.4.0' is paused") == true)
        try fleet.decide(.abort, by: "anna")
    }

    @Test func `where one person answers alone, that one decides on a held wave`() throws {
        let fleet = VirtualFleet(
            plan {
                ($0.gate.failures, $0.waves) = (.part(5_000), [.part(5_000)])
                ($0.approval, $0.author) = (.never, "anna")
            }, [(.good, 60), (.failing, 20)], seed: 8)
        fleet.run(hours: 10) { $0.state == .held }
        try fleet.decide(.approve, by: "anna")
        #expect(fleet.rollout.state == .running && fleet.rollout.wave == 1)
    }

    @Test func `a wave that is not good enough waits for somebody`() throws {
        let fleet = VirtualFleet(
            plan { ($0.gate.failures, $0.waves) = (.part(5_000), [.part(5_000)]) },
            [(.good, 60), (.failing, 20)], seed: 8)
        fleet.run(hours: 10) { $0.state == .held }
        #expect(fleet.rollout.state == .held && fleet.rollout.wave == 0)
        #expect(fleet.rollout.reason.contains("needed 38 (95%)"), "\(fleet.rollout.reason)")
        try fleet.decide(.abort)
        fleet.run(hours: 10)
        #expect(fleet.rollout.state == .returned && fleet.rollout.reason == "ended by anna")
    }

    @Test func `ending gives the previous set back, or leaves all as it is`() throws {
        for decision in [Rollout.Decision.abort, .abandon] {
            let fleet = VirtualFleet(plan(), [(.good, 100)], seed: 6)
            fleet.run(hours: 24) { $0.wave == 1 && $0.tally(ofWave: 1).attempted == 40 }
            try fleet.decide(decision)
            fleet.run(hours: 24)
            let back = fleet.rollout.attempts.filter { $0.state == .returned }
            if decision == .abort {
                #expect(fleet.rollout.state == .returned)
                #expect(back.count == 40 && back.allSatisfy { $0.wave == 1 })
            } else {
                #expect(fleet.rollout.state == .aborted && back.isEmpty)
            }
        }
    }

    @Test func `all that were told go back where that is asked for`() {
        let fleet = VirtualFleet(
            plan { ($0.takesBack, $0.gate.success) = (.all, .part(0)) },
            [(.good, 90), (.alarming, 30)], seed: 11)
        fleet.run(hours: 48)
        #expect(fleet.rollout.state == .returned)
        #expect(fleet.reached.allSatisfy { $0.state == .returned })
    }

    @Test func `who has no set to go back to is told so, and its assignment is taken back`() {
        let none = VirtualFleet(plan(), [(.lying, 30)], seed: 1, previous: nil)
        none.run(hours: 24)
        #expect(none.rollout.state == .returned)
        #expect(none.reached.allSatisfy { $0.state == .unreturned })
        #expect(
            none.reached.allSatisfy {
                $0.words.hasSuffix("no earlier set of it is known; its assignment is taken back")
            })
        #expect(none.handed.suffix(10).allSatisfy { $0.assignment.document == nil })
        let given = VirtualFleet(
            plan { $0.fallback = Example.set("1.0.0") }, [(.lying, 30)], seed: 1, previous: nil)
        given.run(hours: 24)
        #expect(given.reached.allSatisfy { $0.state == .returned })
        #expect(
            given.handed.suffix(10).allSatisfy { $0.assignment.document?.contains("1.0.0") == true }
        )
    }

    @Test func `what was not published yet is not silent`() {
        let fleet = VirtualFleet(plan(), [(.good, 10)], seed: 1)
        fleet.isSinkUp = false
        fleet.run(hours: 24)
        #expect(fleet.rollout.attempts.allSatisfy { $0.state == .assigned })
        fleet.isSinkUp = true
        fleet.run(hours: 5)
        #expect(fleet.rollout.state == .complete)
    }

    @Test func `whatever people and gateways do, the rules hold`() throws {
        var generator = SeededGenerator(announcedAs: "rollouts")
        let decisions: [Rollout.Decision] = [
            .approve, .pause, .pause, .resume, .resume, .approve, .abort,
        ]
        for _ in 0..<60 {
            let seed = generator.next()
            var dice = SeededGenerator(seed: seed)
            let manners = (0..<3).map { _ in
                (
                    VirtualFleet.Manner.allCases.randomElement(using: &dice) ?? .good,
                    Int.random(in: 1...20, using: &dice)
                )
            }
            var plan = plan()
            plan.approval = RolloutPlan.Approval.allCases.randomElement(using: &dice) ?? .once
            plan.gate.failures = .part(Int.random(in: 0...6_000, using: &dice))
            plan.gate.success = .part(Int.random(in: 0...10_000, using: &dice))
            plan.takesBack = Bool.random(using: &dice) ? .all : .wave
            let fleet = VirtualFleet(plan, manners + [(.good, 20)], seed: seed)
            var (failed, releases) = (Set<String>(), [String: Int64]())
            for _ in 0..<150 where !fleet.rollout.state.isOver {
                let (before, wave) = (fleet.rollout.state, fleet.rollout.wave)
                if Int.random(in: 0..<8, using: &dice) == 0 {
                    try? fleet.decide(decisions.randomElement(using: &dice) ?? .pause)
                }
                fleet.isSinkUp = Int.random(in: 0..<4, using: &dice) > 0
                let handed = fleet.handed.count
                fleet.pass(minutes: Int.random(in: 1...60, using: &dice))
                let rollout = fleet.rollout
                #expect(rollout.wave >= wave && rollout.wave <= wave + 2, "seed \(seed)")
                if [.proposed, .paused].contains(before), rollout.state == before {
                    #expect(fleet.handed.count == handed, "seed \(seed)")
                }
                // nobody of a later wave is ever told
                #expect(
                    rollout.attempts.allSatisfy { $0.wave <= rollout.wave || $0.state == .waiting })
                let now = Set(rollout.attempts.filter { $0.failure != nil }.map(\.gateway))
                #expect(failed.isSubset(of: now), "seed \(seed)")
                failed = now
                for (_, assignment) in fleet.handed[handed...] {
                    #expect(assignment.release > releases[assignment.gateway] ?? 4, "seed \(seed)")
                    releases[assignment.gateway] = assignment.release
                }
            }
            if fleet.rollout.state == .complete {
                #expect(
                    fleet.rollout.attempts.allSatisfy { $0.state == .proven || $0.state == .failed }
                )
            }
        }
    }
}
