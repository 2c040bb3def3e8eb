import Foundation
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
        try rollOut([(.silent, 800), (.failing, 700), (.flapping, 700), (.lying, 800)])
    }

    /// The long form, which `Tests/rollouts --long` asks for.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["AMPHORA_LONG"] != nil,
            "minutes long; Tests/rollouts --long runs it"),
        arguments: [
            PlayedGateways.Manner.silent, .failing, .flapping, .lying, .reverting, .packless,
            .alarming,
        ])
    func `whatever is wrong with a third of ten thousand, the first wave shows it`(
        manner: PlayedGateways.Manner
    ) throws { try rollOut([(manner, 3_000)]) }

    private func rollOut(_ bad: [(PlayedGateways.Manner, Int)]) throws {
        let folder = try TemporaryDirectory("scale")
        let generator = SeededGenerator(announcedAs: "ten thousand gateways")
        let began = Clock.now()
        let count = 10_000 - bad.reduce(0) { $0 + $1.1 }
        let fleet = try StoredFleet(
            plan(), [(.good, count)] + bad, seed: generator.seed,
            address: "sqlite:" + folder.file("fleet.db"))
        try fleet.run(hours: 12)
        let rollout = try fleet.state
        let reached = rollout.attempts.filter(\.state.isAttempted)
        #expect(rollout.state == .returned && reached.count == 100)
        #expect(Set(fleet.published.map(\.gateway)) == Set(reached.map(\.gateway)))
        #expect(reached.allSatisfy { $0.wave == 0 })
        #expect(rollout.reason.hasPrefix("wave 1: "))
        #expect(rollout.reason.contains("of a wave of 100"))
        // the report says why, and it is the truth
        for attempt in reached {
            guard let failure = attempt.failure else { continue }
            let manner = fleet.gateways.manner(attempt.gateway)
            #expect(
                manner.map { Self.causes[failure]?.contains($0) == true } == true,
                "\(attempt.gateway) failed as \(failure), being \(manner as Any)")
        }
        tell(rollout, bad, seconds: (Clock.now() - began) / 1_000_000_000)
    }

    private static let causes: [AttemptFailure: [PlayedGateways.Manner]] = [
        .silent: [.silent], .refused: [.failing], .reverted: [.flapping, .reverting],
        .frames: [.lying], .packs: [.packless], .alarm: [.alarming],
    ]

    /// A row of the table that `Tests/rollouts` prints.
    private func tell(
        _ rollout: Rollout, _ bad: [(PlayedGateways.Manner, Int)], seconds: Int64
    ) {
        let kinds = bad.map { "\($0.0.rawValue)=\($0.1 / 100)" }.joined(separator: ",")
        let reached = rollout.attempts.count(where: \.state.isAttempted)
        print(
            """
            row: {"gateways":10000,"by":"virtual time, sqlite","bad for":"\(kinds)",\
            "bad":"\(rollout.state.rawValue)","reached":"\(reached) of a wave of 100",\
            "s":"\(seconds)","because":"\(rollout.reason.dropFirst("wave 1: ".count))"}
            """)
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
