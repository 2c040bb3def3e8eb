/// How far a rollout is.
package enum RolloutState: String, CaseIterable, Hashable, Sendable {
    /// Waits for somebody to approve it.
    case proposed
    /// Approved; its start has not come.
    case scheduled
    /// Gateways of its wave are told, and watched.
    case running
    /// Its wave has answered, and somebody has to decide.
    case held
    /// Somebody stopped it for now: nobody more is told, those that were are watched.
    case paused
    /// Gateways go back to their previous set.
    case returning
    /// All waves have gone well.
    case complete
    /// Too many failed, or somebody ended it, and its gateways were told to go back.
    case returned
    /// Somebody ended it, and gateways keep what they have.
    case aborted

    /// What happens to a rollout.
    package enum Event: String, CaseIterable, Hashable, Sendable {
        /// Somebody approves it as a whole, or the next wave.
        case approve
        /// Its start has come.
        case begin
        /// Its wave has gone well and there is another one.
        case advance
        /// Its wave has gone well, and the next one wants an approval; or not well enough.
        case hold
        /// Its last wave is done.
        case finish
        /// Too many gateways failed, or somebody ends it and wants them to go back.
        case takeBack
        /// Every gateway that was to go back has answered, or its time is over.
        case settle
        case pause, resume
        /// Somebody ends it, and gateways keep what they have.
        case abort
    }

    /// Every step there is; anything else is refused.
    package static let table: [(from: [RolloutState], on: Event, to: RolloutState)] = [
        ([.proposed], .approve, .scheduled),
        ([.scheduled], .begin, .running),
        ([.running], .advance, .running),
        ([.running], .hold, .held),
        ([.running], .finish, .complete),
        ([.held], .approve, .running),
        ([.held], .finish, .complete),
        ([.scheduled, .running, .held], .pause, .paused),
        ([.paused], .resume, .scheduled),
        ([.scheduled, .running, .held, .paused], .takeBack, .returning),
        ([.returning], .settle, .returned),
        ([.proposed, .scheduled, .running, .held, .paused, .returning], .abort, .aborted),
    ]

    /// Where an event leads; nil when it is refused.
    package func next(_ event: Event) -> RolloutState? {
        Self.table.first { $0.on == event && $0.from.contains(self) }?.to
    }

    /// Whether nothing happens any more.
    package var isOver: Bool { [.complete, .returned, .aborted].contains(self) }

    /// Whether gateways that were told are looked at, and too many failures take them back.
    package var isWatching: Bool { [.scheduled, .running, .held, .paused].contains(self) }
}
