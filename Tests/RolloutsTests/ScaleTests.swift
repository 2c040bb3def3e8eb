import TestKit
import Testing

@testable import Rollouts

/// Ten thousand gateways.
@Suite struct ScaleTests {
    private func plan() -> RolloutPlan {
        var plan = RolloutPlan(id: "base-1.4.0", set: Example.set("1.4.0", release: 9))
        plan.approval = .never
        plan.gate.patienceSeconds = 3 * 3600
        plan.gate.watchSeconds = 1200
        plan.fallback = Example.set("1.3.0", release: 8)
        return plan
    }

    /// On a real store: what a third of the gateways takes badly reaches the hundred of the first wave.
    @Test func `a set that is bad for some of ten thousand gets no further than the first wave`()
        throws
    {
        let folder = try TemporaryDirectory("scale")
        let generator = SeededGenerator(announcedAs: "ten thousand gateways")
        let fleet = try StoredFleet(
            plan(),
            [(.good, 7_000), (.silent, 800), (.failing, 700), (.flapping, 700), (.lying, 800)],
            seed: generator.seed, address: "sqlite:" + folder.file("fleet.db"))
        try fleet.run(hours: 12)
        let rollout = try fleet.state
        let reached = rollout.attempts.filter(\.state.isAttempted)
        #expect(rollout.state == .returned && reached.count == 100)
        #expect(Set(fleet.published.map(\.gateway)) == Set(reached.map(\.gateway)))
        #expect(reached.allSatisfy { $0.wave == 0 })
        print("ten thousand gateways: \(rollout.reason)")
        #expect(rollout.reason.hasPrefix("wave 1: "))
        #expect(rollout.reason.contains("of a wave of 100"))
        // the report says why, and it is the truth
        for attempt in reached {
            guard let failure = attempt.failure else { continue }
            let manner = fleet.gateways.manner(attempt.gateway)
            switch failure {
            case .silent: #expect(manner == .silent)
            case .refused: #expect(manner == .failing)
            case .reverted: #expect(manner == .flapping)
            case .frames: #expect(manner == .lying)
            default: Issue.record("\(attempt.gateway) failed as \(failure), being \(manner as Any)")
            }
        }
    }

    @Test func `a good set reaches ten thousand, in three waves, and bears a few that are silent`()
    {
        // of other seeds one in two thousand puts six silent ones into the first hundred
        let fleet = VirtualFleet(plan(), [(.good, 9_900), (.silent, 100)], seed: 7)
        fleet.run(hours: 48, step: 30) { $0.state.isOver || $0.state == .held }
        let rollout = fleet.rollout
        #expect(rollout.state == .complete, "\(rollout.reason)")
        #expect(rollout.waveCount == 3)
        #expect(rollout.attempts.count { $0.state == .proven } == 9_900)
        #expect(rollout.attempts.count { $0.failure == .silent } == 100)
    }
}
