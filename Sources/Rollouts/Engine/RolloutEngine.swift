import CutPoints
import FleetStore

/// Carries rollouts forward: reads what is known, lets `Rollout` decide, keeps it, publishes.
///
/// One thread uses an instance; several, in one process or in many, may work on one store.
///
/// 1. A step is on disk before anything of it is published.
/// 2. Each engine brings every assignment to the place of its own sink: all of them at its start, which
///    changes nothing where they lie already, and then what changed; trouble of the sink is tried again.
/// 3. A gateway is awaited from when its assignment was published, not from when it was decided.
/// 4. Of a rollout that is over, what went well stays in force: its assignments are renewed in time.
package final class RolloutEngine {
    private let store: any RolloutStore
    private let sink: any AssignmentSink
    private let clock: ZoneClock
    private let knowledge: FleetKnowledge
    private var loaded: [String: Loaded] = [:]
    private var place = AssignmentPlace()
    /// When it last saw that nothing is left to renew.
    private var renewed: Int64?

    /// A rollout in memory, as it was kept last.
    private struct Loaded {
        var rollout: Rollout
        var record: RolloutRecord
        /// Reports that it has heard, and how many there were when it last listened.
        var heard: Set<RecordKey> = []
        var reports: Int64 = -1
        /// When it last looked at what a gateway measured, to judge it.
        var looked: [String: Int64] = [:]
        /// Steps since it listened whatever the count.
        var steps = 0
    }

    /// Gateways judged in one step, at most; each has the measurements of the whole time of watching.
    private static let mostJudged = 500
    /// So many steps may pass between two times of listening whatever the count of reports: one that
    /// came while an old one was removed leaves the count as it was.
    private static let mostDeaf = 60

    /// How often it looks for assignments to renew, ms.
    private static let renewalPause: Int64 = 3_600_000

    /// Reports made this long before a rollout may be about it, for clocks differ; ms.
    private static let lead: Int64 = 86_400_000

    /// Works on a store that was migrated.
    package init(store: any RolloutStore, sink: any AssignmentSink, clock: ZoneClock) {
        self.store = store
        self.sink = sink
        self.clock = clock
        knowledge = FleetKnowledge(store: store)
    }

    /// Takes a step with every rollout that is not over, and publishes what there is to publish.
    ///
    /// Gives what went wrong with single ones, in sentences; the others went on. Call it every few
    /// seconds with the Unix time in milliseconds.
    package func tick(at now: Int64) throws(FleetStoreError) -> [String] {
        var troubles: [String] = []
        var plans: [String: RolloutPlan] = [:]
        if renewed.map({ now - $0 >= Self.renewalPause }) ?? true {
            let count = try AssignmentRenewal(store: store).renew(at: now)
            renewed = count < AssignmentRenewal.most ? now : nil
        }
        let open = try store.rollouts().filter { !$0.isOver }
        loaded = loaded.filter { id, _ in open.contains { $0.id == id } }
        for record in open {
            do throws(TickTrouble) {
                try advance(record, at: now, &plans)
            } catch {
                loaded[record.id] = nil
                guard case .rollout(let fault) = error else { throw error.storeError }
                troubles.append("rollout '\(record.id)': \(fault)")
            }
        }
        do throws(TickTrouble) {
            try publish(at: now)
        } catch {
            guard case .rollout(let fault) = error else { throw error.storeError }
            troubles.append("publishing assignments: \(fault)")
        }
        return troubles
    }

    // MARK: - Deciding

    private func advance(
        _ record: RolloutRecord, at now: Int64, _ plans: inout [String: RolloutPlan]
    ) throws(TickTrouble) {
        var known = try load(record)
        let facts = try facts(for: &known, at: now, &plans)
        let outcome = known.rollout.step(facts, at: now)
        guard !outcome.isEmpty else {
            loaded[record.id] = known
            return
        }
        let kept = try keep(outcome, [], &known, at: now)
        loaded[record.id] = kept ? known : nil
    }

    private func load(_ record: RolloutRecord) throws(TickTrouble) -> Loaded {
        if let known = loaded[record.id], known.record.revision == record.revision { return known }
        let gateways = try asking { () throws(FleetStoreError) in
            try store.gateways(of: record.id)
        }
        do throws(RolloutFault) {
            return Loaded(rollout: try RolloutRows.rollout(record, gateways), record: record)
        } catch {
            throw .rollout(error)
        }
    }

    private func facts(
        for known: inout Loaded, at now: Int64, _ plans: inout [String: RolloutPlan]
    ) throws(TickTrouble) -> RolloutFacts {
        var facts = RolloutFacts(clock: clock)
        let rollout = known.rollout
        facts.tell = rollout.toTell(at: now, clock)
        let looked = known.looked
        let judged = rollout.toJudge(at: now)
            .sorted { looked[$0.gateway] ?? 0 < looked[$1.gateway] ?? 0 }.prefix(Self.mostJudged)
        for gateway in judged { known.looked[gateway.gateway] = now }
        let isWatched = rollout.attempts.contains { [.good, .proven].contains($0.state) }
        let since = known.record.madeMilliseconds - Self.lead
        let count = try asking { () throws(FleetStoreError) in
            try store.updateEventCount(since: since)
        }
        let isDeaf = count == known.reports && known.steps < Self.mostDeaf
        (known.reports, known.steps) = (count, isDeaf ? known.steps + 1 : 0)
        let wasHeard = known.heard
        let read = try asking { () throws(FleetStoreError) in
            let events =
                isDeaf
                ? []
                : try store.updateEvents(since: since).filter { !wasHeard.contains($0.key) }
            if isWatched || !facts.tell.isEmpty { facts.banks = try knowledge.banks() }
            for gateway in judged {
                facts.evidence[gateway.gateway] = try knowledge.evidence(
                    of: gateway.gateway, from: gateway.from, now: now)
            }
            for gateway in facts.tell {
                facts.raised[gateway] = try knowledge.raisedBefore(now, by: gateway)
            }
            return events
        }
        known.heard.formUnion(read.map(\.key))
        facts.reports = read.compactMap { ReceivedReport($0) }
        guard !facts.tell.isEmpty else { return facts }
        let (tell, seen) = (facts.tell, plans)
        var found = seen
        facts.known = try asking { () throws(FleetStoreError) in
            let assigned = try store.assignments()
            let releases = Dictionary(assigned.map { ($0.gateway, $0.release) }) { $1 }
            let running = try knowledge.running(tell) { id throws(FleetStoreError) in
                if let plan = found[id] { return plan }
                let record = try store.rollout(id)
                let plan = record.flatMap { try? RolloutPlan(parsing: Array($0.plan.utf8)) }
                found[id] = plan
                return plan
            }
            return Dictionary(
                tell.map { ($0, (set: running[$0], release: releases[$0] ?? 0)) }
            ) { $1 }
        }
        plans = found
        return facts
    }

    /// Keeps a step; false when somebody else has changed the rollout meanwhile.
    private func keep(
        _ outcome: RolloutOutcome, _ published: [AssignmentRecord], _ known: inout Loaded,
        at now: Int64
    ) throws(TickTrouble) -> Bool {
        let change = RolloutDesk.change(
            known.rollout, known.record, outcome, published, at: now)
        CutPoint.pass("rollout-before-keep")
        let kept = try asking { () throws(FleetStoreError) in try store.keep(change) }
        CutPoint.pass("rollout-after-keep")
        known.record = change.rollout
        known.record.revision += 1
        return kept
    }

    // MARK: - Publishing

    private func publish(at now: Int64) throws(TickTrouble) {
        let turn = try asking { () throws(FleetStoreError) in try store.assignmentTurn() }
        guard turn != place.turn else { return }
        let all = try asking { () throws(FleetStoreError) in try store.assignments() }
        let news = all.filter { !place.has($0) }
        if !news.isEmpty {
            do throws(RolloutFault) {
                try sink.publish(news.map { HandedAssignment($0) })
            } catch {
                throw .rollout(error)
            }
            CutPoint.pass("rollout-after-publish")
            place.add(news)
        }
        for (id, assignments) in Dictionary(
            grouping: all.filter { !$0.isPublished }, by: \.rollout
        ).sorted(by: { $0.key < $1.key }) {
            try tell(of: assignments, to: id, at: now)
        }
        // whatever changed since, this step's own words included, is looked at next time
        place.turn = turn
    }

    /// Gateways can fetch these; the first engine that brings them to its place says so.
    private func tell(
        of assignments: [AssignmentRecord], to id: String, at now: Int64
    ) throws(TickTrouble) {
        guard let record = try asking({ () throws(FleetStoreError) in try store.rollout(id) })
        else { return }
        var known = try load(record)
        let outcome = known.rollout.published(
            assignments.map { HandedAssignment($0) }, at: now)
        let kept = try keep(outcome, assignments, &known, at: now)
        loaded[id] = kept && !known.rollout.state.isOver ? known : nil
    }

    private func asking<Value>(
        _ question: () throws(FleetStoreError) -> Value
    ) throws(TickTrouble) -> Value {
        do { return try question() } catch { throw .store(error) }
    }
}

/// What kept a rollout from going on.
private enum TickTrouble: Error {
    /// The store, and so all of them.
    case store(FleetStoreError)
    /// This one.
    case rollout(RolloutFault)

    var storeError: FleetStoreError {
        switch self {
        case .store(let error): error
        case .rollout(let fault):
            .refused(store: "", operation: "read a rollout", detail: "\(fault)")
        }
    }
}
