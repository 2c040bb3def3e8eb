import Telemetry

/// Judges the house while a new set is on probation, against what it was before.
///
/// | Must hold | When it is judged |
/// | --- | --- |
/// | frames leave, where they left before | after ``settling`` (a start: 60 s), at every look |
/// | the inverter gives signs of life, where it did before | at every look for silence, at the end for new ones |
/// | no kind of alarm that was not there before | after ``settling`` (a start: 60 s), at every look |
/// | as many packs answer as before | at the end |
/// | faulty answers are not more than at the old rate | at the end, and at once when they are many |
package struct Probation: Hashable, Sendable {
    /// How the house is doing.
    package enum Verdict: Hashable, Sendable {
        /// Nothing is wrong so far.
        case watching
        /// All went on as before for the whole time.
        case well
        /// Something did not; one sentence.
        case unwell(String)
    }

    /// So long lines may take to begin anew and alarms to settle, in nanoseconds.
    package static var settling: Int64 { 10_000_000_000 }

    /// The house before.
    package let before: HouseView
    private let began: Int64
    private let settling: Int64
    private let ends: Int64
    /// Counters at the beginning, when all of the new set runs.
    private let first: HouseView

    /// Watches from now on for so many seconds; `now` is the monotonic clock in nanoseconds.
    ///
    /// A program that has begun in the middle of a probation waits for packs as every start does. An inverter
    /// that gave signs of life is watched for longer than its silence takes to show, however short the time.
    package init(
        before: HouseView, first: HouseView, now: Int64, seconds: Int, isRestart: Bool = false
    ) {
        self.before = before
        self.first = first
        began = now
        settling = isRestart ? 6 * Self.settling : Self.settling
        let asked = Int64(clamping: min(seconds, 86_400 * 365)) * 1_000_000_000
        let needed =
            before.inverter == .present ? min(first.silence, .max / 2) + Self.settling : 0
        let (end, overflow) = now.addingReportingOverflow(max(asked, needed))
        ends = overflow ? .max : end
    }

    /// Judges a look at the house.
    package func judge(_ view: HouseView, now: Int64) -> Verdict {
        let isSettled = now &- began >= min(settling, (ends &- began) / 2)
        if before.inverter == .present, view.inverter == .silent {
            return .unwell(UpdateReason.inverterLost.filled())
        }
        if isSettled, before.isSending, !view.isSending {
            return .unwell(UpdateReason.framesStopped.filled())
        }
        let new = view.alarms.subtracting(before.alarms)
        if isSettled, let alarm = new.min() {
            return .unwell(UpdateReason.alarmRaised.filled(["alarm": alarm]))
        }
        if let sentence = faults(view, isSettled: isSettled) { return .unwell(sentence) }
        guard now >= ends else { return .watching }
        if view.packs < before.packs {
            return .unwell(
                UpdateReason.packsLost.filled(["count": view.packs, "before": before.packs]))
        }
        if before.inverter == .present, view.inverter != .present || !hasNewSigns(view) {
            return .unwell(UpdateReason.noLife.filled())
        }
        return .well
    }

    private func hasNewSigns(_ view: HouseView) -> Bool { view.keepAlives != first.keepAlives }

    /// The share of faulty answers may double, and a handful is nothing.
    private func faults(_ view: HouseView, isSettled: Bool) -> String? {
        let exchanges = Self.since(first.exchanges, view.exchanges)
        let faulty = Self.since(first.faultyExchanges, view.faultyExchanges)
        guard isSettled, exchanges >= 10 else { return nil }
        let old = Double(before.faultyExchanges) / Double(max(1, before.exchanges))
        guard Double(faulty) > 2 * old * Double(exchanges) + 5 + Double(exchanges) / 100 else {
            return nil
        }
        return UpdateReason.answersFaulty.filled([
            "faulty": faulty, "count": exchanges, "faulty_before": before.faultyExchanges,
            "before": before.exchanges,
        ])
    }

    /// How far a counter went; one that began anew counts whole.
    private static func since(_ first: UInt64, _ now: UInt64) -> UInt64 {
        now >= first ? now - first : now
    }
}
