import Bank
import CANBus
import CANProfile

extension InverterModel {
    /// What speaks against the sender; empty when all was well.
    package var reasons: [String] {
        var reasons: [String] = []
        if accepted == 0 { reasons.append("no frame was accepted") }
        if state == .waiting, accepted > 0 { reasons.append("the limits never came complete") }
        if trips > 0 { reasons.append("tripped \(trips) times because limits were missing") }
        if state == .tripped || state == .recovering { reasons.append("ended \(state.rawValue)") }
        if fallbacks > 0 {
            reasons.append(
                "fell back to its own limits \(fallbacks) times because frames were missing")
        }
        if emptyings > 0 {
            reasons.append(
                "emptied the battery \(emptyings) times because of the charge voltage it was told")
        }
        for (note, count) in malformed.sorted(by: { $0.key < $1.key }) {
            reasons.append("malformed, \(count) times: \(note)")
        }
        for (note, count) in impossible.sorted(by: { $0.key < $1.key }) {
            reasons.append("impossible, \(count) times: \(note)")
        }
        return reasons
    }

    /// Verdict, counts, periods and last values as members of a JSON object.
    func members(names: (CANIdentifier) -> String) -> [(String, String)] {
        let ids = statistics.keys.sorted { $0.rawValue < $1.rawValue }
        let last = BankValue.allCases.compactMap { value in
            natural(value).map { (value.name, JSONText.number($0, decimals: value.decimals)) }
        }
        return [
            ("verdict", JSONText.string(reasons.isEmpty ? "ok" : "failed")),
            ("reasons", JSONText.array(reasons.map(JSONText.string))),
            ("state", JSONText.string(state.rawValue)),
            ("trips", "\(trips)"),
            ("frames_accepted", "\(accepted)"),
            ("frames_unknown", "\(unknown)"),
            ("frames_malformed", "\(malformed.values.reduce(0, +))"),
            ("values_impossible", "\(impossible.values.reduce(0, +))"),
            ("values_rejected", "\(rejected.values.reduce(0, +))"),
            ("fallbacks", "\(fallbacks)"),
            ("emptyings", "\(emptyings)"),
            ("cycles_late", "\(statistics.values.reduce(0) { $0 + $1.late })"),
            ("ids", JSONText.array(ids.map { Self.member($0, names($0), statistics[$0]) })),
            ("last", JSONText.object(last)),
        ]
    }

    private static func member(
        _ identifier: CANIdentifier, _ name: String, _ statistics: PeriodStatistics?
    ) -> String {
        var members = [
            ("id", JSONText.string(identifier.description)), ("name", JSONText.string(name)),
            ("count", "\(statistics?.count ?? 0)"), ("late", "\(statistics?.late ?? 0)"),
        ]
        if let summary = statistics?.summary {
            let period = [
                ("min", summary.minimum), ("median", summary.median), ("p99", summary.high),
                ("max", summary.maximum),
            ]
            members.append(
                (
                    "period_ms",
                    JSONText.object(period.map { ($0.0, JSONText.number($0.1, decimals: 3)) })
                ))
        }
        return JSONText.object(members)
    }
}
