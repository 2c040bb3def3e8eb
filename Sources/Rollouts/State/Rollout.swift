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
    package private(set) var state: RolloutState
    package private(set) var since: Int64
    /// Its wave, from 0.
    package private(set) var wave: Int
    /// Why it is held, paused or ended; empty while it goes on.
    package private(set) var reason: String
    /// Its gateways in the order in which they come.
    package private(set) var attempts: [Attempt]
    private var places: [String: Int]
    private var suspicions: [Int: Suspicion] = [:]

    /// At most so many gateways are told in one step, so that not all fetch at once.
    package static var mostAtOnce: Int { 1_000 }
    /// The author of what the fleet decides by itself.
    package static var machine: String { "fleet" }
    /// How long an order to go back is valid, ms.
    private static var returnLife: Int64 { 365 * 86_400_000 }

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

    // MARK: - What has to be known

    /// Gateways whose time of watching is over, with the span that is to be looked at.
    package func toJudge(at now: Int64) -> [(gateway: String, from: Int64, until: Int64)] {
        guard state.isWatching else { return [] }
        return attempts.filter { $0.state == .good && watchEnd($0) <= now }
            .map { ($0.gateway, $0.good, watchEnd($0)) }
    }

    /// Gateways that may be told now.
    package func toTell(at now: Int64, _ clock: ZoneClock) -> [String] {
        guard state == .running else { return [] }
        var isOpen: [String: Bool] = [:]
        return attempts.lazy.filter { attempt in
            guard attempt.wave == wave, attempt.state == .waiting else { return false }
            guard let window = plan.window else { return true }
            if let known = isOpen[attempt.zone] { return known }
            let open = window.isOpen(in: attempt.zone, at: now, clock)
            isOpen[attempt.zone] = open
            return open
        }.prefix(Self.mostAtOnce).map(\.gateway)
    }

    private func watchEnd(_ attempt: Attempt) -> Int64 {
        attempt.good + Int64(plan.gate.watchSeconds) * 1000
    }

    private var patience: Int64 { Int64(plan.gate.patienceSeconds) * 1000 }

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

    /// Takes a gateway's word.
    private mutating func hear(
        _ report: ReceivedReport, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        guard report.rollout == plan.id, let place = places[report.gateway] else { return }
        let attempt = attempts[place]
        if attempt.returnRelease > 0, report.release == attempt.returnRelease {
            if report.kind == .good { step(place, .returned, at: now, &outcome) }
            if [.failed, .reverted].contains(report.kind) {
                giveUp(place, "it says that it cannot go back: \(report.reason)", now, &outcome)
            }
            return
        }
        guard attempt.release > 0, report.release == attempt.release else { return }
        switch report.kind {
        case .delivered: step(place, .deliver, at: now, &outcome)
        case .applied: step(place, .apply, at: now, &outcome)
        case .good:
            guard step(place, .good, at: now, &outcome) else { return }
            // the report may have waited in an outbox; a clock that is wrong does not count
            attempts[place].good = min(now, max(report.timeMilliseconds, attempt.told))
        case .reverted:
            fail(place, .reverted, "it went back by itself: \(report.reason)", now, &outcome)
        case .failed:
            fail(place, .refused, "it could not install the set: \(report.reason)", now, &outcome)
        }
    }

    /// Looks at silence, and at what gateways measure.
    private mutating func watch(
        _ facts: RolloutFacts, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        let patience = Watching.patience(watching: plan.gate.watchSeconds)
        for place in attempts.indices where attempts[place].failure == nil {
            let attempt = attempts[place]
            if attempt.state.isAwaited, now >= attempt.deadline {
                let last = attempt.state == .told ? "nothing" : "'\(attempt.state.rawValue)'"
                fail(
                    place, .silent,
                    "it did not say that it is good within \(plan.gate.patienceSeconds) s, its last "
                        + "word was \(last)", now, &outcome)
                continue
            }
            guard attempt.state == .good || attempt.state == .proven else { continue }
            let before = attempt.baseline ?? .unknown
            let newest = facts.banks[attempt.gateway].flatMap {
                $0.timeMilliseconds >= attempt.good ? $0 : nil
            }
            if let newest {
                var suspicion = suspicions[place] ?? Suspicion()
                let finding = suspicion.look(newest, against: before, patience: patience)
                suspicions[place] = suspicion
                if case .bad(let kind, let words) = finding {
                    fail(place, kind, "it said that it is good, but \(words)", now, &outcome)
                    continue
                }
            }
            let heard = max(newest?.timeMilliseconds ?? 0, watchEnd(attempt))
            if now - heard > self.patience {
                fail(
                    place, .vanished,
                    "it said that it is good, and measured nothing for "
                        + "\(plan.gate.patienceSeconds) s", now, &outcome)
            } else if attempt.state == .good, watchEnd(attempt) <= now,
                let evidence = facts.evidence[attempt.gateway]
            {
                let finding = Watching.judge(
                    evidence.banks, raised: evidence.raised, against: before, from: attempt.good,
                    until: watchEnd(attempt), patience: patience)
                switch finding {
                case .good: step(place, .prove, at: now, &outcome)
                case .bad(let kind, let words):
                    fail(place, kind, "it said that it is good, but \(words)", now, &outcome)
                case .unknown: break
                }
            }
        }
    }

    /// Looks at the gates of all waves that have begun.
    private mutating func decide(at now: Int64, _ outcome: inout RolloutOutcome) {
        var verdict = GateVerdict.open
        for wave in 0...max(0, wave) {
            verdict = plan.gate.verdict(on: tally(ofWave: wave))
            if case .exceeded(let words) = verdict {
                return move(
                    .takeBack, "wave \(wave + 1): \(words)", by: Self.machine, at: now, &outcome)
            }
        }
        if state == .scheduled, now >= plan.start {
            move(.begin, "", by: Self.machine, at: now, &outcome)
        }
        guard state == .running else { return }
        switch verdict {
        case .open, .exceeded: break
        case .missed(let words):
            move(.hold, "wave \(wave + 1): \(words)", by: Self.machine, at: now, &outcome)
        case .passed where wave + 1 >= waveCount:
            move(.finish, "", by: Self.machine, at: now, &outcome)
        case .passed where plan.approval == .each:
            move(
                .hold, "wave \(wave + 1) has gone well, the next one waits for approval",
                by: Self.machine, at: now, &outcome)
        case .passed:
            wave += 1
            move(.advance, "wave \(wave) has gone well", by: Self.machine, at: now, &outcome)
            reason = ""
        }
    }

    /// Writes assignments for those that may be told.
    private mutating func tell(
        _ facts: RolloutFacts, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        // the end of a window is sought minute by minute
        var deadlines: [String: Int64] = [:]
        for gateway in facts.tell {
            guard let place = places[gateway], attempts[place].wave == wave,
                attempts[place].state == .waiting
            else { continue }
            let known = facts.known[gateway]
            attempts[place].previous = known?.set
            attempts[place].baseline = facts.banks[gateway].map {
                Baseline($0, raised: facts.raised[gateway] ?? [])
            }
            attempts[place].release = max(plan.set.release, (known?.release ?? 0) + 1)
            let zone = attempts[place].zone
            let deadline = deadlines[zone] ?? deadline(from: now, zone: zone, facts.clock)
            deadlines[zone] = deadline
            attempts[place].deadline = deadline
            attempts[place].told = now
            let assignment = Assignment(
                gateway: gateway, set: plan.set, release: attempts[place].release,
                notAfterMilliseconds: deadline, window: plan.window, zone: zone,
                rollout: plan.id)
            step(place, .assign, at: now, &outcome)
            outcome.handed.append(
                HandedAssignment(
                    gateway: gateway, release: assignment.release, document: assignment.document))
            outcome.sets[gateway] = plan.set
        }
    }

    private func deadline(from now: Int64, zone: String, _ clock: ZoneClock) -> Int64 {
        guard let window = plan.window else { return now + patience }
        return max(now + patience, window.endOfNext(in: zone, after: now, clock))
    }

    // MARK: - Going back

    /// Whether a gateway is among those that go back.
    private func goesBack(_ attempt: Attempt, worst: Int) -> Bool {
        attempt.state.isAttempted && (plan.takesBack == .all || attempt.wave >= worst)
    }

    /// The first wave that has too many failures, or the present one.
    private var worstWave: Int {
        (0...max(0, wave)).first { wave in
            if case .exceeded = plan.gate.verdict(on: tally(ofWave: wave)) { return true }
            return false
        } ?? wave
    }

    private mutating func takeBack(
        _ facts: RolloutFacts, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        let worst = worstWave
        var isOpen = false
        for place in attempts.indices where goesBack(attempts[place], worst: worst) {
            let attempt = attempts[place]
            if attempt.state.next(.recall) != nil {
                recall(place, facts, at: now, &outcome)
            } else if attempt.state == .recalled, now >= attempt.deadline {
                giveUp(
                    place, "it did not say that it went back within \(plan.gate.patienceSeconds) s",
                    now, &outcome)
            }
            if [.recalling, .recalled].contains(attempts[place].state) { isOpen = true }
        }
        if !isOpen { move(.settle, reason, by: Self.machine, at: now, &outcome) }
    }

    private mutating func recall(
        _ place: Int, _ facts: RolloutFacts, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        step(place, .recall, at: now, &outcome)
        let attempt = attempts[place]
        let release = attempt.release + 1
        attempts[place].returnRelease = release
        attempts[place].deadline = now + patience
        guard let set = attempt.previous ?? plan.fallback else {
            outcome.handed.append(
                HandedAssignment(gateway: attempt.gateway, release: release, document: nil))
            return giveUp(
                place, "no earlier set of it is known; its assignment is taken back", now, &outcome)
        }
        let assignment = Assignment(
            gateway: attempt.gateway, set: set, release: release,
            notAfterMilliseconds: now + Self.returnLife, zone: attempt.zone, rollout: plan.id)
        outcome.handed.append(
            HandedAssignment(
                gateway: attempt.gateway, release: release, document: assignment.document))
        outcome.sets[attempt.gateway] = set
    }

    private mutating func giveUp(
        _ place: Int, _ words: String, _ now: Int64, _ outcome: inout RolloutOutcome
    ) {
        guard step(place, .giveUp, at: now, &outcome) else { return }
        attempts[place].words += (attempts[place].words.isEmpty ? "" : "; ") + words
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
        let words = note.isEmpty ? "" : ": \(note)"
        switch decision {
        case .approve where state.next(.approve) != nil && isBarred(author):
            throw RolloutFault(
                "rollout '\(plan.id)' was made by '\(plan.author)', who cannot approve it: somebody else "
                    + "has to")
        case .approve where state == .held:
            if wave + 1 < waveCount {
                wave += 1
                try order(.approve, "", note, author, now, &outcome)
            } else {
                try order(.finish, "", note, author, now, &outcome)
            }
        case .approve: try order(.approve, "", note, author, now, &outcome)
        case .pause: try order(.pause, "paused by \(author)\(words)", note, author, now, &outcome)
        case .resume: try order(.resume, "", note, author, now, &outcome)
        case .abort where attempts.contains(where: \.state.isAttempted):
            try order(.takeBack, "ended by \(author)\(words)", note, author, now, &outcome)
        case .abort, .abandon:
            try order(.abort, "ended by \(author)\(words)", note, author, now, &outcome)
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
            throw RolloutFault(
                "rollout '\(plan.id)' is \(state.rawValue), which allows "
                    + (allowed.isEmpty ? "nothing more" : allowed))
        }
        move(event, reason, by: author, at: now, &outcome)
        self.reason = reason
    }

    // MARK: - Parts

    private mutating func move(
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
    private mutating func step(
        _ place: Int, _ event: AttemptState.Event, at now: Int64, _ outcome: inout RolloutOutcome
    ) -> Bool {
        guard attempts[place].step(event, at: now) else { return false }
        outcome.changed.insert(place)
        return true
    }

    private mutating func fail(
        _ place: Int, _ kind: AttemptFailure, _ words: String, _ now: Int64,
        _ outcome: inout RolloutOutcome
    ) {
        guard attempts[place].fail(kind, words, at: now) else { return }
        outcome.changed.insert(place)
        suspicions[place] = nil
    }
}

