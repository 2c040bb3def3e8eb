import FoundationEssentials

/// Moments in whole seconds since 1970 in UTC, as this target compares, keeps and shows them.
enum Moment {
    /// `2026-11-26T01:14:32Z`; years are 4 digits, what lies outside them is shown as seconds.
    static func text(_ seconds: Int64) -> String {
        guard (0..<253_402_300_800).contains(seconds) else { return "\(seconds) s after 1970" }
        return Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }

    /// The second in which `date` lies.
    static func seconds(_ date: Date) -> Int64 {
        Int64(exactly: date.timeIntervalSince1970.rounded(.down)) ?? Int64.max
    }
}
