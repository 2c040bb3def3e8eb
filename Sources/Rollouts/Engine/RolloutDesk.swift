import FleetStore
import Telemetry

/// What people ask of rollouts: see one beforehand, make it, look at it, decide.
package final class RolloutDesk {
    let store: any RolloutStore
    private let clock: ZoneClock
    let knowledge: FleetKnowledge

    /// Works on a store that was migrated.
    package init(store: any RolloutStore, clock: ZoneClock) {
        self.store = store
        self.clock = clock
        knowledge = FleetKnowledge(store: store)
    }

    // MARK: - Before

    /// What a plan would do, were it made now; nothing is kept.
    ///
    /// With `among` there are no other gateways than these, and nothing is said of others.
    package func preview(
        _ plan: RolloutPlan, at now: Int64, among own: Set<String>? = nil
    ) throws(RolloutDeskError) -> RolloutPreview {
        let (sites, busy) = try asking { () throws(FleetStoreError) in
            (try knowledge.sites(), try busyGateways())
        }
        let seen = own.map { own in sites.filter { own.contains($0.id) } } ?? sites
        return RolloutPreview(plan, sites: seen, busy: busy, at: now, clock)
    }

    /// The ids of all gateways that are known as devices or have measured, in order.
    package func gateways() throws(RolloutDeskError) -> [String] {
        try asking { () throws(FleetStoreError) in try knowledge.sites().map(\.id) }
    }

    /// Gateways that are in a rollout, and its name.
    private func busyGateways() throws(FleetStoreError) -> [String: String] {
        var busy: [String: String] = [:]
        for rollout in try store.rollouts() where !rollout.isOver {
            for gateway in try store.gateways(of: rollout.id) { busy[gateway.gateway] = rollout.id }
        }
        return busy
    }

    /// Makes a rollout of the gateways that its preview names.
    ///
    /// Which gateways are in it and in which wave is settled with that. Gateways that come later are
    /// not in it. A user who asks for it gets it once, as ``RolloutStore`` says (rule 5).
    package func create(
        _ plan: RolloutPlan, at now: Int64, among own: Set<String>? = nil, asked: ToldRequest? = nil
    ) throws(RolloutDeskError) -> RolloutPreview {
        let preview = try preview(plan, at: now, among: own)
        guard preview.faults.isEmpty else { throw .fault(RolloutFault(preview.faults)) }
        let rollout = Rollout(plan, sites: preview.sites, at: now)
        let adding = try asking { () throws(FleetStoreError) in
            try store.addRollout(
                RolloutRows.record(rollout, revision: 1, made: now),
                gateways: rollout.attempts.map { RolloutRows.record($0) },
                note: RolloutNote(
                    madeMilliseconds: now, author: plan.author, what: "create", detail: plan.note),
                asked: asked)
        }
        switch adding {
        case .added: return preview
        case .claimed(let claim): throw .claimed(claim)
        case .taken:
            throw .fault(RolloutFault(RolloutRefusal.nameTaken.filled(["rollout": plan.id])))
        case .busy(let gateways):
            throw .fault(
                RolloutFault(
                    RolloutRefusal.gatewaysBusy.filled([
                        "count": gateways.count, "gateway": gateways[0].gateway,
                        "rollout": gateways[0].rollout,
                    ])))
        }
    }

    // MARK: - Later

    /// All rollouts without their gateways, the newest first.
    package func rollouts() throws(RolloutDeskError) -> [RolloutSummary] {
        let (records, counts) = try asking { () throws(FleetStoreError) in
            (try store.rollouts(), try store.gatewayCounts())
        }
        let byRollout = Dictionary(grouping: counts, by: \.rollout)
        var summaries: [RolloutSummary] = []
        do throws(RolloutFault) {
            for record in records {
                summaries.append(
                    RolloutSummary(
                        try RolloutRows.rollout(record, []), made: record.madeMilliseconds,
                        byRollout[record.id] ?? []))
            }
        } catch {
            throw .fault(error)
        }
        return summaries
    }

    /// One of them, with who did what, oldest first.
    package func rollout(
        _ id: String
    ) throws(RolloutDeskError) -> (made: Int64, rollout: Rollout, notes: [RolloutNote]) {
        let record = try record(id)
        let notes = try asking { () throws(FleetStoreError) in try store.notes(of: id) }
        return (record.madeMilliseconds, try load(record), notes)
    }

    /// Somebody decides; tries again when the fleet was faster.
    ///
    /// What a user asks for is done once, as ``RolloutStore`` says (rule 5).
    package func decide(
        _ decision: Rollout.Decision, on id: String, by author: String, note: String = "",
        at now: Int64, asked: ToldRequest? = nil
    ) throws(RolloutDeskError) -> Rollout {
        for _ in 0..<100 {
            let record = try record(id)
            var rollout = try load(record)
            let outcome: RolloutOutcome
            do throws(RolloutFault) {
                outcome = try rollout.decide(decision, by: author, note: note, at: now)
            } catch {
                throw .fault(error)
            }
            let change = Self.change(rollout, record, outcome, [], at: now)
            let keeping = try asking { () throws(FleetStoreError) in
                try store.keep(change, asked: asked)
            }
            switch keeping {
            case .kept: return rollout
            case .late: continue
            case .claimed(let claim): throw .claimed(claim)
            }
        }
        throw .fault(RolloutFault(RolloutRefusal.restless.filled(["rollout": id])))
    }

    private func record(_ id: String) throws(RolloutDeskError) -> RolloutRecord {
        let record = try asking { () throws(FleetStoreError) in try store.rollout(id) }
        guard let record else {
            throw .fault(RolloutFault(RolloutRefusal.absent.filled(["rollout": id])))
        }
        return record
    }

    private func load(_ record: RolloutRecord) throws(RolloutDeskError) -> Rollout {
        let gateways = try asking { () throws(FleetStoreError) in
            try store.gateways(of: record.id)
        }
        do throws(RolloutFault) {
            return try RolloutRows.rollout(record, gateways)
        } catch {
            throw .fault(error)
        }
    }

    /// The change that a step of a rollout is to the store.
    static func change(
        _ rollout: Rollout, _ record: RolloutRecord, _ outcome: RolloutOutcome,
        _ published: [AssignmentRecord], at now: Int64
    ) -> RolloutChange {
        var change = RolloutChange(
            RolloutRows.record(
                rollout, revision: record.revision, made: record.madeMilliseconds))
        change.gateways = outcome.changed.sorted().map {
            RolloutRows.record(rollout.attempts[$0])
        }
        change.assignments = outcome.handed.map { handed in
            AssignmentRecord(
                gateway: handed.gateway, release: handed.release, rollout: rollout.plan.id,
                document: handed.document ?? "", set: outcome.sets[handed.gateway]?.text ?? "",
                madeMilliseconds: now)
        }
        change.published = published
        change.notes = outcome.notes.map {
            RolloutNote(madeMilliseconds: now, author: $0.author, what: $0.what, detail: $0.detail)
        }
        return change
    }

    func asking<Value>(
        _ question: () throws(FleetStoreError) -> Value
    ) throws(RolloutDeskError) -> Value {
        do { return try question() } catch { throw .store(error) }
    }
}

/// Why something asked of a rollout was not done.
package enum RolloutDeskError: Error, CustomStringConvertible, Sendable {
    /// It cannot be done, in sentences.
    case fault(RolloutFault)
    /// The store did not take part.
    case store(FleetStoreError)
    /// A user asked for what is done already, or what they may not do.
    case claimed(RequestClaim)

    /// The sentences for the person who reads them.
    package var description: String {
        switch self {
        case .fault(let fault): "\(fault)"
        case .store(let error): "\(error)"
        case .claimed(.keyTaken): "the key of the request was used for something else"
        case .claimed(.denied): "the user may not do this to all of these gateways"
        case .claimed(.done), .claimed(.new): "this was done already"
        }
    }
}
