/// What a gateway reaches.
package struct Reach: Hashable, Sendable {
    /// Packs that answer.
    package var packs: Int
    /// Whether the bus carries frames and, where the inverter speaks, it is heard.
    package var inverter: Bool
    /// Whether the broker is connected.
    package var link: Bool

    /// Nothing, unless said otherwise.
    package init(packs: Int = 0, inverter: Bool = false, link: Bool = false) {
        self.packs = packs
        self.inverter = inverter
        self.link = link
    }

    /// What of this is expected of a configuration with so many packs, with or without a broker.
    package func expected(packs: Int, hasLink: Bool) -> Reach {
        Reach(packs: min(self.packs, packs), inverter: inverter, link: link && hasLink)
    }

    /// What is missing for another, in words; empty when nothing is.
    package func missing(for expected: Reach) -> [String] {
        var words: [String] = []
        if packs < expected.packs {
            words.append("\(packs) packs answer, expected \(expected.packs) as before")
        }
        if expected.inverter, !inverter {
            words.append("the inverter is not reached, and was before")
        }
        if expected.link, !link { words.append("the broker is not reached, and was before") }
        return words
    }
}

/// Decides whether an applied document may stay; has no clock and does nothing.
///
/// What was reached before must be reached again within the deadline, and the fleet must have
/// answered. What was not reached before is not asked for: a document may be sent because something is
/// broken.
package struct ConfigurationTrial: Sendable {
    /// How it stands.
    package enum Verdict: Hashable, Sendable {
        /// Something is missing and there is time.
        case waiting
        /// Everything is reached.
        case confirmed
        /// The time is over; what is missing.
        case failed([String])
    }

    private let expects: Reach
    private let deadline: Int64
    private var fleetTrouble: String?

    /// Begins at `now`, in nanoseconds of a monotonic clock, for `seconds`.
    package init(expects: Reach, now: Int64, seconds: Int) {
        self.expects = expects
        let (deadline, overflow) = now.addingReportingOverflow(
            Int64(clamping: seconds) * 1_000_000_000)
        self.deadline = overflow ? .max : deadline
        fleetTrouble = "the fleet was not asked yet"
    }

    /// The fleet has answered, or why not.
    package mutating func noteFleet(trouble: String?) { fleetTrouble = trouble }

    /// Whether the fleet has answered since the document was applied.
    package var hasFleet: Bool { fleetTrouble == nil }

    /// Judges what is reached at `now`.
    package func judge(_ reach: Reach, now: Int64) -> Verdict {
        var missing = reach.missing(for: expects)
        if let fleetTrouble { missing.append("the fleet is not reached: \(fleetTrouble)") }
        if missing.isEmpty { return .confirmed }
        return now < deadline ? .waiting : .failed(missing)
    }
}
