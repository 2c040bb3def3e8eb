import Telemetry

/// What gateways say and do, and where that leaves their wave.
extension Rollout {
    /// Gateways whose time of watching is over, with the span that is to be looked at.
    package func toJudge(at now: Int64) -> [(gateway: String, from: Int64, until: Int64)] {
        guard state.isWatching else { return [] }
        return attempts.filter { $0.state == .good && watchEnd($0) <= now }
            .map { ($0.gateway, $0.good, watchEnd($0)) }
    }

    private func watchEnd(_ attempt: Attempt) -> Int64 {
        attempt.good + Int64(plan.gate.watchSeconds) * 1000
    }

    /// Takes a gateway's word.
    mutating func hear(
        _ report: ReceivedReport, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        guard report.rollout == plan.id, let place = places[report.gateway] else { return }
        let attempt = attempts[place]
        if attempt.returnRelease > 0, report.release == attempt.returnRelease {
            if report.kind == .good { step(place, .returned, at: now, &outcome) }
            if [.failed, .reverted].contains(report.kind) {
                let words = RolloutReason.cannotReturn.filled(["reason": report.reason])
                giveUp(place, words, now, &outcome)
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
            let words = RolloutReason.reverted.filled(["reason": report.reason])
            fail(place, .reverted, words, now, &outcome)
        case .failed:
            let words = RolloutReason.refused.filled(["reason": report.reason])
            fail(place, .refused, words, now, &outcome)
        }
    }

    /// Looks at silence, and at what gateways measure.
    mutating func watch(
        _ facts: RolloutFacts, at now: Int64, _ outcome: inout RolloutOutcome
    ) {
        let patience = Watching.patience(watching: plan.gate.watchSeconds)
        for place in attempts.indices where attempts[place].failure == nil {
            let attempt = attempts[place]
            if attempt.state.isAwaited, now >= attempt.deadline {
                let reason = attempt.state == .told ? RolloutReason.silent : .silentSince
                let words = reason.filled([
                    "seconds": plan.gate.patienceSeconds, "state": attempt.state.rawValue,
                ])
                fail(place, .silent, words, now, &outcome)
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
                    fail(
                        place, kind, RolloutReason.notGood.filled(["reason": words]), now, &outcome)
                    continue
                }
            }
            let heard = max(newest?.timeMilliseconds ?? 0, watchEnd(attempt))
            if now - heard > self.patience {
                let words = RolloutReason.vanished.filled(["seconds": plan.gate.patienceSeconds])
                fail(place, .vanished, words, now, &outcome)
            } else if attempt.state == .good, watchEnd(attempt) <= now,
                let evidence = facts.evidence[attempt.gateway]
            {
                let finding = Watching.judge(
                    evidence.banks, raised: evidence.raised, against: before, from: attempt.good,
                    until: watchEnd(attempt), patience: patience)
                switch finding {
                case .good: step(place, .prove, at: now, &outcome)
                case .bad(let kind, let words):
                    fail(
                        place, kind, RolloutReason.notGood.filled(["reason": words]), now, &outcome)
                case .unknown: break
                }
            }
        }
    }

    /// Looks at the gates of all waves that have begun.
    mutating func decide(at now: Int64, _ outcome: inout RolloutOutcome) {
        var verdict = GateVerdict.open
        for wave in 0...max(0, wave) {
            verdict = plan.gate.verdict(on: tally(ofWave: wave))
            if case .exceeded(let words) = verdict {
                let reason = RolloutReason.inWave.filled(["wave": wave + 1, "reason": words])
                return move(.takeBack, reason, by: Self.machine, at: now, &outcome)
            }
        }
        if state == .scheduled, now >= plan.start {
            move(.begin, "", by: Self.machine, at: now, &outcome)
        }
        guard state == .running else { return }
        switch verdict {
        case .open, .exceeded: break
        case .missed(let words):
            let reason = RolloutReason.inWave.filled(["wave": wave + 1, "reason": words])
            move(.hold, reason, by: Self.machine, at: now, &outcome)
        case .passed where wave + 1 >= waveCount:
            move(.finish, "", by: Self.machine, at: now, &outcome)
        case .passed where plan.approval == .each:
            move(
                .hold, RolloutReason.waveWaits.filled(["wave": wave + 1]), by: Self.machine,
                at: now,
                &outcome)
        case .passed:
            wave += 1
            move(
                .advance, RolloutReason.waveWell.filled(["wave": wave]), by: Self.machine, at: now,
                &outcome)
            reason = ""
        }
    }
}
