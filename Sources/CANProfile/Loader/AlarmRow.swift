/// Flips bits when any of these alarms is raised; the template holds the cleared ones.
struct AlarmRow {
    var flip: UInt64
    var warnings: UInt64
    var protections: UInt64
    var faults: UInt64

    /// What each alarm by itself flips: 64 warnings, 64 protections, 64 faults.
    ///
    /// Few are ever raised at once, so that looking these up is less work than trying every row.
    static func flips(_ rows: [AlarmRow]) -> [UInt64] {
        [\.warnings, \.protections, \.faults].flatMap { (level: KeyPath<AlarmRow, UInt64>) in
            (0..<64).map { bit in
                rows.reduce(0) { $1[keyPath: level] >> UInt64(bit) & 1 == 1 ? $0 | $1.flip : $0 }
            }
        }
    }
}
