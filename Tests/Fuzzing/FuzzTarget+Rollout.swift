import Rollouts

extension FuzzTarget {
    /// A release that somebody hands in, a plan that lies in the store, or the text of an option.
    ///
    /// What is taken is written and read again, and must be the same; its waves must have every gateway.
    func takeRollout(_ bytes: [UInt8]) {
        if let set = try? SetRelease(parsing: bytes) {
            precondition((try? SetRelease(parsing: Array(set.text.utf8))) == set)
            let assignment = Assignment(
                gateway: "gw", set: set, release: set.release, notAfterMilliseconds: .max,
                rollout: "fuzz")
            precondition(!assignment.document.isEmpty)
        }
        if let plan = try? RolloutPlan(parsing: bytes) {
            precondition((try? RolloutPlan(parsing: Array(plan.text.utf8))) == plan)
            precondition(Waves.sizes(plan.waves, of: 1_000).reduce(0, +) == 1_000)
            _ = plan.target.takes(Site(id: "gw"))
            var tally = WaveTally()
            (tally.gateways, tally.failures) = (1_000, [.silent: 500])
            _ = plan.gate.verdict(on: tally)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        if let waves = try? Waves.parse(text) {
            precondition(Waves.sizes(waves, of: 77).reduce(0, +) == 77)
        }
        if let window = MaintenanceWindow(text) { precondition(window.description == text) }
        if let share = Share(text) { precondition(Share(share.description) == share) }
    }
}
