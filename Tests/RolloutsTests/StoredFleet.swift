import FleetStore
import TestKit

@testable import Rollouts

/// The same gateways, whose measurements and reports reach a real store, and an engine that works on it.
final class StoredFleet: AssignmentSink {
    let address: String
    let desk: RolloutDesk
    let gateways: PlayedGateways
    private(set) var now: Int64
    private(set) var engine: RolloutEngine
    /// Every assignment that was published, in that order.
    private(set) var published: [HandedAssignment] = []
    /// What the engine said went wrong.
    private(set) var troubles: [String] = []
    let cutter = Cutter()
    private let records: any FleetStore
    private let set: SetRelease
    private let rollout: String
    private var sequences: [String: Int64] = [:]
    private var measured: [String: Int64] = [:]
    private var told: [String: Int] = [:]
    private var active: Swift.Set<String> = []

    /// A fleet with one measurement each, and a rollout of a plan.
    init(
        _ plan: RolloutPlan, _ manners: [(PlayedGateways.Manner, Int)], seed: UInt64,
        address: String, at begin: Int64 = 1_790_000_000_000
    ) throws {
        self.address = address
        now = begin
        (set, rollout) = (plan.set, plan.id)
        gateways = PlayedGateways(manners, seed: seed, at: begin - 60_000)
        records = try FleetStores.open(address)
        try records.migrate()
        desk = RolloutDesk(store: try FleetStores.openRollouts(address), clock: .system)
        engine = RolloutEngine(
            store: try FleetStores.openRollouts(address), sink: NoSink(), clock: .system)
        // those that are silent with the new set were not before
        for ids in gateways.ids.chunks(of: 500) {
            _ = try records.store(batch(ids.map { telemetry($0, at: begin - 60_000) }))
        }
        _ = try desk.create(plan, at: begin)
        try restart()
    }

    /// The fleet's program begins anew, without what it knew in memory.
    func restart() throws {
        engine = RolloutEngine(
            store: CutStore(try FleetStores.openRollouts(address), cutter), sink: self,
            clock: .system)
    }

    var state: Rollout {
        get throws { try desk.rollout(rollout).rollout }
    }

    /// Lets time pass, stores what gateways made meanwhile, and lets the engine work; a cut kills it.
    func pass(minutes: Int) throws {
        now += Int64(minutes) * 60_000
        try storeNews()
        if let error = tick(), !cutter.hasCut { throw error }
        if cutter.hasCut {
            cutter.hasCut = false
            try restart()
        }
    }

    private func tick() -> FleetStoreError? {
        do throws(FleetStoreError) {
            let found = try engine.tick(at: now)
            troubles += found
            return nil
        } catch {
            return error
        }
    }

    func run(hours: Int, step: Int = 10) throws {
        for _ in 0..<hours * 60 / step {
            try pass(minutes: step)
            if try state.state.isOver { return }
        }
    }

    func publish(_ assignments: [HandedAssignment]) throws(RolloutFault) {
        for assignment in assignments {
            try cutter.step("publish")
            published.append(assignment)
            active.insert(assignment.gateway)
            let isNew = assignment.document?.contains(set.sha256) ?? false
            gateways.take(assignment, isNew: isNew, of: rollout, at: now)
        }
        try cutter.step("published")
    }

    // MARK: - Records

    private func storeNews() throws {
        var news: [FleetRecord] = []
        for gateway in active.sorted() {
            let reports = gateways.reports(of: gateway, until: now)
            for report in reports.dropFirst(told[gateway] ?? 0) { news.append(event(report)) }
            told[gateway] = reports.count
            // an hour of each is enough to be judged by
            let last = max(measured[gateway] ?? 0, now - 3_600_000)
            for time in stride(
                from: last + PlayedGateways.interval, through: now, by: Int(PlayedGateways.interval)
            ) {
                guard let bank = gateways.bank(of: gateway, at: time),
                    bank.timeMilliseconds > measured[gateway] ?? 0
                else { continue }
                measured[gateway] = bank.timeMilliseconds
                news.append(record(bank, of: gateway))
            }
        }
        for piece in news.chunks(of: 2_000) { _ = try records.store(batch(piece)) }
    }

    private func batch(_ records: [FleetRecord]) -> IngestBatch {
        var batch = IngestBatch()
        batch.records = records
        return batch
    }

    private func telemetry(_ gateway: String, at time: Int64) -> FleetRecord {
        measured[gateway] = time
        return record(
            gateways.bank(of: gateway, at: time)
                ?? BankView(
                    timeMilliseconds: time, packsOnline: 4, keepAlive: "present", bus: "active",
                    framesSent: 1), of: gateway)
    }

    private func record(_ view: BankView, of gateway: String) -> FleetRecord {
        var bank = BankSample()
        bank.mode = "running"
        (bank.packsConfigured, bank.packsOnline) = (4, Int32(view.packsOnline))
        (bank.profile, bank.keepAlive, bank.bus) = ("pylontech-lv-1.2", view.keepAlive, view.bus)
        bank.protections = view.alarms.sorted().joined(separator: ",")
        bank.framesSent = view.framesSent
        return made(gateway, view.timeMilliseconds, .telemetry(bank, []))
    }

