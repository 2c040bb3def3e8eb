import GatewaySettings
import Glibc
import LocalAPI
import Logging
import MQTTLink
import Outbox
import Quantities
import Synchronization
import Telemetry
import Threads

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
    /// What may change while the recorder runs.
    let tuning: Latest<RecorderTuning>
    /// What became of documents of the fleet.
    let reports: ReportBox
    /// What became of assigned profile sets.
    let updates: UpdateReportBox
    /// How assigned sets are; nil without `[update]`.
    let updateState: Latest<UpdateState>?
    /// How the identity is; nil without a fleet.
    let identity: Latest<IdentityState>?
    let outboxPath: String
    let outboxBudget: Int64
    let filePath: String?
    let fileBytes: Int
    let fileCount: Int
    let snapshots: Latest<BridgeSnapshot>
    let uplink: Latest<UplinkStatus>
    let acknowledged: AcknowledgementBox
    /// Told by the link that somebody looks.
    let onlookers: Onlookers
    /// Raised by the link when it meets damage in the file.
    let damage: DamageReport
    /// The alarms that the local app shows; nil where none is served.
    let alarms: AlarmBoard?
    /// The link's mailbox, or nil when nothing is published.
    let mailbox: LinkMailbox?
    let log: Logger

    /// How long until the record that follows one made now.
    func interval(at now: Instant) -> TimeSpan {
        let tuning = tuning.get()
        return onlookers.look(at: now)
            ? min(tuning.interval, tuning.liveInterval) : tuning.interval
    }

    var commitWindow: TimeSpan { tuning.get().commitWindow }
    var stateInterval: TimeSpan { tuning.get().stateInterval }
}

/// What of the recorder's settings takes effect while it runs.
struct RecorderTuning: Sendable {
    /// A record every so often.
    let interval: TimeSpan
    /// The same while somebody looks; longer is no difference.
    let liveInterval: TimeSpan
    /// How long a record waits for others to share its transaction; alarms never wait.
    let commitWindow: TimeSpan
    /// How often the retained state topics are renewed.
    let stateInterval: TimeSpan

    /// Takes the settings over.
    init(_ configuration: GatewayConfiguration) {
        interval = .seconds(Int64(configuration.telemetry.intervalSeconds))
        let live = Int64(configuration.telemetry.liveIntervalSeconds)
        liveInterval = live > 0 ? .seconds(live) : interval
        commitWindow = .milliseconds(Int64(configuration.outbox.commitWindowMilliseconds))
        stateInterval = .seconds(Int64(configuration.mqtt?.stateIntervalSeconds ?? 10))
    }
}

/// Carries reports on documents of the fleet to the recorder, which stores them.
final class ReportBox: Sendable {
    private let waiting = Mutex<[ConfigurationReport]>([])

    /// Leaves a report.
    func add(_ report: ConfigurationReport) { waiting.withLock { $0.append(report) } }

    /// Takes all of them, oldest first.
    func take() -> [ConfigurationReport] {
        waiting.withLock { reports in
            defer { reports = [] }
            return reports
        }
    }
}
