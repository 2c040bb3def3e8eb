import Telemetry

/// Which set a program starts with, decided before any set is read.
///
/// A start in the middle of a swap or a probation counts as one more attempt, on disk before the set is
/// looked at: it may be the set that ends the programs. After ``mostStarts`` of them, or when the count
/// cannot be kept, the set before runs.
package struct UpdateStart: Sendable {
    /// So many programs may begin in one phase.
    package static var mostStarts: Int { 2 }

    /// The sets.
    package let sets: InstalledSets
    /// What is remembered, this start included.
    package private(set) var record: UpdateRecord
    /// The set to run, such as `sets/base-…`; nil is the one that the gateway was installed with.
    package private(set) var place: String?
    /// What somebody should know, in words.
    package private(set) var troubles: [String] = []

    /// Looks at a folder, which may be missing.
    package init(_ sets: InstalledSets) {
        self.sets = sets
        record = sets.read() ?? UpdateRecord()
        place = sets.current
        // Without a folder nothing was ever installed.
        guard sets.folder.exists("") else { return }
        count()
        if sets.current == nil, let previous = sets.previous, record.phase == .idle,
            sets.folder.exists("current")
        {
            troubles.append("the current set is gone, the one before runs")
            place = previous
        }
    }

    /// The path of the set to run; nil is the one that the gateway was installed with.
    package var path: String? { place.map { sets.folder.file($0) } }

    private mutating func count() {
        if record.phase == .reverting {
            place = record.before
            return
        }
        guard let event = UpdateTable.afterCrashes(record.phase) else { return }
        var next = record
        next.starts += 1
        let isTrial = record.phase == .swapping || record.phase == .probation
        if next.starts > Self.mostStarts {
            next.reason =
                UpdateReason.crashed.filled([
                    "count": record.starts, "phase": record.phase.rawValue,
                ])
            next.phase = UpdateTable.next(record.phase, event) ?? record.phase
            next.starts = 1
        }
        do {
            try sets.write(next)
        } catch {
            troubles.append("\(error)")
            if isTrial { place = next.before }
            return
        }
        record = next
        if next.phase == .reverting { place = next.before }
    }

    /// The set cannot be run at all: takes the one before, and in the end the one that was installed.
    ///
    /// False when there is nothing left to try.
    package mutating func reject(_ reason: String) -> Bool {
        guard let rejected = place else { return false }
        troubles.append("set '\(rejected)' is not used: \(reason)")
        if record.phase == .swapping || record.phase == .probation,
            rejected == record.assignment.map({ "sets/\($0.place)" })
        {
            record.reason = reason
            record.phase = .reverting
            record.starts = 1
            try? sets.write(record)
            place = record.before
        } else {
            place = rejected == sets.previous ? nil : sets.previous
        }
        return true
    }
}
