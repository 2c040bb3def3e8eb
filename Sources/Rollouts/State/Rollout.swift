import Telemetry

/// One rollout: decides which gateway is told what and when, and performs nothing.
///
/// 1. A wave begins when the one before it has passed its gate, and not earlier.
/// 2. The gate counts over all gateways of a wave; silence beyond the patience is a failure.
/// 3. A gateway's word counts against it at once, and for it only when what it measures agrees.
/// 4. A gateway that failed stays failed, whatever it says later.
/// 5. Too many failures stop the rollout and send those back that were told, without anybody's help.
/// 6. Nobody is told outside the window of its site; going back waits for no window.
/// 7. Every step is in one of the two tables; whatever decides or is decided is noted with its author.
/// 8. What wants an approval gets it from somebody else than who made the rollout, unless the plan
///    leaves one person alone.
package struct Rollout: Sendable {
    /// What was asked for.
    package let plan: RolloutPlan
    /// How far it is, and since when; Unix milliseconds.
    package internal(set) var state: RolloutState
    package internal(set) var since: Int64
    /// Its wave, from 0.
    package internal(set) var wave: Int
    /// Why it is held, paused or ended; empty while it goes on.
    package internal(set) var reason: String
    /// Its gateways in the order in which they come.
    package internal(set) var attempts: [Attempt]
    var places: [String: Int]
    var suspicions: [Int: Suspicion] = [:]

    /// At most so many gateways are told in one step, so that not all fetch at once.
    package static var mostAtOnce: Int { 1_000 }
    /// The author of what the fleet decides by itself.
    package static var machine: String { "fleet" }

    /// A new rollout of these gateways, waiting for approval if that is asked for.
    package init(_ plan: RolloutPlan, sites: [Site], at now: Int64) {
        self.plan = plan
        state = plan.approval == .never ? .scheduled : .proposed
        since = now
        wave = 0
        reason = ""
        let byID = Dictionary(sites.map { ($0.id, $0) }) { first, _ in first }
        let order = Waves.order(sites, of: plan.id, first: plan.first)
        var attempts: [Attempt] = []
        attempts.reserveCapacity(order.count)
        for (wave, size) in Waves.sizes(plan.waves, of: order.count).enumerated() {
            for _ in 0..<size {
                let id = order[attempts.count]
                let zone = byID[id]?.zone ?? ""
                attempts.append(
                    Attempt(
                        gateway: id, wave: wave, place: attempts.count,
                        zone: zone.isEmpty ? plan.zone : zone))
            }
        }
        self.attempts = attempts
        places = Dictionary(attempts.map { ($0.gateway, $0.place) }) { first, _ in first }
    }

    /// A rollout as it was kept; `attempts` in the order of their places.
    package init(
        _ plan: RolloutPlan, state: RolloutState, since: Int64, wave: Int, reason: String,
        attempts: [Attempt]
    ) {
        self.plan = plan
        self.state = state
        self.since = since
        self.wave = wave
        self.reason = reason
        self.attempts = attempts
        places = Dictionary(attempts.enumerated().map { ($1.gateway, $0) }) { first, _ in first }
    }

    /// The number of waves.
    package var waveCount: Int { (attempts.last?.wave ?? -1) + 1 }

    /// A gateway in it; nil when it is not.
    func attempt(of gateway: String) -> Attempt? { places[gateway].map { attempts[$0] } }

    /// Where a wave stands.
    package func tally(ofWave wave: Int) -> WaveTally {
        WaveTally(attempts.lazy.filter { $0.wave == wave })
    }

    /// How long a word is awaited, ms.
    var patience: Int64 { Int64(plan.gate.patienceSeconds) * 1000 }

    // MARK: - Steps

    /// Looks at what is known and decides what comes next.
    package mutating func step(_ facts: RolloutFacts, at now: Int64) -> RolloutOutcome {
        var outcome = RolloutOutcome()
        guard !state.isOver, state != .proposed else { return outcome }
        for report in facts.reports { hear(report, at: now, &outcome) }
        if state.isWatching {
            watch(facts, at: now, &outcome)
            decide(at: now, &outcome)
        }
        if state == .running { tell(facts, at: now, &outcome) }
        if state == .returning { takeBack(facts, at: now, &outcome) }
        return outcome
    }

    // MARK: - Published and decided

    /// The assignments of these gateways can be fetched now.
    package mutating func published(
        _ assignments: [HandedAssignment], at now: Int64
    ) -> RolloutOutcome {
        var outcome = RolloutOutcome()
        for assignment in assignments {
            guard let place = places[assignment.gateway],
                [attempts[place].release, attempts[place].returnRelease]
                    .contains(assignment.release)
            else { continue }
            let isReturn = assignment.release == attempts[place].returnRelease
            guard (attempts[place].state == .recalling) == isReturn else { continue }
            // whatever the sink waited for does not count as silence
            let delay = max(0, now - attempts[place].since)
            if step(place, .publish, at: now, &outcome) { attempts[place].deadline += delay }
        }
        return outcome
    }

    /// What somebody may decide.
    package enum Decision: String, CaseIterable, Sendable {
        case approve, pause, resume
        /// Ends it; gateways that were told go back.
        case abort
        /// Ends it; gateways keep what they have.
        case abandon
    }

    /// Whether somebody made the rollout, and so cannot approve it; big and small letters are alike.
    private func isBarred(_ author: String) -> Bool {
        plan.approval != .never && author.lowercased() == plan.author.lowercased()
    }

    /// Somebody decides; throws when that cannot be decided now, or not by whom.
    ///
    /// Whoever made a rollout does not approve it, neither as a whole nor a wave of it (rule 8).
    package mutating func decide(
        _ decision: Decision, by author: String, note: String = "", at now: Int64
    ) throws(RolloutFault) -> RolloutOutcome {
        var outcome = RolloutOutcome()
        switch decision {
        case .approve where state.next(.approve) != nil && isBarred(author):
            throw RolloutFault(
                RolloutRefusal.ownRollout.filled(["rollout": plan.id, "author": plan.author]))
        case .approve where state == .held:
            if wave + 1 < waveCount {
                wave += 1
                try order(.approve, "", note, author, now, &outcome)
            } else {
                try order(.finish, "", note, author, now, &outcome)
            }
        case .approve: try order(.approve, "", note, author, now, &outcome)
        case .pause:
            let words = RolloutReason.noted(.paused, .pausedNoted, by: author, note)
            try order(.pause, words, note, author, now, &outcome)
        case .resume: try order(.resume, "", note, author, now, &outcome)
        case .abort, .abandon:
            let goesBack = decision == .abort && attempts.contains(where: \.state.isAttempted)
            let words = RolloutReason.noted(.ended, .endedNoted, by: author, note)
            try order(goesBack ? .takeBack : .abort, words, note, author, now, &outcome)
        }
        outcome.notes = outcome.notes.map { made in
            var made = made
            made.what = decision.rawValue
            made.detail = note
            return made
        }
        return outcome
    }

    private mutating func order(
        _ event: RolloutState.Event, _ reason: String, _ note: String, _ author: String,
        _ now: Int64, _ outcome: inout RolloutOutcome
    ) throws(RolloutFault) {
        guard state.next(event) != nil else {
            let ways: [(RolloutState.Event, String)] = [
                (.approve, "'approve'"), (.pause, "'pause'"), (.resume, "'resume'"),
                (.takeBack, "'abort'"), (.abort, "'abort --keep'"),
            ]
            let allowed = ways.filter { state.next($0.0) != nil }.map(\.1).joined(separator: ", ")
            let refusal = allowed.isEmpty ? RolloutRefusal.stateOver : .stateAllows
            throw RolloutFault(
                refusal.filled([
                    "rollout": plan.id, "state": state.rawValue, "allowed": allowed,
                ]))
        }
        move(event, reason, by: author, at: now, &outcome)
        self.reason = reason
    }

    // MARK: - Parts

    mutating func move(
        _ event: RolloutState.Event, _ words: String, by author: String, at now: Int64,
        _ outcome: inout RolloutOutcome
    ) {
        guard let next = state.next(event) else { return }
        state = next
        since = now
        reason = words
        outcome.hasMoved = true
        outcome.notes.append(RolloutStep(author: author, what: event.rawValue, detail: words))
    }

    @discardableResult
    mutating func step(
        _ place: Int, _ event: AttemptState.Event, at now: Int64, _ outcome: inout RolloutOutcome
    ) -> Bool {
        guard attempts[place].step(event, at: now) else { return false }
        outcome.changed.insert(place)
        return true
    }

    mutating func fail(
        _ place: Int, _ kind: AttemptFailure, _ words: String, _ now: Int64,
        _ outcome: inout RolloutOutcome
    ) {
        guard attempts[place].fail(kind, words, at: now) else { return }
        outcome.changed.insert(place)
        suspicions[place] = nil
    }
}
