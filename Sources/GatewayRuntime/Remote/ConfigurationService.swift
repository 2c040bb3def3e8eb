import GatewaySettings
import Glibc
import Logging
import MQTTLink
import Quantities
import RemoteConfiguration
import Threads

/// What a start found of the fleet's documents.
struct RemoteBeginning: Sendable {
    /// The documents.
    let keeper: ConfigurationKeeper
    /// Whether the plan the gateway starts with is on trial.
    let isTrial: Bool
    /// What was given up at the start.
    let reverted: ConfigurationRefusal?
}

/// What the configuration's thread needs from the others.
struct ConfigurationSetup: Sendable {
    let control: RemoteControl
    /// Keeps documents of the fleet and sets from being tried at once.
    let trials: TrialGate
    let beginning: RemoteBeginning
    let plan: GatewayPlan
    let snapshots: Latest<BridgeSnapshot>
    let mailbox: LinkMailbox?
    let reports: ReportBox
    let recorderWake: WakeSignal
    let log: Logger
}

/// Fetches the fleet's documents, has them applied and confirms or reverts them, on a thread that may
/// wait for the network and the disk.
///
/// Nothing of the bridge waits for it (rule 6): it only looks at copies of what others show.
final class ConfigurationService: ThreadedService {
    let name = "configuration"
    let stop: StopSignal
    private let setup: ConfigurationSetup

    init(_ setup: ConfigurationSetup) throws(ThreadError) {
        self.setup = setup
        stop = try StopSignal()
    }

    func run() {
        var worker = ConfigurationWorker(setup)
        worker.begin()
        let (news, finished) = (setup.control.news, setup.control.handover.finished)
        let freed = setup.trials.freed
        while !stop.isRaised {
            var polls = [
                pollfd(reading: stop.descriptor), pollfd(reading: news.descriptor),
                pollfd(reading: finished.descriptor), pollfd(reading: freed.descriptor),
            ]
            Poll.wait(&polls, until: worker.nextDeadline)
            if stop.isRaised { return }
            if news.clear() { worker.noteNews() }
            if finished.clear() { worker.noteApplied() }
            if freed.clear() { worker.takeHeldBack() }
            worker.step()
        }
    }
}
