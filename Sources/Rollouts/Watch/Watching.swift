import Telemetry

/// What a gateway is found to be, whatever it says of itself.
package enum Finding: Hashable, Sendable {
    /// Nothing is wrong, and there is enough to say so.
    case good
    /// Something is worse than before.
    case bad(AttemptFailure, String)
    /// There is too little to say.
    case unknown
}

/// Compares what was measured with how it was before.
package enum Watching {
    /// Milliseconds after which what is wrong is no accident: half the time of watching, 20 s at most.
    ///
    /// Frames go out every second or more often.
    package static func patience(watching seconds: Int) -> Int64 {
        min(20_000, Int64(seconds) * 500)
    }

    /// Looks at one measurement.
    package static func look(_ bank: BankView, against before: Baseline) -> Finding {
        if before.isOnBus, !bank.isOnBus {
            return .bad(.inverter, RolloutReason.busDown.filled(["bus": bank.bus]))
        }
        if before.isAnswered, bank.keepAlive != "present" {
            return .bad(
                .inverter, RolloutReason.keepAlive.filled(["state": bank.keepAlive]))
        }
        if bank.packsOnline < before.packsOnline {
            return .bad(
                .packs,
                UpdateReason.packsLost.filled([
                    "count": bank.packsOnline, "before": before.packsOnline,
                ]))
        }
        let new = bank.alarms.subtracting(before.alarms).sorted()
        return new.isEmpty ? .good : raised(new)
    }

    /// Judges all that was measured from one moment until another, oldest first, and the alarms raised
    /// meanwhile; Unix times in milliseconds.
    ///
    /// Measurements that end long before the time does say too little: whoever fell silent is not good.
    package static func judge(
        _ banks: [BankView], raised: Set<String>, against before: Baseline, from: Int64,
        until: Int64, patience: Int64
    ) -> Finding {
        if before.sendsFrames, let stalled = stall(banks, patience) { return stalled }
        let slack = max((until - from) / 4, patience)
        guard let first = banks.first, let last = banks.last,
            last.timeMilliseconds >= until - slack,
            last.timeMilliseconds > first.timeMilliseconds
        else { return .unknown }
        // what was wrong at one moment only may be the link to a pack; at the end it counts
        let finding = look(last, against: before)
        guard finding == .good else { return finding }
        let new = raised.subtracting(before.alarms).sorted()
        return new.isEmpty ? .good : Self.raised(new)
    }

    private static func raised(_ alarms: [String]) -> Finding {
        .bad(
            .alarm, RolloutReason.newAlarms.filled(["alarms": alarms.joined(separator: ", ")]))
    }

    /// Whether the count of frames stood still for longer than the stall time; a count that falls is
    /// that of a new start.
    private static func stall(_ banks: [BankView], _ patience: Int64) -> Finding? {
        var last: (frames: Int64, since: Int64)?
        for bank in banks {
            guard let frames = bank.framesSent else { continue }
            if let known = last, known.frames == frames {
                let still = bank.timeMilliseconds - known.since
                if still >= patience {
                    return .bad(
                        .frames,
                        RolloutReason.framesStalled.filled([
                            "seconds": still / 1000, "count": frames,
                        ]))
                }
            } else {
                last = (frames, bank.timeMilliseconds)
            }
        }
        return nil
    }
}
