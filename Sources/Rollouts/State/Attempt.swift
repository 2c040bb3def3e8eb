/// One gateway of a rollout.
package struct Attempt: Hashable, Sendable {
    /// The gateway's id.
    package var gateway: String
    /// Its wave and its place in the rollout, from 0.
    package var wave: Int, place: Int
    /// Its time zone; `UTC` where nobody said.
    package var zone: String
    /// How far it is.
    package var state = AttemptState.waiting
    /// Why it failed; stays when it is sent back.
    package var failure: AttemptFailure?
    /// What is to be said about that.
    package var words = ""
    /// Counters of its assignment and of the one that sends it back; 0 while there is none.
    package var release: Int64 = 0, returnRelease: Int64 = 0
    /// What it was to run before; nil when that is not known.
    package var previous: SetRelease?
    /// How its bank was before; nil when it was never seen.
    package var baseline: Baseline?
    /// Unix times in milliseconds: when its state began, when it was told, until when its word is
    /// awaited, and when it said that it is good; 0 while that is not so.
    package var since: Int64 = 0, told: Int64 = 0, deadline: Int64 = 0, good: Int64 = 0

    /// A gateway that waits.
    package init(gateway: String, wave: Int, place: Int, zone: String) {
        self.gateway = gateway
        self.wave = wave
        self.place = place
        self.zone = zone
    }

    /// Takes a step; false when there is none from here.
    mutating func step(_ event: AttemptState.Event, at now: Int64) -> Bool {
        guard let next = state.next(event) else { return false }
        state = next
        since = now
        return true
    }

    /// Counts it as failed; the first reason stays.
    mutating func fail(_ kind: AttemptFailure, _ words: String, at now: Int64) -> Bool {
        guard step(.fail, at: now) else { return false }
        failure = kind
        self.words = words
        return true
    }
}

/// What a gateway reports of an update.
package struct ReceivedReport: Hashable, Sendable {
    /// What became of it; the raw value is the code of the event.
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case delivered = "update_delivered"
        case applied = "update_applied"
        case good = "update_good"
        case reverted = "update_reverted"
        case failed = "update_failed"
    }

    /// The gateway's id.
    package var gateway: String
    /// What became of it.
    package var kind: Kind
    /// The rollout and the counter of the assignment.
    package var rollout: String, release: Int64
    /// Why, where it did not go well.
    package var reason: String
    /// Unix time in milliseconds when it was made.
    package var timeMilliseconds: Int64

    /// Joins the parts.
    package init(
        gateway: String, kind: Kind, rollout: String, release: Int64, reason: String = "",
        timeMilliseconds: Int64
    ) {
        self.gateway = gateway
        self.kind = kind
        self.rollout = rollout
        self.release = release
        self.reason = reason
        self.timeMilliseconds = timeMilliseconds
    }
}
