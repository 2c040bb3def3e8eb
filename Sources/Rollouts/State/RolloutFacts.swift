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
