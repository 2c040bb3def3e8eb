/// Looks after the pair in use: renews it in time, goes on with what waits, tells when somebody has to act.
///
/// Owned by one thread, which calls ``step()`` and then sleeps as long as that says. A gateway offline for
/// a year loses nothing by it: each step ends, and the pair in use stays until a better one has worked.
package struct IdentityKeeper {
    /// What came of a step.
    package struct Report: Sendable {
        /// Seconds until the next step, 1…86400.
        package let wait: Int64
        /// The pair that is new in use, after which connections have to be made anew.
        package let adopted: IdentityPair?
        /// Why it did not go on.
        package let error: ProvisioningError?
        /// Whether the certificate nears its end, or is past it, without a new one.
        package let isAlarming: Bool
    }

    private let enrolment: Enrolment
    private let store: IdentityStore
    private let floor: TimeFloor
    private let fleet: String
    private var failures = 0
    private var lastFailure: Int64?
    private var adoptedAt: Int64?
    /// Seconds until another process that changes the identity has probably finished.
    private static let politeWait: Int64 = 5

    /// Keeps the pair of `store` fresh at `fleet`.
    package init(
        store: IdentityStore, floor: TimeFloor, fleet: String,
        connect: @escaping FleetConnection.Connect
    ) {
        enrolment = Enrolment(store: store, floor: floor, connect: connect)
        (self.store, self.floor, self.fleet) = (store, floor, fleet)
    }

    /// Somebody else changed the identity or set the clock: earlier failures say nothing any more.
    package mutating func noteChange() { (failures, lastFailure, adoptedAt) = (0, nil, nil) }

    /// Does what is due now; blocks while it asks the fleet.
    package mutating func step() -> Report {
        let now = floor.reading.now
        let selection = try? store.select(clock: floor.reading)
        let plan = selection.map { RenewalPlan(gateway: $0.pair.gateway, life: $0.pair.life) }
        let isAlarming = plan?.isAlarming(now: now) ?? true
        if let wait = wait(now, plan, selection) {
            return Report(wait: wait, adopted: nil, error: nil, isAlarming: isAlarming)
        }
        do throws(ProvisioningError) {
            let outcome = try enrolment.advance(try pending())
            (failures, lastFailure) = (0, nil)
            switch outcome {
            case .waiting(let seconds):
                return Report(
                    wait: Self.bounded(seconds), adopted: nil, error: nil, isAlarming: isAlarming)
            case .adopted(let pair):
                adoptedAt = now
                return Report(wait: 1, adopted: pair, error: nil, isAlarming: false)
            }
        } catch {
            if error.kind == .busy {
                return Report(
                    wait: Self.politeWait, adopted: nil, error: nil, isAlarming: isAlarming)
            }
            failures = min(failures + 1, 1000)
            lastFailure = now
            let delay = plan?.delay(afterFailures: failures) ?? 3600
            return Report(
                wait: Self.bounded(delay), adopted: nil, error: error, isAlarming: isAlarming)
        }
    }

    private func pending() throws(ProvisioningError) -> PendingPair {
        if let pending = enrolment.pending() { return pending }
        return try enrolment.beginRenewal(fleet: fleet)
    }

    /// Seconds in which nothing is due; nil when something is.
    private func wait(
        _ now: Int64, _ plan: RenewalPlan?, _ selection: IdentitySelection?
    ) -> Int64? {
        if failures == 0, enrolment.pending() != nil { return nil }
        if let plan, let rest = rest(now, plan) { return rest }
        // A pair from the factory opens the door only, and one that is over asks at once, then backs off.
        let isDue = plan == nil || selection?.door == .factory
        if let plan, !isDue, failures == 0,
            case .wait(let moment) = plan.step(now: now)
        {
            return Self.bounded(moment - now)
        }
        guard failures > 0, let lastFailure else { return nil }
        let delay = plan?.delay(afterFailures: failures) ?? 3600
        let (rest, overflow) = (lastFailure &+ delay).subtractingReportingOverflow(now)
        return overflow || rest <= 0 || rest > delay ? nil : Self.bounded(rest)
    }

    /// Seconds that a pair adopted here is kept for in any case; nil when they are over.
    ///
    /// By a clock far ahead each new certificate is due at once; the fleet must not be asked for one a
    /// second.
    private func rest(_ now: Int64, _ plan: RenewalPlan) -> Int64? {
        guard let adoptedAt else { return nil }
        let least = max(60, min(12 * 3600, (plan.life.upperBound - plan.life.lowerBound) / 10))
        let (passed, overflow) = now.subtractingReportingOverflow(adoptedAt)
        guard !overflow, (0..<least).contains(passed) else { return nil }
        return Self.bounded(least - passed)
    }

    private static func bounded(_ seconds: Int64) -> Int64 { min(max(1, seconds), 86_400) }
}
