import Numbering
import Bank
import Glibc
import Logging
import MQTTLink
import Outbox
import Quantities
import Synchronization
import Telemetry

/// Makes records of what the bridge shows and stores them, on a thread that may wait for the disk.
final class RecorderService: ThreadedService {
    let name = "recorder"
    let stop: StopSignal
    /// Raised by the bridge for new alarms and by the link when acknowledgements pile up.
    let wake: WakeSignal
    private let setup: RecorderSetup

    init(setup: RecorderSetup, wake: WakeSignal) throws(ThreadError) {
        self.setup = setup
        self.wake = wake
        stop = try StopSignal()
    }

    func run() {
        var recorder = Recorder(setup)
        recorder.noteStart()
        var polls = [pollfd](repeating: pollfd(reading: -1), count: 2)
        while !stop.isRaised {
            polls[0] = pollfd(reading: stop.descriptor)
            polls[1] = pollfd(reading: wake.descriptor)
            Poll.wait(&polls, until: recorder.nextDeadline)
            wake.clear()
            recorder.step()
        }
        recorder.finish()
    }
}

/// Carries the news of a damaged outbox from the link, which reads, to the recorder, which owns it.
final class DamageReport: Sendable {
    private let isRaised = Atomic<Bool>(false)

    /// Tells the recorder.
    func raise() { isRaised.store(true, ordering: .releasing) }

    /// Whether there was news; true once.
    func take() -> Bool { isRaised.exchange(false, ordering: .acquiringAndReleasing) }
}

/// What the recorder needs from the others.
struct RecorderSetup: Sendable {
    let gateway: String
    let profile: String
    let interval: TimeSpan
    let outboxPath: String
    let outboxBudget: Int64
    /// How long a record waits for others to share its transaction; alarms never wait.
    let commitWindow: TimeSpan
    let filePath: String?
    let fileBytes: Int
    let fileCount: Int
    let snapshots: Latest<BridgeSnapshot>
    let uplink: Latest<UplinkStatus>
    let acknowledged: AcknowledgementBox
    /// Raised by the link when it meets damage in the file.
    let damage: DamageReport
    /// The link's mailbox, or nil when nothing is published.
    let mailbox: LinkMailbox?
    /// How often the retained state topics are renewed.
    let stateInterval: TimeSpan
    let log: Logger
}

/// The recorder's work; used by its thread only.
struct Recorder {
    /// How long acknowledged rows may wait for the next record before they are freed on their own.
    ///
    /// In the transaction of the next record they cost no sync and half the bytes on the device.
    private static var freeingDelay: TimeSpan { .seconds(60) }

    /// So many are freed at once, without waiting for a record.
    private static var manyAcknowledged: Int64 { 500 }

    private let setup: RecorderSetup
    private var keeper: OutboxKeeper
    private let file: RotatingFile?
    private var writer = JSONWriter()
    private var tracker = AlarmTracker()
    private var acknowledged = SequenceRanges()
    private var rejections: [Rejection] = []
    private var lossReport = LossReport()
    /// When what is pending is stored at the latest.
    private var commitAt: Instant = .never
    private let bootID = MachineClock.bootID()
    private var nextRecordAt = MachineClock.now()
    private var nextFreeAt = MachineClock.now()
    private var nextStateAt = MachineClock.now()
    private var pending: [OutboxRecord] = []

    init(_ setup: RecorderSetup) {
        self.setup = setup
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
        addEvent(.noticed, .information, code: "started", pack: 0, text: "gateway started")
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
        guard let losses = keeper.outbox?.losses,
            let words = lossReport.words(losses, now: now)
        else { return }
        addEvent(.noticed, .warning, code: "outbox_loss", pack: 0, text: words)
    }

    /// Stores what is left before the thread ends.
    mutating func finish() {
        rejections += setup.acknowledged.takeRejections()
        acknowledged.formUnion(setup.acknowledged.take())
        addEvent(.noticed, .information, code: "stopped", pack: 0, text: "gateway stopped")
        store()
        publishStatus()
    }

    private mutating func planNextRecord(_ now: Instant) {
        let planned = nextRecordAt + setup.interval
        nextRecordAt = planned <= now ? now + setup.interval : planned
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
        text: String, _ recordClass: RecordClass = .event
    ) {
        writer.removeAll()
        EventDocument.write(
            stamp(), change: change, level: level, code: code, pack: pack, text: text, to: &writer)
        add(recordClass)
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
        if hasNews { setup.mailbox?.wake() }
    }

    /// Renews the retained documents that local readers (Home Assistant, Node-RED) look at.
    private mutating func publishState(_ snapshot: BridgeSnapshot, _ now: Instant) {
        nextStateAt = now + setup.stateInterval
        guard let mailbox = setup.mailbox, snapshot.state.takenAt != .never else { return }
        let expiry = UInt32(clamping: setup.stateInterval.milliseconds * 3 / 1000)
        writer.removeAll()
        TelemetryDocument.writeBank(
            snapshot.state, snapshot.summary(profile: setup.profile), to: &writer)
        mailbox.setState("bank", payload: writer.bytes, expirySeconds: expiry)
        for position in 0..<snapshot.packs.count {
            writer.removeAll()
            TelemetryDocument.writePack(
                position, snapshot.state, snapshot.packs, now: now, to: &writer)
            let number = position + 1
            mailbox.setState(
                number < 10 ? "pack/0\(number)" : "pack/\(number)", payload: writer.bytes,
                expirySeconds: expiry)
        }
    }

    private func publishStatus() {
        let status = keeper.status
        let (problem, appended, failures) = (keeper.problem, keeper.appended, file?.failures ?? 0)
        let freeable = acknowledged.count
        setup.uplink.update { uplink in
            uplink.outboxProblem = problem
            uplink.appended = appended
            uplink.fileFailures = failures
            guard let status else { return }
            uplink.depth = max(0, status.depth - freeable)
            uplink.nextSequence = status.nextSequence
            uplink.epoch = status.epoch
            uplink.fileBytes = status.fileBytes
            uplink.usedBytes = status.usedBytes
            uplink.budgetBytes = status.budgetBytes ?? 0
            uplink.oldestWallMilliseconds = status.oldestWallMilliseconds
            uplink.losses = status.losses
            uplink.lost = status.lost
        }
    }
}