/// What a rollout looks at in one step.
package struct RolloutFacts: Sendable {
    /// What gateways reported, oldest first; those of before may come again.
    package var reports: [ReceivedReport] = []
    /// The newest measurement of each gateway.
    package var banks: [String: BankView] = [:]
    /// What those measured that are to be judged, and the alarms raised meanwhile.
    package var evidence: [String: (banks: [BankView], raised: Set<String>)] = [:]
    /// Gateways that may be told, the alarms that they raised in the days before, and what they were
    /// last assigned or said to run.
    package var tell: [String] = []
    package var raised: [String: Set<String>] = [:]
    package var known: [String: (set: SetRelease?, release: Int64)] = [:]
    /// The zones.
    package var clock: ZoneClock

    /// Nothing known yet.
    package init(clock: ZoneClock) { self.clock = clock }
}

/// What a step brought about; it is kept in one transaction.
package struct RolloutOutcome: Sendable {
    /// Places of the gateways that changed.
    package var changed: Set<Int> = []
    /// Assignments to publish, and the sets they are about.
    package var handed: [HandedAssignment] = []
    package var sets: [String: SetRelease] = [:]
    /// Whether the state of the rollout changed.
    package var hasMoved = false
    /// What was decided, by whom and why.
    package var notes: [RolloutStep] = []

    /// Nothing happened.
    package init() {}

    /// Whether there is nothing to keep.
    package var isEmpty: Bool { changed.isEmpty && handed.isEmpty && !hasMoved && notes.isEmpty }
}

/// One line of who did what.
package struct RolloutStep: Hashable, Sendable {
    /// A person, or the fleet itself.
    package var author: String
    /// What was done.
    package var what: String
    /// Why.
    package var detail: String
}
