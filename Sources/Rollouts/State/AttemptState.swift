/// How far a gateway is in a rollout.
package enum AttemptState: String, CaseIterable, Hashable, Sendable {
    /// Its wave has not begun, or its window is closed.
    case waiting
    /// Its assignment is written and not published yet.
    case assigned
    /// Its assignment is published; the time for its word runs.
    case told
    /// It says that it has the set.
    case delivered
    /// It says that it swapped to the set and tries it.
    case applied
    /// It says that the set is good; it is watched.
    case good
    /// It said so and was seen to be good.
    case proven
    /// It failed, for the reason that stands beside.
    case failed
    /// It shall go back; the assignment is written and not published yet.
    case recalling
    /// It shall go back; the time for its word runs.
    case recalled
    /// It says that the previous set is good.
    case returned
    /// It had no word on going back in time, or there was no set to go back to.
    case unreturned

    /// What happens to a gateway.
    package enum Event: String, CaseIterable, Hashable, Sendable {
        case assign, publish, deliver, apply, good, prove, fail, recall, returned, giveUp
    }

    /// Every step there is; anything else changes nothing.
    ///
    /// A gateway may skip reports, for an event that was lost is not sent twice. What failed stays
    /// failed whatever it says later: one that flaps is not good. A gateway that is proven is still
    /// watched, and may yet fail, until the rollout ends.
    package static let table: [(from: [AttemptState], on: Event, to: AttemptState)] = [
        ([.waiting], .assign, .assigned),
        ([.assigned], .publish, .told),
        ([.assigned, .told], .deliver, .delivered),
        ([.assigned, .told, .delivered], .apply, .applied),
        ([.assigned, .told, .delivered, .applied], .good, .good),
        ([.good], .prove, .proven),
        ([.assigned, .told, .delivered, .applied, .good, .proven], .fail, .failed),
        ([.assigned, .told, .delivered, .applied, .good, .proven, .failed], .recall, .recalling),
        ([.recalling], .publish, .recalled),
        ([.recalling, .recalled, .unreturned], .returned, .returned),
        ([.recalling, .recalled], .giveUp, .unreturned),
    ]

    /// Where an event leads; nil when it changes nothing.
    package func next(_ event: Event) -> AttemptState? {
        Self.table.first { $0.on == event && $0.from.contains(self) }?.to
    }

    /// Whether the gateway was given something to install.
    package var isAttempted: Bool { self != .waiting }

    /// Whether it shall go back or has.
    package var isSentBack: Bool {
        [.recalling, .recalled, .returned, .unreturned].contains(self)
    }

    /// Whether its word on the new set is awaited.
    package var isAwaited: Bool { [.told, .delivered, .applied].contains(self) }
}

/// Why a gateway counts as failed.
package enum AttemptFailure: String, CaseIterable, Hashable, Sendable {
    /// It had not said in time that it is good.
    case silent
    /// It says that it could not install the set.
    case refused
    /// It says that it went back by itself.
    case reverted
    /// It said that it is good, and its frames to the inverter stopped.
    case frames
    /// It said that it is good, and the inverter answers no more, or its bus is down.
    case inverter
    /// It said that it is good, and fewer packs answer than before.
    case packs
    /// It said that it is good, and an alarm is up that it did not know before.
    case alarm
    /// It said that it is good, and nothing was measured since.
    case vanished
}
