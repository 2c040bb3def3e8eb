import Telemetry

/// Tells a lasting trouble of a gateway from one bad measurement, from look to look.
///
/// It is forgotten with the process; a new one begins to suspect anew, which only takes longer.
struct Suspicion {
    private var badSince: Int64?
    private var lastTime: Int64 = .min
    private var frames: (count: Int64, since: Int64)?

    /// Looks at the newest measurement; anything but bad is good here.
    mutating func look(_ bank: BankView, against before: Baseline, patience: Int64) -> Finding {
        guard bank.timeMilliseconds > lastTime else { return .good }
        lastTime = bank.timeMilliseconds
        if let stalled = stall(bank, against: before, patience: patience) { return stalled }
        let finding = Watching.look(bank, against: before)
        guard case .bad = finding else {
            badSince = nil
            return .good
        }
        let since = badSince ?? bank.timeMilliseconds
        badSince = since
        return bank.timeMilliseconds - since >= patience ? finding : .good
    }

    private mutating func stall(
        _ bank: BankView, against before: Baseline, patience: Int64
    ) -> Finding? {
        guard before.sendsFrames, let count = bank.framesSent else { return nil }
        guard let known = frames, known.count == count else {
            frames = (count, bank.timeMilliseconds)
            return nil
        }
        let still = bank.timeMilliseconds - known.since
        guard still >= patience else { return nil }
        return .bad(
            .frames,
            RolloutReason.framesStalled.filled(["seconds": still / 1000, "count": count]))
    }
}
