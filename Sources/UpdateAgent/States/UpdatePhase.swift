/// How far a set has come on its way into this gateway; on disk before what it says is done.
package enum UpdatePhase: String, CaseIterable, Sendable {
    /// Nothing is under way; the source is asked.
    case idle
    /// The archive is fetched.
    case downloading
    /// Hash, form and manifest are checked, and the files brought to the disk.
    case verifying
    /// All vectors run in a process of their own.
    case proving
    /// Everything is ready; a good moment is awaited.
    case staged
    /// The links and the running gateway go over.
    case swapping
    /// The house is watched.
    case probation
    /// The set is good; what nobody needs any more is removed.
    case committed
    /// The gateway goes back to the set before.
    case reverting
    /// The set is not used; why is reported.
    case failed

    /// Whether the house is between two sets, so that nothing else may be tried in it.
    package var isTrial: Bool {
        switch self {
        case .swapping, .probation, .reverting: true
        case .idle, .downloading, .verifying, .proving, .staged, .committed, .failed: false
        }
    }
}

/// What happened in a phase.
package enum UpdateEvent: String, CaseIterable, Sendable {
    /// The source has an assignment for this gateway.
    case assigned
    /// The source has another assignment meanwhile, or this one has ended.
    case withdrawn
    /// The archive is here.
    case fetched
    /// What was here is gone, by a swept folder or a damaged disk.
    case lost
    /// The files are what the assignment says.
    case sound
    /// They are not, or looking at them has ended the program again and again.
    case unsound
    /// Every vector passes.
    case proved
    /// The set has a fault, or lacks what this gateway uses.
    case disproved
    /// The moment is good.
    case admitted
    /// The gateway runs on the set.
    case swapped
    /// It could not go over to it.
    case refused
    /// The house went on as before for the whole time.
    case well
    /// It did not.
    case unwell
    /// The set before runs again.
    case reverted
    /// All is tidied.
    case settled
}

/// Every transition there is; what is not here does not happen.
///
/// Without an event a phase goes on: its act is done again after a wait or a restart, so each act can be
/// done twice. The set before stays in place until `committed`.
package enum UpdateTable {
    /// One line of the table.
    package typealias Row = (from: UpdatePhase, event: UpdateEvent, to: UpdatePhase)

    /// Phase, event, next phase.
    package static let rows: [Row] = [
        (.idle, .assigned, .downloading),
        (.downloading, .fetched, .verifying),
        (.downloading, .withdrawn, .failed),
        (.verifying, .sound, .proving),
        (.verifying, .unsound, .failed),
        (.verifying, .lost, .downloading),
        (.proving, .proved, .staged),
        (.proving, .disproved, .failed),
        (.proving, .lost, .downloading),
        (.staged, .admitted, .swapping),
        (.staged, .withdrawn, .failed),
        (.staged, .lost, .downloading),
        (.swapping, .swapped, .probation),
        (.swapping, .refused, .reverting),
        (.swapping, .unwell, .reverting),
        (.probation, .well, .committed),
        (.probation, .unwell, .reverting),
        (.reverting, .reverted, .failed),
        (.committed, .settled, .idle),
        (.failed, .settled, .idle),
    ]

    /// Where an event leads; nil when it has no place in a phase.
    package static func next(_ phase: UpdatePhase, _ event: UpdateEvent) -> UpdatePhase? {
        rows.first { $0.from == phase && $0.event == event }?.to
    }

    /// What happens when programs have ended in a phase again and again; nil where that is no fault
    /// of the set.
    static func afterCrashes(_ phase: UpdatePhase) -> UpdateEvent? {
        switch phase {
        case .verifying: .unsound
        case .proving: .disproved
        case .swapping, .probation: .unwell
        case .idle, .downloading, .staged, .committed, .reverting, .failed: nil
        }
    }
}
