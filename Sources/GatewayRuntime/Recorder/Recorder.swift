import Bank
import Logging
import Numbering
import Outbox
import Quantities
import Telemetry

/// The recorder's work; used by its thread only.
struct Recorder {
    /// How long acknowledged rows may wait for the next record before they are freed on their own.
    ///
    /// In the transaction of the next record they cost no sync and half the bytes on the device.
    private static var freeingDelay: TimeSpan { .seconds(60) }

    /// So many are freed at once, without waiting for a record.
    private static var manyAcknowledged: Int64 { 500 }

    let setup: RecorderSetup
    private(set) var keeper: OutboxKeeper
    let file: RotatingFile?
    var writer = JSONWriter()
    private var tracker = AlarmTracker()
    private(set) var acknowledged = SequenceRanges()
    private var rejections: [Rejection] = []
    private var lossReport = LossReport()
    /// Alarms of the identity that were raised and not cleared.
    private var identityAlarms: Set<IdentityAlarm> = []
    /// Whether it was told that the source of sets is cut off; nil where an earlier program may have.
    private var isSourceStale: Bool?
    /// When what is pending is stored at the latest.
    private var commitAt: Instant = .never
    private let bootID = MachineClock.bootID()
    private var nextRecordAt = MachineClock.now()
    private var nextFreeAt = MachineClock.now()
    var nextStateAt = MachineClock.now()
    private var pending: [OutboxRecord] = []
    /// The highest number of a report on a set among them; 0 without any.
    private var pendingReport = 0

    init(_ setup: RecorderSetup) {
        self.setup = setup
        isSourceStale = setup.updateState?.get().alarm.isEmpty == false ? nil : false
        keeper = OutboxKeeper(
            path: setup.outboxPath, budget: setup.outboxBudget, log: setup.log)
        file = setup.filePath.map {
            RotatingFile(path: $0, mostBytes: setup.fileBytes, mostFiles: setup.fileCount)
        }
    }

    /// When there is something to do at the latest.
    var nextDeadline: Instant {
        let next = min(nextRecordAt, nextFreeAt)
        return pending.isEmpty ? next : min(next, commitAt)
    }

    /// Records that the gateway has started.
    mutating func noteStart() {
        openStore()
        addEvent(
            .noticed, .information, code: OwnEvent.started.rawValue, pack: 0,
            text: "gateway started")
        store()
    }

    /// One round: events at once, a record when its time has come, frees in the same transaction.
    mutating func step() {
        openStore()
        if setup.damage.take() {
            keeper.setAside(wallMilliseconds: MachineClock.wallNanoseconds() / 1_000_000)
        }
        let now = MachineClock.now()
        let snapshot = setup.snapshots.get()
        acknowledged.formUnion(setup.acknowledged.take())
        rejections += setup.acknowledged.takeRejections()
        reportLosses(now)
        reportConfigurations()
        reportUpdates()
        reportIdentity()
        reportSource()
        // A shorter interval counts at once.
        nextRecordAt = min(nextRecordAt, now + setup.interval(at: now))
        if snapshot.state.takenAt != .never {
            for change in tracker.update(snapshot.state, snapshot.packs, now: now) {
                add(change)
            }
            if now >= nextRecordAt { addRecord(snapshot, now) }
        }
        if now >= nextRecordAt { planNextRecord(now) }
        if now >= nextStateAt { publishState(snapshot, now) }
        free(now)
        publishStatus()
    }

    /// Stores what is new and frees acknowledged rows with it.
    ///
    /// Records wait a moment for others to share their write, alarms do not. Without news the rows wait
    /// for the next record, unless a drain brings many: each transaction frees a bounded number, so
    /// further ones follow at once.
    private mutating func free(_ now: Instant) {
        let isFreeingDue = now >= nextFreeAt && !acknowledged.isEmpty
        let isStoringDue = !pending.isEmpty && (now >= commitAt || holdsAlarm)
        if isStoringDue || isFreeingDue || acknowledged.count >= Self.manyAcknowledged
            || !rejections.isEmpty
        {
            store()
            nextFreeAt = now + Self.freeingDelay
        } else if now >= nextFreeAt {
            nextFreeAt = now + Self.freeingDelay
        }
        if keeper.outbox != nil, keeper.problem.isEmpty,
            acknowledged.count >= Self.manyAcknowledged
        {
            nextFreeAt = now
        }
    }

