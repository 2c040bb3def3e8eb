@testable import Rollouts

/// A rollout and its gateways in virtual time, without a store.
final class VirtualFleet {
    typealias Manner = PlayedGateways.Manner

    let sites: [Site]
    private(set) var rollout: Rollout
    private(set) var now: Int64
    private(set) var notes: [RolloutStep] = []
    /// Every assignment handed out, with the time.
    private(set) var handed: [(time: Int64, assignment: HandedAssignment)] = []
    /// Whether the sink works.
    var isSinkUp = true
    private var unpublished: [HandedAssignment] = []
    private let gateways: PlayedGateways
    private var known: [String: (set: SetRelease?, release: Int64)] = [:]
    private let clock = ZoneClock.system

    /// `previous` is what ran before; nil is not known.
    init(
        _ plan: RolloutPlan, _ manners: [(Manner, Int)], seed: UInt64,
        previous: SetRelease? = Example.set("1.3.0"), at begin: Int64 = 1_790_000_000_000,
        site: (Int, inout Site) -> Void = { _, _ in }
    ) {
        gateways = PlayedGateways(manners, seed: seed, at: begin)
        now = begin
        sites = gateways.ids.enumerated().map { index, id in
            var made = Site(id: id)
            site(index, &made)
            return made
        }
        for site in sites { known[site.id] = (previous, previous == nil ? 0 : 4) }
        rollout = Rollout(plan, sites: sites, at: begin)
    }

    func manner(_ gateway: String) -> Manner? { gateways.manner(gateway) }

    /// Gateways that were ever told the new set.
    var reached: [Attempt] { rollout.attempts.filter(\.state.isAttempted) }

    func decide(_ decision: Rollout.Decision, by author: String = "anna") throws {
        keep(try rollout.decide(decision, by: author, at: now))
    }

    /// Lets time pass; the rollout takes a step at its end.
    func pass(minutes: Int) {
        now += Int64(minutes) * 60_000
        keep(rollout.step(facts(), at: now))
        publish()
    }

    /// Lets time pass in steps until the rollout is over or so many hours have gone.
    func run(hours: Int, step: Int = 5, until: (Rollout) -> Bool = { $0.state.isOver }) {
        for _ in 0..<hours * 60 / step where !until(rollout) { pass(minutes: step) }
    }

    private func keep(_ outcome: RolloutOutcome) {
        notes += outcome.notes
        unpublished += outcome.handed
        for assignment in outcome.handed {
            handed.append((now, assignment))
            known[assignment.gateway] = (outcome.sets[assignment.gateway], assignment.release)
        }
    }

    private func publish() {
        guard isSinkUp, !unpublished.isEmpty else { return }
        for assignment in unpublished {
            let isNew = assignment.document?.contains(rollout.plan.set.sha256) ?? false
            gateways.take(assignment, isNew: isNew, of: rollout.plan.id, at: now)
        }
        _ = rollout.published(unpublished, at: now)
        unpublished = []
    }

    /// What the rollout looks at.
    private func facts() -> RolloutFacts {
        var facts = RolloutFacts(clock: clock)
        facts.tell = rollout.toTell(at: now, clock)
        for site in sites {
            facts.banks[site.id] = gateways.bank(of: site.id, at: now)
            // those of before come again, as they do after a restart of the fleet
            facts.reports += gateways.reports(of: site.id, until: now)
        }
        let interval = PlayedGateways.interval
        for judged in rollout.toJudge(at: now) {
            let first = judged.from / interval * interval
            var seen: [BankView] = []
            for time in stride(from: first, through: now, by: Int(interval)) {
                guard let bank = gateways.bank(of: judged.gateway, at: time),
                    bank.timeMilliseconds >= judged.from, bank != seen.last
                else { continue }
                seen.append(bank)
            }
            facts.evidence[judged.gateway] = (seen, seen.last?.alarms ?? [])
        }
        for gateway in facts.tell { facts.known[gateway] = known[gateway] }
        return facts
    }
}
