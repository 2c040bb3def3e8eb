import FleetStore
import Glibc
import Rollouts
import Telemetry

/// How rollouts are shown to people.
enum RolloutText {
    /// Where a rollout stands, in one line.
    static func line(_ rollout: RolloutSummary) -> String {
        let reason = rollout.reason.isEmpty ? "" : " (\(rollout.reason))"
        return "\(rollout.plan.id): \(rollout.plan.set.title), \(stand(rollout)), "
            + "\(Counts(rollout).words)\(reason)"
    }

    /// A rollout with its waves and what went wrong.
    static func status(_ rollout: Rollout, gateways: Bool) -> [String] {
        let since = RFC3339.text(unixMilliseconds: rollout.since)
        var lines = [
            "rollout   \(rollout.plan.id): \(rollout.plan.set.title)",
            "state     \(stand(RolloutSummary(rollout, made: 0))) since \(since)",
        ]
        if !rollout.reason.isEmpty { lines.append("because   \(rollout.reason)") }
        lines.append("all       \(row(rollout.attempts[...]))")
        for wave in 0..<rollout.waveCount {
            lines.append(
                "wave \(pad("\(wave + 1)", 5))\(row(rollout.attempts.filter { $0.wave == wave }[...]))"
            )
        }
        let failed = rollout.attempts.filter { $0.failure != nil || $0.state == .unreturned }
        let shown = gateways ? rollout.attempts : Array(failed.prefix(mostFailures))
        for attempt in shown { lines.append("  \(gateway(attempt))") }
        if !gateways, failed.count > shown.count {
            lines.append("  and \(failed.count - shown.count) more; '--gateways' prints all")
        }
        return lines
    }

    private static let mostFailures = 20

    /// One gateway in one line.
    private static func gateway(_ attempt: Attempt) -> String {
        let words = attempt.words.isEmpty ? "" : ": \(attempt.words)"
        let failure = attempt.failure.map { " (\($0.rawValue))" } ?? ""
        return
            "\(attempt.gateway)  wave \(attempt.wave + 1)  \(attempt.state.rawValue)\(failure)\(words)"
    }

    private static func stand(_ rollout: RolloutSummary) -> String {
        rollout.state.isOver || rollout.state == .proposed
            ? rollout.state.rawValue
            : "\(rollout.state.rawValue), wave \(rollout.wave + 1) of \(rollout.waves.count)"
    }

    private static func row(_ attempts: ArraySlice<Attempt>) -> String {
        let counts = Counts(Array(attempts))
        return Terminal.isThere
            ? "\(ProgressBar.text(counts))  \(counts.words)" : counts.words
    }

    /// Who did what.
    static func history(_ notes: [RolloutNote]) -> [String] {
        notes.map { note in
            let time = RFC3339.text(unixMilliseconds: note.madeMilliseconds)
            let detail = note.detail.isEmpty ? "" : "  \(note.detail)"
            return "\(time)  \(note.author)  \(note.what)\(detail)"
        }
    }

    /// What a plan would do.
    static func preview(_ preview: RolloutPreview, of plan: RolloutPlan) -> [String] {
        let get = preview.sites.count == 1 ? "gets" : "get"
        var lines = ["\(gateways(preview.sites.count)) \(get) \(plan.set.title)"]
        for (wave, size) in preview.waves.enumerated() {
            let reached = preview.waves[...wave].reduce(0, +)
            let allowed = plan.gate.failures.roundedDown(of: size)
            lines.append(
                "  wave \(wave + 1): \(gateways(size)), \(reached) reached then; it goes back when more "
                    + "than \(allowed) fail")
        }
        let first = preview.firstWave.prefix(10).joined(separator: ", ")
        if !first.isEmpty {
            let rest = preview.firstWave.count - 10
            lines.append("  first: \(first)" + (rest > 0 ? " and \(rest) more" : ""))
        }
        for hours in preview.hours where plan.window != nil {
            lines.append(
                "  in \(hours.zone): \(gateways(hours.gateways)), next from "
                    + RFC3339.text(unixMilliseconds: hours.opens))
        }
        let left: [(Int, String)] = [
            (preview.current.count, "with \(plan.set.title) already"),
            (preview.misfits.count, "of another model than the set is for"),
            (preview.busy.count, "in another rollout"),
        ]
        for (count, words) in left where count > 0 {
            lines.append("  left out: \(gateways(count)) \(words)")
        }
        if preview.unseen > 0 {
            lines.append(
                "  mind: little is known to compare with of \(gateways(preview.unseen)) that never measured"
            )
        }
        if preview.withoutReturn > 0 {
            lines.append(
                "  mind: no earlier set is known of \(gateways(preview.withoutReturn)), and none to go back to "
                    + "is given with '--return-to'")
        }
        return lines
    }

    private static func gateways(_ count: Int) -> String {
        count == 1 ? "1 gateway" : "\(count) gateways"
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

/// Gateways of a rollout, counted for people.
struct Counts {
    var all = 0, proven = 0, failed = 0, busy = 0, back = 0

    init(_ attempts: [Attempt]) {
        for attempt in attempts {
            all += 1
            if attempt.state.isSentBack { back += 1 }
            if attempt.failure != nil {
                failed += 1
            } else if attempt.state == .proven {
                proven += 1
            } else if attempt.state.isAttempted, !attempt.state.isSentBack {
                busy += 1
            }
        }
    }

    /// Those of a whole rollout.
    init(_ rollout: RolloutSummary) {
        (all, failed, back) = (rollout.gateways, rollout.failed, rollout.sentBack)
        for (state, count) in rollout.states where state.isAttempted && !state.isSentBack {
            if state == .proven { proven += count } else { busy += count }
        }
    }

    /// `12 of 100 good, 3 failed, 5 at it, 80 to come`.
    var words: String {
        var parts = ["\(proven) of \(all) good"]
        if failed > 0 { parts.append("\(failed) failed") }
        if back > 0 { parts.append("\(back) sent back") }
        if busy > 0, back == 0 { parts.append("\(busy) at it") }
        let left = all - proven - failed - busy - back
        if left > 0, back == 0 { parts.append("\(left) to come") }
        return parts.joined(separator: ", ")
    }
}

/// A bar for a terminal.
enum ProgressBar {
    private static let width = 30

    /// `[████▒▒xx············]`: good, at it, failed, to come.
    static func text(_ counts: Counts) -> String {
        guard counts.all > 0 else { return "[\(String(repeating: "·", count: width))]" }
        func cells(_ count: Int) -> Int {
            count == 0 ? 0 : max(1, count * width / counts.all)
        }
        let failed = cells(counts.failed)
        let good = min(cells(counts.proven), width - failed)
        let busy = min(cells(counts.busy), width - failed - good)
        let parts = [("█", good), ("▒", busy), ("x", failed), ("·", width - failed - good - busy)]
        return "[" + parts.map { String(repeating: $0.0, count: $0.1) }.joined() + "]"
    }
}

/// The terminal that standard output may be.
enum Terminal {
    static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }
    /// Clears it and goes to its first line.
    static let clear = "\u{1B}[2J\u{1B}[H"

    /// Shows what was printed and waits.
    static func wait(seconds: Int) {
        fflush(nil)
        sleep(UInt32(seconds))
    }
}
