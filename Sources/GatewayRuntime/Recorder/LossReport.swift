import Outbox
import Quantities

/// Decides when losses are told, and puts them into words (outbox rule 6).
///
/// The first is told at once; while records go on being lost, they are summed up every ten minutes, so
/// that the report of a loss does not become the load that causes the next.
struct LossReport {
    private static var pause: TimeSpan { .seconds(600) }

    private var toldAt: Instant = .never

    /// What was lost beyond what was told, or nil when there is nothing to tell now.
    ///
    /// The file knows what was told, so that losses before a sudden end, or found at opening, are told too.
    mutating func words(
        _ losses: [LossReason: Int64], told: [LossReason: Int64], now: Instant
    ) -> String? {
        guard losses != told, toldAt == .never || now.since(toldAt) >= Self.pause else {
            return nil
        }
        let news = LossReason.allCases.compactMap { reason -> (LossReason, Int64)? in
            let count = (losses[reason] ?? 0) - (told[reason] ?? 0)
            return count > 0 ? (reason, count) : nil
        }
        toldAt = now
        let sum = news.reduce(0) { $0 + $1.1 }
        guard sum > 0 else { return nil }
        let parts = news.map { "\($0.1) \($0.0.rawValue.replacing("_", with: " "))" }
        return "outbox lost \(sum) \(sum == 1 ? "record" : "records"): "
            + parts.joined(separator: ", ")
    }
}

extension [LossReason: Int64] {
    /// Each reason's name with its count, in the order of the reasons.
    var listed: [(name: String, count: Int64)] {
        LossReason.allCases.compactMap { reason in
            self[reason].map { (reason.rawValue, $0) }
        }
    }
}