    private var holdsAlarm: Bool { pending.contains { $0.recordClass == .alarm } }

    /// Tells the fleet of records that were lost; at once, then not more often than it is worth.
    private mutating func reportLosses(_ now: Instant) {
        guard let outbox = keeper.outbox else { return }
        let losses = outbox.losses
        guard let words = lossReport.words(losses, told: outbox.toldLosses, now: now) else {
            return
        }
        addEvent(.noticed, .warning, code: OwnEvent.outboxLoss.rawValue, pack: 0, text: words)
        outbox.tellLosses(losses)
    }

    /// Stores what became of documents of the fleet.
    private mutating func reportConfigurations() {
        for report in setup.reports.take() {
            let isGood = report.result == .applied || report.result == .running
            addEvent(
                .noticed, isGood ? .information : .warning, code: OwnEvent.configuration.rawValue,
                pack: 0,
                text: report.text, configuration: report)
        }
    }

    /// Stores what became of assigned profile sets.
    private mutating func reportUpdates() {
        for numbered in setup.updates.take() {
            let report = numbered.report
            let isGood = report.code != .failed && report.code != .reverted
            addEvent(
                .noticed, isGood ? .information : .warning, code: report.code.rawValue, pack: 0,
                text: report.text, update: report)
            pendingReport = numbered.number
            setup.log.log(
                level: isGood ? .info : .warning, "profile set",
                metadata: ["outcome": "\(report.text)"])
        }
    }

    /// Stores which alarms of the identity have come and gone.
    private mutating func reportIdentity() {
        guard let alarms = setup.identity?.get().alarms else { return }
        for alarm in IdentityAlarm.allCases {
            let isRaised = alarms[alarm] != nil
            guard isRaised != identityAlarms.contains(alarm) else { continue }
            let text = alarms[alarm] ?? "\(alarm.rawValue.replacing("_", with: " ")) cleared"
            addEvent(
                isRaised ? .raised : .cleared, alarm.level, code: alarm.rawValue, pack: 0,
                text: text, .alarm)
            setup.log.log(
                level: isRaised ? .warning : .info, isRaised ? "alarm raised" : "alarm cleared",
                metadata: ["code": "\(alarm.rawValue)", "reason": "\(text)"])
        }
        identityAlarms = Set(alarms.keys)
    }

    /// Stores whether any word on sets can be believed.
    private mutating func reportSource() {
        guard let alarm = setup.updateState?.get().alarm, isSourceStale != !alarm.isEmpty else {
            return
        }
        let (isRaised, code) = (!alarm.isEmpty, OwnEvent.updateStale.rawValue)
        addEvent(
            isRaised ? .raised : .cleared, .warning, code: code, pack: 0,
            text: isRaised ? alarm : "word on profile sets can be believed again", .alarm)
        setup.log.log(
            level: isRaised ? .warning : .info, isRaised ? "alarm raised" : "alarm cleared",
            metadata: ["code": "\(code)", "reason": "\(alarm)"])
        isSourceStale = isRaised
    }

    /// Stores what is left before the thread ends.
    mutating func finish() {
        rejections += setup.acknowledged.takeRejections()
        acknowledged.formUnion(setup.acknowledged.take())
        reportConfigurations()
        reportUpdates()
        addEvent(
            .noticed, .information, code: OwnEvent.stopped.rawValue, pack: 0,
            text: "gateway stopped")
        store()
        publishStatus()
    }

    private mutating func planNextRecord(_ now: Instant) {
        let interval = setup.interval(at: now)
        let planned = nextRecordAt + interval
        nextRecordAt = planned <= now ? now + interval : planned
    }

