import Glibc
import Logging
import MQTTLink
import Outbox
import Quantities
import Synchronization

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
