import FleetStore

/// Which assignments lie at the place of one sink, as far as one engine brought them there.
///
/// It is forgotten with the process: another folder or repository, or one that was put back from a
/// backup, gets all of them when the next one begins.
struct AssignmentPlace {
    private struct Mark: Hashable {
        let release: Int64, made: Int64
    }

    private var marks: [String: Mark] = [:]
    /// Up to which change of the store it was looked at.
    var turn: Int64?

    /// Whether an assignment lies there.
    func has(_ assignment: AssignmentRecord) -> Bool {
        marks[assignment.gateway]
            == Mark(release: assignment.release, made: assignment.madeMilliseconds)
    }

    /// These lie there now.
    mutating func add(_ assignments: [AssignmentRecord]) {
        for assignment in assignments {
            marks[assignment.gateway] = Mark(
                release: assignment.release, made: assignment.madeMilliseconds)
        }
    }
}

extension HandedAssignment {
    /// An assignment as it is kept.
    init(_ record: AssignmentRecord) {
        self.init(
            gateway: record.gateway, release: record.release,
            document: record.document.isEmpty ? nil : record.document)
    }
}
