import Bank
import CANBus
import CANProfile
import CANTransport
import CLinux
import Glibc
import Quantities
import Synchronization
import Threads

/// Turns the board's readings into frames, on a thread that waits for nobody (rule 6).
///
/// It wakes for urgent changes of the packs, for all of them where they are sent at once, for received
/// frames and for the send cycle. Every send cycle uses one snapshot and one profile (rule 5). The only locks it takes guard copies of plain values.
final class BridgeService: ThreadedService {
    let name = "bridge"
    let stop: StopSignal
    private let board: PackBoard
    private let snapshots: Latest<BridgeSnapshot>
    private let recorderWake: WakeSignal
    private let replacement = Mutex<CANProfile?>(nil)
    private let ceilings = Mutex<BankConfiguration?>(nil)
    private let foreign = Mutex<ForeignFrames?>(nil)
    private let shallLeave = Atomic<Bool>(false)
    private let hasLeft: WakeSignal
    private let makeCore: @Sendable () -> BridgeCore?

    /// `makeCore` runs on the bridge's own thread, because a bus belongs to one thread.
    init(
        board: PackBoard, snapshots: Latest<BridgeSnapshot>, recorderWake: WakeSignal,
        makeCore: @escaping @Sendable () -> BridgeCore?
    ) throws(ThreadError) {
        self.board = board
        self.snapshots = snapshots
        self.recorderWake = recorderWake
        self.makeCore = makeCore
        stop = try StopSignal()
        hasLeft = try WakeSignal()
    }

    /// Speaks another profile from the next send cycle on; from any thread.
    ///
    /// A profile for another bit rate is not taken while the bus is in use.
    func replace(profile: CANProfile) {
        replacement.withLock { $0 = profile }
        board.urgent.raise()
    }

    /// Holds the same packs to other ceilings and times from the next look on; from any thread.
    func replace(bank: BankConfiguration) {
        ceilings.withLock { $0 = bank }
        board.urgent.raise()
    }

    /// Knows other frames of other battery families from the next look on; from any thread.
    func replace(foreign frames: ForeignFrames) {
        foreign.withLock { $0 = frames }
        board.urgent.raise()
    }

    /// Has the inverter told what its profile says before another bridge speaks to it in another way.
    ///
    /// Waits until that is done, three of the profile's cycles and two seconds at most; the bridge sends nothing
    /// after that. From any thread but its own.
    func leave(_ profile: CANProfile) {
        shallLeave.store(true, ordering: .releasing)
        board.urgent.raise()
        // a bridge without a bus says nothing
        let deadline = MachineClock.now() + ProfileFarewell.longest(profile) + .seconds(2)
        while MachineClock.now() < deadline {
            var polls = [pollfd(reading: hasLeft.descriptor)]
            Poll.wait(&polls, until: deadline)
            if polls[0].isReady { return }
        }
    }

    func run() {
        defer { hasLeft.raise() }
        clinux_sharpen_timers()
        guard let core = makeCore() else { return }
        var polls = [pollfd](repeating: pollfd(reading: -1), count: 4)
        var alarms = AlarmSet()
        while !stop.isRaised {
            polls[0] = pollfd(reading: stop.descriptor)
            polls[1] = pollfd(reading: board.urgent.descriptor)
            polls[2] = core.bus.pollRequest
            polls[3] = pollfd(reading: core.followsEveryChange ? board.changed.descriptor : -1)
            Poll.wait(&polls, until: core.nextDeadline)
            if polls[1].isReady { board.urgent.clear() }
            let hasNews = board.changed.clear()
            let now = MachineClock.now()
            if let profile = Self.take(replacement) { _ = core.replace(profile: profile) }
            if let bank = Self.take(ceilings) { core.replace(bank: bank) }
            if let frames = Self.take(foreign) { core.replace(foreign: frames) }
            if shallLeave.load(ordering: .acquiring) { core.leave(now) }
            core.receive(now)
            if core.hasLeft { hasLeft.raise() }
            guard core.step(hasNews ? board.copy().packs : nil, now: now) else { continue }
            snapshots.update { core.write(into: &$0) }
            let raised = core.raisedAlarms
            if raised != alarms {
                alarms = raised
                recorderWake.raise()
            }
        }
        core.bus.close()
    }

    /// What waits for the bridge; once.
    private static func take<Value: Sendable>(_ waiting: borrowing Mutex<Value?>) -> Value? {
        waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
    }
}
