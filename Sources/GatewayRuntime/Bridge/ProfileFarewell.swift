import CANProfile
import Quantities

/// How a profile is left for one of another family.
///
/// An inverter must not take the last limits of one protocol for standing ones while it is told others in
/// another. So the old profile's stop is sent for two of its cycles, as long as it knows a stop in frames;
/// then a cycle of silence; then the new profile begins as its own rules say.
enum ProfileFarewell: Hashable {
    /// Nothing has to be said: the family stays, or all is said.
    case none
    /// Stop frames, then so long silence.
    case stopping(until: Instant, silence: TimeSpan)
    /// Nothing is sent.
    case silent(until: Instant)

    /// What leaving one profile for the other asks for.
    init(from old: CANProfile, to new: CANProfile, now: Instant) {
        self = old.isSameFamily(as: new) ? .none : ProfileFarewell(leaving: old, now: now)
    }

    /// What leaving a profile for one that another bridge will speak asks for.
    init(leaving old: CANProfile, now: Instant) {
        let cycle = old.longestCycle
        self =
            old.stop.limits == .silence
            ? .silent(until: now + cycle) : .stopping(until: now + cycle + cycle, silence: cycle)
    }

    /// The longest time that leaving a profile takes.
    static func longest(_ old: CANProfile) -> TimeSpan {
        let cycle = old.longestCycle
        return cycle + cycle + cycle
    }

    /// Whether frames must not leave.
    var isSilent: Bool {
        if case .silent = self { true } else { false }
    }

    /// Time went by.
    mutating func advance(to now: Instant) {
        if case .stopping(let until, let silence) = self, now >= until {
            self = .silent(until: now + silence)
        }
        if case .silent(let until) = self, now >= until { self = .none }
    }
}
