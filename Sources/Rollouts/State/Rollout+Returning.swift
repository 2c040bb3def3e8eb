import Telemetry

/// Who goes back, and to what.
extension Rollout {
    /// How long an order to go back is valid, ms.
    private static var returnLife: Int64 { 365 * 86_400_000 }

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

    mutating func takeBack(
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
                    place,
                    RolloutReason.unreturned.filled(["seconds": plan.gate.patienceSeconds]), now,
                    &outcome)
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
            return giveUp(place, RolloutReason.noWayBack.filled(), now, &outcome)
        }
        let assignment = Assignment(
            gateway: attempt.gateway, set: set, release: release,
            notAfterMilliseconds: now + Self.returnLife, zone: attempt.zone, rollout: plan.id)
        outcome.handed.append(
            HandedAssignment(
                gateway: attempt.gateway, release: release, document: assignment.document))
        outcome.sets[attempt.gateway] = set
    }

    mutating func giveUp(
        _ place: Int, _ words: String, _ now: Int64, _ outcome: inout RolloutOutcome
    ) {
        guard step(place, .giveUp, at: now, &outcome) else { return }
        attempts[place].words += (attempts[place].words.isEmpty ? "" : "; ") + words
    }
}
