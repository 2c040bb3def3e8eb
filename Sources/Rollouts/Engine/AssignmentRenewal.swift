import FleetStore
import StrictJSON
import Telemetry

/// Writes assignments anew whose time is nearly over, so that a gateway that slept finds them valid.
///
/// An assignment of a rollout lasts as long as the rollout waits for the gateway. Once the rollout is
/// over, what went well shall hold on: a gateway that was silent, or whose memory was replaced, gets it
/// without another rollout. The counter stays, so that to a gateway that has it, it is nothing new.
struct AssignmentRenewal {
    /// How long a renewed one is valid, ms.
    static var life: Int64 { 90 * 86_400_000 }
    /// So many are renewed in one step at most.
    static var most: Int { 1_000 }

    let store: any RolloutStore

    /// Renews what has less than half of a life left; gives how many were.
    func renew(at now: Int64) throws(FleetStoreError) -> Int {
        let over = try store.rollouts().filter(\.isOver)
        let byID = Dictionary(over.map { ($0.id, $0) }) { $1 }
        let limit = Assignment.moment(now + Self.life / 2)
        let due = try store.assignments().filter { assignment in
            guard byID[assignment.rollout] != nil, !assignment.set.isEmpty else { return false }
            // moments of one form are in the order of their letters
            return Self.end(assignment).map { $0 < limit } ?? false
        }
        var replacements: [AssignmentReplacement] = []
        var counts: [String: Int] = [:]
        for (id, assignments) in Dictionary(grouping: due, by: \.rollout)
            .sorted(by: { $0.key < $1.key })
        {
            guard replacements.count < Self.most, let record = byID[id],
                let rollout = try? RolloutRows.rollout(record, store.gateways(of: id))
            else { continue }
            let renewed = assignments.compactMap { Self.renewed($0, rollout, now) }
                .prefix(Self.most - replacements.count)
            replacements += renewed
            counts[id] = renewed.count
        }
        guard !replacements.isEmpty else { return 0 }
        let notes = counts.filter { $0.value > 0 }.sorted { $0.key < $1.key }.map { id, count in
            (
                rollout: id,
                note: RolloutNote(
                    madeMilliseconds: now, author: Rollout.machine, what: "renew",
                    detail: "assignments of \(count) gateways, until "
                        + Assignment.moment(now + Self.life))
            )
        }
        return try store.replace(replacements, notes: notes).count
    }

    /// Until when it is valid, as it is written; nil for one that takes back.
    private static func end(_ assignment: AssignmentRecord) -> String? {
        guard !assignment.document.isEmpty,
            var root = JSONSection(
                parsing: Array(assignment.document.utf8), faults: FaultList())
        else { return nil }
        return root.string("not_after")
    }

    /// The same once more for a whole life; nil when it shall run out.
    private static func renewed(
        _ old: AssignmentRecord, _ rollout: Rollout, _ now: Int64
    ) -> AssignmentReplacement? {
        guard let attempt = rollout.attempt(of: old.gateway),
            rollout.holdsOn(to: attempt, release: old.release),
            let set = try? SetRelease(parsing: Array(old.set.utf8))
        else { return nil }
        let isReturn = old.release == attempt.returnRelease
        let assignment = Assignment(
            gateway: old.gateway, set: set, release: old.release,
            notAfterMilliseconds: now + life, window: isReturn ? nil : rollout.plan.window,
            zone: attempt.zone, rollout: rollout.plan.id)
        var new = old
        (new.document, new.madeMilliseconds) = (assignment.document, now)
        return AssignmentReplacement(old, with: new)
    }
}

extension Rollout {
    /// Whether an assignment of a gateway stays in force when the rollout is over.
    ///
    /// The way back does. What is new does where all waves have gone well, for gateways that took it well
    /// or were only silent; where the rollout was ended before, for those that said that it is good.
    func holdsOn(to attempt: Attempt, release: Int64) -> Bool {
        guard state.isOver else { return false }
        if release == attempt.returnRelease { return true }
        guard release == attempt.release else { return false }
        return state == .complete
            ? attempt.failure == nil || attempt.failure == .silent
            : attempt.failure == nil && [.good, .proven].contains(attempt.state)
    }
}
