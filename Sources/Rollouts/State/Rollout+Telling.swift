/// Who is told, and when.
extension Rollout {
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

    /// Writes assignments for those that may be told.
    mutating func tell(
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
}