    private func event(_ report: ReceivedReport) -> FleetRecord {
        let detail =
            #"{"set":"base","version":"1.4.0","release":\#(report.release),"#
            + #""rollout":"\#(report.rollout)","reason":"\#(report.reason)"}"#
        return made(
            report.gateway, report.timeMilliseconds,
            .event(
                EventSample(
                    change: "noticed", level: "information", code: report.kind.rawValue, pack: 0,
                    text: "", detail: detail)))
    }

    private func made(_ gateway: String, _ time: Int64, _ body: FleetRecord.Body) -> FleetRecord {
        let sequence = (sequences[gateway] ?? 0) + 1
        sequences[gateway] = sequence
        return FleetRecord(
            key: RecordKey(gateway: gateway, epoch: 7, sequence: sequence),
            clock: RecordClock(
                wallMilliseconds: time, isTrusted: true,
                boot: "71734537-d6d9-472d-8519-7ef8cf99f170",
                monotonicMilliseconds: sequence * 1000),
            receivedMilliseconds: time, body: body)
    }
}

/// Counts the steps at which a fleet may die, and kills it at one of them.
final class Cutter {
    /// Steps passed, and the one to die at; nil lives.
    private(set) var passed = 0
    var wanted: Int?
    var hasCut = false
    private(set) var names: [String] = []

    func step(_ name: String) throws(RolloutFault) {
        if isNow(name) { throw RolloutFault("cut at \(name)") }
    }

    func isNow(_ name: String) -> Bool {
        passed += 1
        names.append(name)
        guard passed == wanted else { return false }
        hasCut = true
        return true
    }
}

/// A store whose program dies right before or right after a change is kept.
final class CutStore: RolloutStore {
    private let store: any RolloutStore
    private let cutter: Cutter

    init(_ store: any RolloutStore, _ cutter: Cutter) {
        self.store = store
        self.cutter = cutter
    }

    private func step(_ name: String) throws(FleetStoreError) {
        if cutter.isNow(name) {
            throw .unavailable(store: "test", detail: "cut at \(name)")
        }
    }

    func keep(
        _ change: RolloutChange, asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutKeeping {
        try step("before keep")
        let kept = try store.keep(change, asked: asked)
        try step("after keep")
        return kept
    }

    func migrate() throws(FleetStoreError) { try store.migrate() }
    func addRollout(
        _ rollout: RolloutRecord, gateways: [RolloutGatewayRecord], note: RolloutNote,
        asked: ToldRequest?
    ) throws(FleetStoreError) -> RolloutAdding {
        try store.addRollout(rollout, gateways: gateways, note: note, asked: asked)
    }
    func rollouts() throws(FleetStoreError) -> [RolloutRecord] { try store.rollouts() }
    func rollout(_ id: String) throws(FleetStoreError) -> RolloutRecord? { try store.rollout(id) }
    func gateways(of rollout: String) throws(FleetStoreError) -> [RolloutGatewayRecord] {
        try store.gateways(of: rollout)
    }
    func gatewayCounts() throws(FleetStoreError) -> [RolloutGatewayCount] {
        try store.gatewayCounts()
    }
    func notes(of rollout: String) throws(FleetStoreError) -> [RolloutNote] {
        try store.notes(of: rollout)
    }
    func assignments() throws(FleetStoreError) -> [AssignmentRecord] { try store.assignments() }
    func assignmentTurn() throws(FleetStoreError) -> Int64 { try store.assignmentTurn() }
    func replace(
        _ replacements: [AssignmentReplacement], notes: [(rollout: String, note: RolloutNote)]
    ) throws(FleetStoreError) -> [String] {
        try step("before replace")
        let replaced = try store.replace(replacements, notes: notes)
        try step("after replace")
        return replaced
    }
    func attempts(
        of gateway: String
    ) throws(FleetStoreError) -> [(rollout: String, attempt: RolloutGatewayRecord)] {
        try store.attempts(of: gateway)
    }
    func devices() throws(FleetStoreError) -> [Device] { try store.devices() }
    func updateEvents(since: Int64) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try store.updateEvents(since: since)
    }
    func updateEventCount(since: Int64) throws(FleetStoreError) -> Int64 {
        try store.updateEventCount(since: since)
    }
    func currentBanks() throws(FleetStoreError) -> [StoredSample<BankSample>] {
        try store.currentBanks()
    }
    func bankSamples(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<BankSample>] {
        try store.bankSamples(gateway: gateway, from: from, to: to, limit: limit)
    }
    func events(
        gateway: String, from: Int64, to: Int64, limit: Int
    ) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try store.events(gateway: gateway, from: from, to: to, limit: limit)
    }
    func newestEvents(code: String) throws(FleetStoreError) -> [StoredSample<EventSample>] {
        try store.newestEvents(code: code)
    }
}

/// Publishes nothing.
final class NoSink: AssignmentSink {
    func publish(_ assignments: [HandedAssignment]) throws(RolloutFault) {}
}

extension Array {
    /// Pieces of so many elements.
    func chunks(of size: Int) -> [[Element]] {
        stride(from: 0, to: count, by: size).map { Array(self[$0..<Swift.min($0 + size, count)]) }
    }
}
