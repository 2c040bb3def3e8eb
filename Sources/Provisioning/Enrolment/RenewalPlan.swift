import Crypto

/// Decides when a certificate is renewed, tried again and complained about; performs nothing.
///
/// 1. Renewal begins between 60 and 70 % of the life, at a share that the gateway's id chooses: thousands of
///    gateways enrolled on one day do not come on one day.
/// 2. After a failure the wait doubles up to 12 hours or a fortieth of the life, and lies somewhere in
///    its upper half.
/// 3. From 85 % of the life on, somebody has to be told.
package struct RenewalPlan: Hashable, Sendable {
    /// What is due.
    package enum Step: Hashable, Sendable {
        /// Nothing until this moment, in seconds since 1970.
        case wait(until: Int64)
        /// Ask for a new certificate.
        case renew
        /// The certificate is over: another door is needed.
        case expired
    }

    /// Begin and end of the certificate, in seconds since 1970.
    package let life: ClosedRange<Int64>
    /// When renewal begins.
    package let renewAt: Int64
    /// From when on a certificate that is not renewed is an alarm.
    package let alarmAt: Int64
    private let gateway: String

    /// Plans for a certificate; moments outside the years 1970 to 9999 count as their edge.
    package init(gateway: String, life: ClosedRange<Int64>) {
        let years = Int64(0)...253_402_300_799
        let life = life.clamped(to: years)
        let length = life.upperBound - life.lowerBound
        let share = 6000 + Int64(Self.number(of: gateway) % 1001)
        self.gateway = gateway
        self.life = life
        renewAt = life.lowerBound + length * share / 10_000
        alarmAt = life.lowerBound + length * 85 / 100
    }

    /// What is due at `now` after so many failures in a row, the last of them at `lastFailure`; moments in
    /// seconds since 1970.
    package func step(now: Int64, failures: Int = 0, lastFailure: Int64? = nil) -> Step {
        guard now <= life.upperBound else { return .expired }
        guard now >= renewAt else { return .wait(until: renewAt) }
        guard failures > 0, let lastFailure else { return .renew }
        let delay = delay(afterFailures: failures)
        let (next, overflow) = lastFailure.addingReportingOverflow(delay)
        // A failure in the future, or long past, was stamped by another clock.
        return overflow || now >= next || now < lastFailure ? .renew : .wait(until: next)
    }

    /// Whether somebody has to be told at `now`.
    package func isAlarming(now: Int64) -> Bool { now >= alarmAt }

    /// How long to wait after so many failures in a row, in seconds, at least 1.
    package func delay(afterFailures failures: Int) -> Int64 {
        let longest = max(2, min(12 * 3600, (life.upperBound - life.lowerBound) / 40))
        let doublings = min(max(0, failures - 1), 20)
        let whole = min(longest, 60 << Int64(doublings))
        let part = Int64(Self.number(of: "\(gateway) \(failures)") % 1001)
        return whole / 2 + (whole - whole / 2) * part / 1000
    }

    /// A number that is the same for the same text on every machine and spread evenly over texts.
    private static func number(of text: String) -> UInt64 {
        SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
