import Telemetry

/// Why a rollout or one of its gateways stands where it does.
package enum RolloutReason: String, Sentence {
    // of a rollout
    case inWave = "in_wave"
    case waveFailed = "wave_failed"
    case waveFailing = "wave_failing"
    case waveMissed = "wave_missed"
    case waveWaits = "wave_waits"
    case waveWell = "wave_well"
    case paused = "paused"
    case pausedNoted = "paused_noted"
    case ended = "ended"
    case endedNoted = "ended_noted"
    case setRemoved = "set_removed"
    // of a gateway
    case silent = "silent"
    case silentSince = "silent_since"
    case refused = "refused"
    case reverted = "reverted"
    case notGood = "not_good"
    case vanished = "vanished"
    case noWayBack = "no_way_back"
    case unreturned = "unreturned"
    case cannotReturn = "cannot_return"
    // what was measured
    case busDown = "bus_down"
    case keepAlive = "keep_alive"
    case newAlarms = "new_alarms"
    case framesStalled = "frames_stalled"

    package var words: String {
        switch self {
        case .inWave: "wave {wave}: {reason}"
        case .waveFailed:
            "{failed} of {attempted} gateways reached failed, allowed {allowed} ({share} of a wave "
                + "of {gateways}): {reason}"
        case .waveFailing:
            "{failed} of {attempted} gateways reached failed, allowed {allowed} so far ({share} of a "
                + "wave of {gateways}): {reason}"
        case .waveMissed:
            "{proven} of {gateways} gateways are proven, needed {needed} ({share}): {reason}"
        case .waveWaits: "wave {wave} has gone well, the next one waits for approval"
        case .waveWell: "wave {wave} has gone well"
        case .paused: "paused by {author}"
        case .pausedNoted: "paused by {author}: {note}"
        case .ended: "ended by {author}"
        case .endedNoted: "ended by {author}: {note}"
        case .setRemoved: "assignments of {count} gateways: '{set}' is removed"
        case .silent:
            "it did not say that it is good within {seconds} s, its last word was nothing"
        case .silentSince:
            "it did not say that it is good within {seconds} s, its last word was '{state}'"
        case .refused: "it could not install the set: {reason}"
        case .reverted: "it went back by itself: {reason}"
        case .notGood: "it said that it is good, but {reason}"
        case .vanished: "it said that it is good, and measured nothing for {seconds} s"
        case .noWayBack: "no earlier set of it is known; its assignment is taken back"
        case .unreturned: "it did not say that it went back within {seconds} s"
        case .cannotReturn: "it says that it cannot go back: {reason}"
        case .busDown: "its CAN bus is '{bus}'"
        case .keepAlive: "the inverter's keep-alive is '{state}'"
        case .newAlarms: "new alarms: {alarms}"
        case .framesStalled: "no frame went out for {seconds} s, the count stands at {count}"
        }
    }

    /// The sentence with a note that somebody made, or the one without.
    static func noted(
        _ plain: RolloutReason, _ noted: RolloutReason, by author: String, _ note: String
    ) -> String {
        note.isEmpty
            ? plain.filled(["author": author]) : noted.filled(["author": author, "note": note])
    }
}

/// How many failed, and in which manner.
package enum FailureCount: String, Sentence {
    case silent = "failed_silent"
    case refused = "failed_refused"
    case reverted = "failed_reverted"
    case frames = "failed_frames"
    case inverter = "failed_inverter"
    case packs = "failed_packs"
    case alarm = "failed_alarm"
    case vanished = "failed_vanished"

    package var words: String {
        switch self {
        case .silent: "{count} silent"
        case .refused: "{count} could not install"
        case .reverted: "{count} went back by themselves"
        case .frames: "{count} with frames that stopped"
        case .inverter: "{count} with an inverter that was lost"
        case .packs: "{count} with packs that were lost"
        case .alarm: "{count} with new alarms"
        case .vanished: "{count} that measured nothing more"
        }
    }

    /// The words for gateways that failed in a manner.
    init(_ failure: AttemptFailure) {
        self =
            switch failure {
            case .silent: .silent
            case .refused: .refused
            case .reverted: .reverted
            case .frames: .frames
            case .inverter: .inverter
            case .packs: .packs
            case .alarm: .alarm
            case .vanished: .vanished
            }
    }
}