    private mutating func openStore() {
        keeper.openIfNeeded(
            wallMilliseconds: MachineClock.wallNanoseconds() / 1_000_000,
            monotonicSeconds: MachineClock.now().nanoseconds / 1_000_000_000)
    }

    private func stamp() -> RecordStamp {
        RecordStamp(
            gateway: setup.gateway, epoch: keeper.outbox?.epoch ?? 0,
            sequence: (keeper.outbox?.nextSequence ?? 0) + Int64(pending.count),
            wallNanoseconds: MachineClock.wallNanoseconds(),
            isWallTrusted: MachineClock.isWallTrusted(), bootID: bootID,
            monotonic: MachineClock.now(), outbox: keeper.summary)
    }

    private mutating func addRecord(_ snapshot: BridgeSnapshot, _ now: Instant) {
        writer.removeAll()
        TelemetryDocument.write(
            stamp(), snapshot.state, snapshot.packs, snapshot.summary(profile: setup.profile),
            to: &writer)
        add(.telemetry)
        if let file {
            writer.endLine()
            file.append(writer.bytes)
        }
    }

    private mutating func add(_ change: AlarmChange) {
        let level: EventDocument.Level =
            switch change.level {
            case .warning: .warning
            case .protection: .protection
            case .fault: .fault
            }
        let who = change.pack == 0 ? "bank" : "pack \(change.pack)"
        let what = change.kind.code.replacing("_", with: " ")
        addEvent(
            change.isRaised ? .raised : .cleared, level, code: change.kind.code, pack: change.pack,
            text: "\(who): \(what) \(change.isRaised ? "raised" : "cleared")", .alarm)
        setup.log.log(
            level: change.isRaised ? .warning : .info,
            "\(change.isRaised ? "alarm raised" : "alarm cleared")",
            metadata: [
                "pack": "\(change.pack)", "code": "\(change.kind.code)", "level": "\(level)",
            ])
    }

    private mutating func addEvent(
        _ change: EventDocument.Change, _ level: EventDocument.Level, code: String, pack: UInt8,
        text: String, _ recordClass: RecordClass = .event,
        configuration: ConfigurationReport? = nil, update: UpdateReport? = nil
    ) {
        if recordClass == .alarm { show(change, level, code: code, pack: pack, text: text) }
        writer.removeAll()
        EventDocument.write(
            stamp(), change: change, level: level, code: code, pack: pack, text: text,
            configuration: configuration, update: update, to: &writer)
        add(recordClass)
    }

    /// Tells people on the gateway's own network what the fleet will be told.
    private func show(
        _ change: EventDocument.Change, _ level: EventDocument.Level, code: String, pack: UInt8,
        text: String
    ) {
        guard let alarms = setup.alarms else { return }
        let (pack, now) = (Int32(pack), MachineClock.now().nanoseconds / 1_000_000)
        switch change {
        case .raised:
            alarms.raise(code: code, level: level.rawValue, pack: pack, text: text, at: now)
        case .cleared: alarms.clear(code: code, level: level.rawValue, pack: pack, at: now)
        case .noticed: break
        }
    }

    private mutating func add(_ recordClass: RecordClass) {
        if pending.isEmpty { commitAt = MachineClock.now() + setup.commitWindow }
        pending.append(
            OutboxRecord(
                recordClass, wallMilliseconds: MachineClock.wallNanoseconds() / 1_000_000,
                payload: writer.bytes))
    }

    private mutating func store() {
        let hasNews = !pending.isEmpty
        keeper.append(
            pending, freeing: &acknowledged, rejecting: &rejections,
            wallMilliseconds: MachineClock.wallNanoseconds() / 1_000_000)
        pending.removeAll(keepingCapacity: true)
        if pendingReport > 0 {
            setup.updates.note(stored: keeper.isStoring ? pendingReport : nil)
            pendingReport = 0
        }
        if hasNews { setup.mailbox?.wake() }
    }
}
