import FleetStore
import Telemetry

/// Who still counts on a release of a set.
package struct SetUse: Hashable, Sendable {
    /// Rollouts that are not over and give it, or go back to it; by name.
    package internal(set) var rollouts: [String] = []
    /// Gateways whose standing assignment names it; rollouts that are not over do not count here.
    package internal(set) var assigned: [String] = []
    /// How many gateways last said that they run it.
    package internal(set) var running = 0

    /// Nobody.
    package init() {}
}

extension RolloutDesk {
    /// Looks who counts on a set of this name and version.
    package func use(
        of set: String, _ version: String
    ) throws(RolloutDeskError) -> SetUse {
        try asking { () throws(FleetStoreError) in
            try look(set, version).use
        }
    }

    /// Takes back the standing assignments of rollouts that are over which name a set; gives the
    /// gateways whose assignment it was.
    ///
    /// A gateway that runs the set keeps it: nothing to install is nothing to do.
    package func takeBack(
        _ set: String, _ version: String, by author: String, at now: Int64
    ) throws(RolloutDeskError) -> [String] {
        try asking { () throws(FleetStoreError) in
            let standing = try look(set, version).standing
            let replacements = standing.map { old in
                var new = old
                (new.release, new.document, new.set) = (old.release + 1, "", "")
                new.madeMilliseconds = now
                return AssignmentReplacement(old, with: new)
            }
            let counts = Dictionary(grouping: standing, by: \.rollout).mapValues(\.count)
            let notes = counts.sorted { $0.key < $1.key }.map { rollout, count in
                (
                    rollout: rollout,
                    note: RolloutNote(
                        madeMilliseconds: now, author: author, what: "takeBack",
                        detail: RolloutReason.setRemoved.filled([
                            "count": count, "set": "\(set) \(version)",
                        ]))
                )
            }
            return try store.replace(replacements, notes: notes)
        }
    }

    private func look(
        _ set: String, _ version: String
    ) throws(FleetStoreError) -> (use: SetUse, standing: [AssignmentRecord]) {
        func isMeant(_ release: SetRelease?) -> Bool {
            release?.set == set && release?.version == version
        }
        func isMeant(_ text: String) -> Bool {
            !text.isEmpty && isMeant(try? SetRelease(parsing: Array(text.utf8)))
        }
        var use = SetUse()
        let open = try store.rollouts().filter { !$0.isOver }
        for record in open {
            let plan = try? RolloutPlan(parsing: Array(record.plan.utf8))
            var isNamed = isMeant(plan?.set) || isMeant(plan?.fallback)
            if !isNamed {
                isNamed = try store.gateways(of: record.id).contains { isMeant($0.previous) }
            }
            if isNamed { use.rollouts.append(record.id) }
        }
        let busy = Set(open.map(\.id))
        let standing = try store.assignments().filter {
            !$0.document.isEmpty && !busy.contains($0.rollout) && isMeant($0.set)
        }
        use.rollouts.sort()
        use.assigned = standing.map(\.gateway)
        use.running = try knowledge.sites().count { $0.set == set && $0.version == version }
        return (use, standing)
    }
}
