import FleetStore

/// How far a rollout is, with its gateways counted and not named.
package struct RolloutSummary: Sendable {
    /// What was asked for.
    package let plan: RolloutPlan
    /// How far it is, since when, in which wave from 0, and why it is held, paused or ended.
    package let state: RolloutState, since: Int64, wave: Int, reason: String
    /// Unix time in milliseconds when it was made.
    package let made: Int64
    /// Its waves.
    package private(set) var waves: [WaveTally]
    /// All its gateways by how far they are, those that failed aside.
    package private(set) var states: [AttemptState: Int] = [:]
    /// Those that shall go back or have, failed or not.
    package private(set) var sentBack = 0

    /// Counts the gateways of a rollout.
    package init(_ rollout: Rollout, made: Int64) {
        self.init(rollout, made: made, [])
        waves = (0..<rollout.waveCount).map { rollout.tally(ofWave: $0) }
        for attempt in rollout.attempts {
            if attempt.state.isSentBack { sentBack += 1 }
            if attempt.failure == nil { states[attempt.state, default: 0] += 1 }
        }
    }

    /// A rollout whose gateways the store has counted.
    init(_ rollout: Rollout, made: Int64, _ counts: [RolloutGatewayCount]) {
        plan = rollout.plan
        (state, since, wave, reason) = (rollout.state, rollout.since, rollout.wave, rollout.reason)
        self.made = made
        waves = Array(repeating: WaveTally(), count: Int((counts.map(\.wave).max() ?? -1) + 1))
        for count in counts where waves.indices.contains(Int(count.wave)) {
            let (wave, gateways) = (Int(count.wave), Int(count.gateways))
            let state = AttemptState(rawValue: count.state) ?? .waiting
            waves[wave].gateways += gateways
            if state.isAttempted { waves[wave].attempted += gateways }
            if state.isSentBack { sentBack += gateways }
            if let failure = AttemptFailure(rawValue: count.failure) {
                waves[wave].failures[failure, default: 0] += gateways
            } else {
                if state == .proven { waves[wave].proven += gateways }
                states[state, default: 0] += gateways
            }
        }
    }

    /// All that failed.
    package var failed: Int { waves.reduce(0) { $0 + $1.failed } }
    /// All gateways.
    package var gateways: Int { waves.reduce(0) { $0 + $1.gateways } }
}
