import Telemetry

/// When a wave has gone well, when it has not, and how long to wait for word.
package struct SuccessGate: Hashable, Sendable {
    /// So many of a wave's gateways must have proven good before the next wave begins.
    package var success: Share = .part(9_500)
    /// More failures than this among a wave's gateways stop the rollout and take the wave back; while
    /// not all were told yet, more than this among those that were.
    package var failures: Share = .part(500)
    /// Seconds within which a gateway must have said that it is good; after them its silence is a
    /// failure, 60…31 536 000.
    package var patienceSeconds = 86_400
    /// Seconds for which a gateway is watched after it said so, 1…2 592 000.
    package var watchSeconds = 1_800

    /// The defaults.
    package init() {}

    /// Where a wave stands, counted over all gateways of it: one that never answers counts like one
    /// that says no.
    package func verdict(on tally: WaveTally) -> GateVerdict {
        // houses whose windows open first must not bear the failures that the others are allowed
        let allowed = min(
            failures.roundedDown(of: tally.gateways), failures.roundedUp(of: tally.attempted))
        if tally.failed > allowed {
            let reason =
                tally.attempted < tally.gateways ? RolloutReason.waveFailing : .waveFailed
            return .exceeded(
                reason.filled([
                    "failed": tally.failed, "attempted": tally.attempted, "allowed": allowed,
                    "share": failures, "gateways": tally.gateways, "reason": tally.reasons,
                ]))
        }
        guard tally.proven + tally.failed == tally.gateways else { return .open }
        let needed = success.roundedUp(of: tally.gateways)
        guard tally.proven >= needed else {
            return .missed(
                RolloutReason.waveMissed.filled([
                    "proven": tally.proven, "gateways": tally.gateways, "needed": needed,
                    "share": success, "reason": tally.reasons,
                ]))
        }
        return .passed
    }
}

/// Where a wave stands.
package enum GateVerdict: Hashable, Sendable {
    /// Gateways are still to be told, or to answer, or watched.
    case open
    /// All have answered, enough of them well.
    case passed
    /// All have answered, not enough well but not too many badly; with the reason.
    case missed(String)
    /// Too many have failed; with the reason.
    case exceeded(String)
}

/// The gateways of a wave, counted.
package struct WaveTally: Hashable, Sendable {
    /// All of them, and those that were told.
    package var gateways = 0, attempted = 0
    /// Those that said they are good and were seen to be.
    package var proven = 0
    /// Those that failed, by kind.
    package var failures: [AttemptFailure: Int] = [:]

    /// Nothing counted.
    package init() {}

    /// Counts gateways.
    package init(_ attempts: some Sequence<Attempt>) {
        for attempt in attempts {
            gateways += 1
            if attempt.state.isAttempted { attempted += 1 }
            if let failure = attempt.failure {
                failures[failure, default: 0] += 1
            } else if attempt.state == .proven {
                proven += 1
            }
        }
    }

    /// All that failed.
    package var failed: Int { failures.values.reduce(0, +) }

    /// `3 silent, 1 frames stopped`.
    package var reasons: String {
        AttemptFailure.allCases.compactMap { kind in
            failures[kind].map { FailureCount(kind).filled(["count": $0]) }
        }.joined(separator: ", ")
    }
}
