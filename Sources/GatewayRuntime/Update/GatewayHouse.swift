import Bank
import CANProfile
import GatewaySettings
import Quantities
import Synchronization
import UpdateAgent

/// What the agent's thread needs from the others.
struct UpdateSetup: Sendable {
    let control: UpdateControl
    let snapshots: Latest<BridgeSnapshot>
    /// How each line is; the list changes with the configuration.
    let lines: Latest<[Latest<LineStatus>]>
    /// What the gateway runs on now.
    let plan: Latest<GatewayPlan>
    let reports: UpdateReportBox
    let recorderWake: WakeSignal
    /// Keeps documents of the fleet and sets from being tried at once.
    let trials: TrialGate
    /// Where the fleet's documents are tried; nil without a fleet.
    let remote: RemoteControl?
    /// Where others find how an update is.
    let state: Latest<UpdateState>
}

/// The running gateway as the agent sees it.
final class GatewayHouse: UpdateHouse {
    /// So long after the last frame frames still count as leaving.
    private static var sendingMemory: TimeSpan { .seconds(5) }

    private let setup: UpdateSetup
    private let stop: StopSignal
    private let sent = Mutex<(count: UInt64, at: Instant)>((0, .never))

    init(_ setup: UpdateSetup, stop: StopSignal) {
        self.setup = setup
        self.stop = stop
    }

    func clock() -> UpdateClock {
        UpdateClock(
            monotonic: MachineClock.now().nanoseconds,
            wall: MachineClock.wallNanoseconds() / 1_000_000_000,
            isTrusted: MachineClock.isWallTrusted(), floor: setup.control.floor())
    }

    func look() -> HouseView {
        let snapshot = setup.snapshots.get()
        let state = snapshot.state
        var view = HouseView()
        view.packs = Int(state.packsOnline)
        view.inverter =
            switch snapshot.inverter {
            case .unseen: .unseen
            case .present: .present
            case .silent: .silent
            }
        // of the set itself: after a start the bridge may not have begun
        view.silence = setup.plan.get().profile.keepAliveTimeout.nanoseconds
        view.keepAlives = snapshot.keepAlives
        view.isSending = isSending(snapshot.counters.sent)
        let raised = state.warnings.union(state.protections).union(state.faults)
        view.alarms = Set(AlarmKind.allCases.filter(raised.contains).map(\.code))
        for line in setup.lines.get() {
            for unit in line.get().units {
                let numbers = unit.statistics
                view.exchanges += numbers.requests
                view.faultyExchanges +=
                    numbers.checkFailures + numbers.exceptions + numbers.wrongUnits
                    + numbers.implausible
            }
        }
        view.isRising = [state.chargeCurrent.reason.rule, state.dischargeCurrent.reason.rule]
            .contains(.rising)
        view.isProtected = !state.protections.isEmpty
        view.isConfiguring = setup.remote?.isBusy.load(ordering: .acquiring) ?? false
        return view
    }

    private func isSending(_ count: UInt64) -> Bool {
        let now = MachineClock.now()
        return sent.withLock { last in
            if count != last.count { last = (count, now) }
            return last.at != .never && now.since(last.at) < Self.sendingMemory
        }
    }

    func prove(path: String) -> Proof {
        let configuration = setup.plan.get().configuration
        return ProofProcess().prove(
            path: path, maps: Array(Set(configuration.lines.map(\.map))).sorted(),
            profile: configuration.inverter.profile, quirks: configuration.inverter.quirks,
            hardware: setup.control.terms.hardware, unless: stop)
    }

    func beginTrial() -> Bool { setup.trials.take(.set) }
    func endTrial() { setup.trials.giveBack(.set) }

    func swap(to path: String?) -> String? {
        setup.control.handover.swap(to: path, unless: stop)
    }

    var running: String? { setup.control.choice.sha256 }
    var installedRelease: Int { setup.control.installedRelease }
    func hasConsent(_ assignment: Assignment) -> Bool { setup.control.hasConsent(assignment) }

    func tell(_ reports: [NumberedReport]) {
        if setup.reports.add(reports) { setup.recorderWake.raise() }
    }

    var told: Int { setup.reports.stored }
}
