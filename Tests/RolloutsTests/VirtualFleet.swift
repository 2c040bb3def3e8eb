import TestKit

@testable import Rollouts

/// Gateways that live in virtual time and take what a rollout hands out, each in its own way.
final class VirtualFleet {
    /// What a gateway makes of the set that is rolled out.
    enum Manner: String, CaseIterable {
        /// Installs it and works.
        case good
        /// Never says a word, and measures nothing.
        case silent
        /// Measures, and never gets the assignment.
        case deaf
        /// Says that it cannot install it.
        case failing
        /// Installs it and goes back by itself.
        case reverting
        /// Says by turns that it is good and that it went back.
        case flapping
        /// Says that it is good while its frames have stopped.
        case lying
        /// Says that it is good and is never heard again.
        case dying
        /// Says that it is good while packs or the inverter are lost, or an alarm is up.
        case packless, deafInverter, alarming
    }

    private struct Gateway {
        var manner: Manner
        var reports: [UpdateReport] = []
        /// When the set stopped its frames, broke its bank, or ended all measuring.
        var stopped: Int64?, broken: Int64?, dead: Int64?
    }

    /// Milliseconds from one measurement to the next.
    static let interval: Int64 = 60_000

    let sites: [Site]
    private(set) var rollout: Rollout
    private(set) var now: Int64
    private(set) var notes: [RolloutStep] = []
    /// Every assignment handed out, with the time.
    private(set) var handed: [(time: Int64, assignment: HandedAssignment)] = []
    /// Whether the sink works.
    var isSinkUp = true
    private var unpublished: [HandedAssignment] = []
    private var gateways: [String: Gateway] = [:]
    private var known: [String: (set: SetRelease?, release: Int64)] = [:]
    private var generator: SeededGenerator
    private let begin: Int64
    private let clock = ZoneClock.system
    /// What ran before; nil is not known.
    let previous: SetRelease?

    init(
        _ plan: RolloutPlan, _ manners: [(Manner, Int)], seed: UInt64,
        previous: SetRelease? = Example.set("1.3.0"), at begin: Int64 = 1_790_000_000_000,
        site: (Int, inout Site) -> Void = { _, _ in }
    ) {
        generator = SeededGenerator(seed: seed)
        self.begin = begin
        now = begin
        self.previous = previous
        let all = manners.flatMap { manner, count in Array(repeating: manner, count: count) }
            .shuffled(using: &generator)
        sites = all.indices.map { index in
            var made = Site(id: "gw-\(index)")
            site(index, &made)
            return made
        }
        for (site, manner) in zip(sites, all) {
            gateways[site.id] = Gateway(manner: manner)
            known[site.id] = (previous, previous == nil ? 0 : 4)
        }
        rollout = Rollout(plan, sites: sites, at: begin)
    }

    func manner(_ gateway: String) -> Manner? { gateways[gateway]?.manner }

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
        for assignment in unpublished { take(assignment) }
        _ = rollout.published(unpublished, at: now)
        unpublished = []
    }

    /// What the rollout looks at.
    func facts() -> RolloutFacts {
        var facts = RolloutFacts(clock: clock)
        facts.tell = rollout.toTell(at: now, clock)
        for site in sites {
            facts.banks[site.id] = bank(site.id, at: now)
            // those of before come again, as they do after a restart of the fleet
            facts.reports += gateways[site.id]?.reports.filter { $0.timeMilliseconds <= now } ?? []
        }
        for judged in rollout.toJudge(at: now) {
            let first = judged.from / Self.interval * Self.interval
            let times = stride(from: first, through: now, by: Int(Self.interval))
            var seen: [BankView] = []
            for time in times {
                guard let bank = bank(judged.gateway, at: time),
                    bank.timeMilliseconds >= judged.from, bank != seen.last
                else { continue }
                seen.append(bank)
            }
            facts.evidence[judged.gateway] = (seen, seen.last?.alarms ?? [])
        }
        for gateway in facts.tell { facts.known[gateway] = known[gateway] }
        return facts
    }

    /// The newest measurement of a gateway at a time.
    private func bank(_ id: String, at time: Int64) -> BankView? {
        guard let gateway = gateways[id], gateway.manner != .silent else { return nil }
        let newest = min(time, gateway.dead ?? .max) / Self.interval * Self.interval
        let frames = (min(newest, gateway.stopped ?? .max) - begin) / 100 + 1_000
        var bank = BankView(
            timeMilliseconds: newest, packsOnline: 4, keepAlive: "present", bus: "active",
            framesSent: frames)
        guard let broken = gateway.broken, newest >= broken else { return bank }
        switch gateway.manner {
        case .packless: bank.packsOnline = 3
        case .deafInverter: bank.keepAlive = "silent"
        case .alarming: bank.alarms = ["cell_overvoltage"]
        default: break
        }
        return bank
    }

    /// A gateway gets an assignment and will act on it.
    private func take(_ assignment: HandedAssignment) {
        guard var gateway = gateways[assignment.gateway], assignment.document != nil else { return }
        let isNew = assignment.document?.contains("\"\(rollout.plan.set.sha256)\"") ?? false
        let at = now + Int64.random(in: 10_000...1_800_000, using: &generator)
        func report(_ kind: UpdateReport.Kind, _ minutes: Int64, _ reason: String = "") {
            gateway.reports.append(
                UpdateReport(
                    gateway: assignment.gateway, kind: kind, rollout: rollout.plan.id,
                    release: assignment.release, reason: reason,
                    timeMilliseconds: at + minutes * 60_000))
        }
        defer { gateways[assignment.gateway] = gateway }
        guard gateway.manner != .silent, gateway.manner != .deaf || !isNew else { return }
        report(.delivered, 0)
        guard isNew else {
            (gateway.stopped, gateway.broken, gateway.dead) = (nil, nil, nil)
            report(.applied, 1)
            report(.good, 11)
            return
        }
        switch gateway.manner {
        case .failing: return report(.failed, 1, "vector 'full' does not pass")
        case .reverting:
            report(.applied, 1)
            return report(.reverted, 4, "the inverter fell silent")
        case .flapping:
            for round in 0..<4 {
                report(.good, Int64(11 + round * 20))
                report(.reverted, Int64(21 + round * 20), "two packs fell silent")
            }
            return
        case .lying: gateway.stopped = at + 60_000
        case .dying: gateway.dead = at + 12 * 60_000
        case .packless, .deafInverter, .alarming: gateway.broken = at + 60_000
        case .good, .silent, .deaf: break
        }
        report(.applied, 1)
        report(.good, 11)
    }
}
