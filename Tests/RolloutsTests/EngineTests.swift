import FleetStore
import Foundation
import TestKit
import Testing

@testable import Rollouts

/// The rules of `RolloutEngine`, on real stores.
@Suite struct EngineTests {
    private let folder: TemporaryDirectory

    init() throws { folder = try TemporaryDirectory("rollouts") }

    private func plan(_ change: (inout RolloutPlan) -> Void = { _ in }) -> RolloutPlan {
        var plan = RolloutPlan(id: "base-1.4.0", set: Example.set("1.4.0", release: 9))
        plan.approval = .never
        plan.waves = [.count(4), .all]
        plan.gate.patienceSeconds = 3 * 3600
        plan.gate.watchSeconds = 600
        plan.fallback = Example.set("1.3.0", release: 8)
        plan.author = "anna"
        change(&plan)
        return plan
    }

    private func fleet(
        _ manners: [(PlayedGateways.Manner, Int)], seed: UInt64 = 3,
        _ change: (inout RolloutPlan) -> Void = { _ in }
    ) throws -> StoredFleet {
        try StoredFleet(
            plan(change), manners, seed: seed,
            address: "sqlite:" + folder.file("fleet-\(UInt32.random(in: 0...UInt32.max)).db"))
    }

    @Test func `a good set reaches everybody and is what they go back to later`() throws {
        let fleet = try fleet([(.good, 12)])
        try fleet.run(hours: 24)
        #expect(try fleet.state.state == .complete && fleet.troubles.isEmpty, "\(fleet.troubles)")
        let store = try FleetStores.openRollouts(fleet.address)
        #expect(try store.assignments().allSatisfy { $0.isPublished && $0.release == 9 })
        #expect(fleet.published.count == 12)
        let (_, _, notes) = try fleet.desk.rollout("base-1.4.0")
        #expect(
            notes.map { "\($0.author) \($0.what)" } == [
                "anna create", "fleet begin", "fleet advance", "fleet finish",
            ])
        let summary = try #require(try fleet.desk.rollouts().first)
        #expect(
            summary.waves == [0, 1].map { (try? fleet.state)?.tally(ofWave: $0) ?? WaveTally() })
        #expect(summary.states == [.proven: 12] && summary.gateways == 12)
        // what a gateway called good is what it runs, and what the next one takes it back to
        let running = try FleetKnowledge(store: store).running(["gw-3"]) { _ in plan() }
        #expect(running["gw-3"] == Example.set("1.4.0", release: 9))
        let sites = try FleetKnowledge(store: store).sites()
        #expect(sites.allSatisfy { $0.version == "1.4.0" && $0.profile == "pylontech-lv-1.2" })
    }

    @Test(arguments: [
        PlayedGateways.Manner.silent, .failing, .flapping, .lying, .packless, .alarming,
    ])
    func `a bad set reaches the first wave and goes back`(manner: PlayedGateways.Manner) throws {
        let fleet = try fleet([(manner, 40)])
        try fleet.run(hours: 24)
        let rollout = try fleet.state
        #expect(rollout.state == .returned, "\(rollout.state) \(rollout.reason)")
        #expect(Set(fleet.published.map(\.gateway)).count == 4)
        let store = try FleetStores.openRollouts(fleet.address)
        let last = try store.assignments()
        #expect(last.count == 4 && last.allSatisfy { $0.document.contains("\"1.3.0\"") })
        #expect(last.allSatisfy { $0.isPublished && $0.release == 10 })
        #expect(
            try store.notes(of: "base-1.4.0").contains {
                $0.what == "takeBack" && $0.author == "fleet"
            })
    }

    /// The engine dies right before and right after each change it keeps, and amid and after each
    /// publishing; the next one goes on from the store alone.
    @Test(arguments: [PlayedGateways.Manner.good, .lying, .reverting])
    func `killed at any step, the next one ends as if nothing had been (rules 1 and 2)`(
        manner: PlayedGateways.Manner
    ) throws {
        func end(cut: Int?) throws -> (words: [String], steps: Int) {
            let fleet = try fleet([(manner, 8)])
            fleet.cutter.wanted = cut
            try fleet.run(hours: 24)
            let rollout = try fleet.state
            #expect(rollout.state == (manner == .good ? .complete : .returned), "cut \(cut ?? 0)")
            let store = try FleetStores.openRollouts(fleet.address)
            let last = try store.assignments()
            // what the store says is published was published, and last of all of that gateway
            for assignment in last {
                let published = fleet.published.last { $0.gateway == assignment.gateway }
                #expect(assignment.isPublished && published?.release == assignment.release)
                #expect(published?.document == assignment.document)
            }
            #expect(Set(fleet.published.map(\.gateway)).count == (manner == .good ? 8 : 4))
            let notes = try store.notes(of: "base-1.4.0").map(\.what)
            let states = rollout.attempts.map {
                "\($0.gateway) \($0.state) \($0.release) \($0.returnRelease)"
            }
            return (notes + states, fleet.cutter.passed)
        }
        let whole = try end(cut: nil)
        #expect(whole.steps > 10)
        for cut in 1...whole.steps {
            let (words, _) = try end(cut: cut)
            #expect(words == whole.words, "cut at step \(cut) of \(whole.steps)")
        }
    }

    @Test func `a rollout on PostgreSQL bears a kill at every fifth step as well`() throws {
        let server = try PostgresServer.shared()
        for cut in [nil, 1, 4, 9, 14] as [Int?] {
            let fleet = try StoredFleet(
                plan(), [(.lying, 8)], seed: 3, address: try server.database())
            fleet.cutter.wanted = cut
            try fleet.run(hours: 24)
            #expect(try fleet.state.state == .returned)
            #expect(Set(fleet.published.map(\.gateway)).count == 4)
        }
    }

    @Test func `two engines at once hand out each assignment under one number`() throws {
        let fleet = try fleet([(.good, 12)])
        let other = Recorder()
        let second = RolloutEngine(
            store: try FleetStores.openRollouts(fleet.address), sink: other, clock: .system)
        for _ in 0..<24 * 6 where try !fleet.state.state.isOver {
            _ = try second.tick(at: fleet.now)
            for assignment in other.published { try? fleet.publish([assignment]) }
            other.published = []
            try fleet.pass(minutes: 10)
        }
        #expect(try fleet.state.state == .complete)
        let numbers = Set(fleet.published.map { "\($0.gateway) \($0.release)" })
        #expect(numbers.count == 12)
    }

    @Test func `each engine brings every assignment to its own place (rule 2)`() throws {
        let fleet = try fleet([(.good, 12)])
        let (one, other) = (Recorder(), Recorder())
        func engine(_ sink: Recorder) throws -> RolloutEngine {
            RolloutEngine(
                store: try FleetStores.openRollouts(fleet.address), sink: sink, clock: .system)
        }
        func published(_ recorder: Recorder) -> Set<String> {
            Set(recorder.published.map(\.gateway))
        }
        let (first, second) = (try engine(one), try engine(other))
        other.trouble = "the disk is full"
        for minute in 0..<3 {
            #expect(try first.tick(at: fleet.now + Int64(minute) * 1000).isEmpty)
            let troubles = try second.tick(at: fleet.now + Int64(minute) * 1000)
            if minute > 0 { #expect(troubles == ["publishing assignments: the disk is full"]) }
        }
        #expect(published(one).count == 4 && one.published.count == 4)
        #expect(other.published.isEmpty)
        let store = try FleetStores.openRollouts(fleet.address)
        #expect(try store.assignments().allSatisfy(\.isPublished))
        // what is marked as published at one place is missing at the other
        other.trouble = nil
        for _ in 0..<3 { #expect(try second.tick(at: fleet.now + 4000).isEmpty) }
        #expect(Set(other.published) == Set(one.published) && other.published.count == 4)
        // a place that somebody emptied gets all of them at the next start
        one.published = []
        _ = try first.tick(at: fleet.now + 5000)
        #expect(one.published.isEmpty)
        _ = try engine(one).tick(at: fleet.now + 6000)
        #expect(Set(one.published) == Set(other.published))
    }

    /// The last assignment of each gateway that was published, by what `key` says in it.
    private func standing(_ fleet: StoredFleet, _ key: String) -> [String: String] {
        var found: [String: String] = [:]
        for handed in fleet.published {
            let parts = handed.document?.components(separatedBy: "\"\(key)\":\"") ?? []
            found[handed.gateway] =
                parts.count == 2 ? String(parts[1].prefix { $0 != "\"" }) : nil
        }
        return found
    }

    @Test func `what went well stays in force when the rollout is over (rule 4)`() throws {
        // some are silent, one cannot install it; neither stops the rollout here
        let fleet = try fleet([(.good, 8), (.silent, 3), (.failing, 1)]) {
            $0.gate.success = .part(1_000)
            $0.gate.failures = .part(9_000)
        }
        try fleet.run(hours: 48)
        let rollout = try fleet.state
        #expect(rollout.state == .complete)
        func names(_ failure: AttemptFailure?) -> Set<String> {
            Set(rollout.attempts.filter { $0.failure == failure }.map(\.gateway))
        }
        #expect(names(.silent).count == 3 && names(.refused).count == 1)
        let before = standing(fleet, "not_after")
        try fleet.pass(minutes: 90)
        #expect(fleet.troubles.isEmpty)
        let end = Assignment.moment(fleet.now + AssignmentRenewal.life)
        let after = standing(fleet, "not_after")
        for (gateway, moment) in after {
            #expect(
                names(.refused).contains(gateway)
                    ? moment == before[gateway] : moment == end, "\(gateway)")
        }
        // the counter stays, and nobody is asked to do anything anew
        #expect(fleet.published.allSatisfy { $0.release == 9 })
        let store = try FleetStores.openRollouts(fleet.address)
        #expect(
            try store.notes(of: "base-1.4.0").last
                == RolloutNote(
                    madeMilliseconds: fleet.now, author: "fleet", what: "renew",
                    detail: "assignments of 11 gateways, until \(end)"))
        #expect(try store.assignments().allSatisfy(\.isPublished))
        // nothing more for half a life, whoever begins anew
        let count = fleet.published.count
        for _ in 0..<44 { try fleet.pass(minutes: 24 * 60) }
        #expect(fleet.published.count == count)
        try fleet.restart()
        try fleet.pass(minutes: 60)
        #expect(standing(fleet, "not_after") == after)
        try fleet.pass(minutes: 24 * 60)
        let later = standing(fleet, "not_after")
        #expect(later.values.count { $0 > end } == 11 && fleet.troubles.isEmpty)
    }

    @Test func `the way back is renewed, and what did harm is not (rule 4)`() throws {
        let fleet = try fleet([(.lying, 12)])
        try fleet.run(hours: 24)
        #expect(try fleet.state.state == .returned)
        for _ in 0..<8 { try fleet.pass(minutes: 50 * 24 * 60) }
        let last = Assignment.moment(fleet.now - 50 * 86_400_000 + AssignmentRenewal.life)
        #expect(standing(fleet, "not_after").values.allSatisfy { $0 >= last })
        #expect(Set(standing(fleet, "version").values) == ["1.3.0"])
        #expect(Set(fleet.published.map(\.gateway)).count == 4)
        let rollout = try fleet.state
        for attempt in rollout.attempts.prefix(4) {
            #expect(!rollout.holdsOn(to: attempt, release: attempt.release))
        }
    }

    @Test func `two engines renew an assignment once`() throws {
        let fleet = try fleet([(.good, 12)])
        try fleet.run(hours: 24)
        let other = Recorder()
        let second = RolloutEngine(
            store: try FleetStores.openRollouts(fleet.address), sink: other, clock: .system)
        let now = fleet.now + 7_200_000
        _ = try second.tick(at: now)
        try fleet.pass(minutes: 120)
        let store = try FleetStores.openRollouts(fleet.address)
        #expect(try store.notes(of: "base-1.4.0").count { $0.what == "renew" } == 1)
        #expect(
            Set(standing(fleet, "not_after").values) == [
                Assignment.moment(now + AssignmentRenewal.life)
            ])
        _ = try second.tick(at: now + 1000)
        #expect(Set(fleet.published).isSuperset(of: other.published))
    }

    @Test func `people decide while the fleet works, and it is noted who`() throws {
        let fleet = try fleet([(.good, 12)]) { $0.approval = .once }
        func decide(_ decision: Rollout.Decision, _ author: String, _ note: String = "") throws {
            _ = try fleet.desk.decide(
                decision, on: "base-1.4.0", by: author, note: note, at: fleet.now)
        }
        try fleet.pass(minutes: 10)
        #expect(fleet.published.isEmpty)
        try decide(.approve, "bert", "seen on the bench")
        try fleet.pass(minutes: 1)
        try fleet.pass(minutes: 1)
        #expect(fleet.published.count == 4)
        try decide(.pause, "carla", "storm")
        for _ in 0..<30 { try fleet.pass(minutes: 10) }
        #expect(fleet.published.count == 4)
        #expect(try fleet.state.reason == "paused by carla: storm")
        let error = #expect(throws: RolloutDeskError.self) { try decide(.pause, "dora") }
        #expect(
            "\(try #require(error))"
                == "rollout 'base-1.4.0' is paused, which allows 'resume', 'abort', 'abort --keep'")
        try decide(.resume, "carla")
        try fleet.run(hours: 24)
        let (_, rollout, notes) = try fleet.desk.rollout("base-1.4.0")
        #expect(rollout.state == .complete)
        #expect(
            notes.map { "\($0.author) \($0.what) \($0.detail)" } == [
                "anna create ", "bert approve seen on the bench", "fleet begin ",
                "carla pause storm", "carla resume ", "fleet begin ",
                "fleet advance wave 1 has gone well", "fleet finish ",
            ])
        #expect(throws: RolloutDeskError.self) {
            _ = try fleet.desk.decide(.pause, on: "other", by: "anna", at: fleet.now)
        }
    }

    @Test func `a sink that fails is told and tried again`() throws {
        let fleet = try fleet([(.good, 4)])
        fleet.cutter.wanted = nil
        let broken = Recorder()
        broken.trouble = "the disk is full"
        let engine = RolloutEngine(
            store: try FleetStores.openRollouts(fleet.address), sink: broken, clock: .system)
        for minute in 0..<3 {
            let troubles = try engine.tick(at: fleet.now + Int64(minute) * 60_000)
            if minute > 0 { #expect(troubles == ["publishing assignments: the disk is full"]) }
        }
        try fleet.run(hours: 6)
        #expect(try fleet.state.state == .complete)
    }

    private final class Recorder: AssignmentSink {
        var published: [HandedAssignment] = []
        var trouble: String?
        func publish(_ assignments: [HandedAssignment]) throws(RolloutFault) {
            if let trouble { throw RolloutFault(trouble) }
            published += assignments
        }
    }
}
