import Bank
import CANBus
import CANProfile
import CANTransport
import Modbus
import Quantities

/// The bridge's decisions and its bus; used by one thread.
final class BridgeCore {
    /// How often the bank is evaluated when nothing new came, so that old values are noticed.
    private static var heartbeat: TimeSpan { .milliseconds(250) }

    /// How long a bus may be set up or restarted before that is an alarm.
    private static var busGrace: TimeSpan { .seconds(3) }

    let bus: any Bus
    private let plan: FramePlan
    private let stopRule: StopRule
    private let sendOnChange: Bool
    private let log: CandumpLog?
    private var controller: BankController
    private var watch: InverterWatch
    private var schedule: SendSchedule
    private var packs: PackTable
    private var state = BankState()
    private var values = BankValues()
    private var lastFrames: [CANFrame?]
    private var evaluateAt: Instant = .never
    private var stoppedAt: Instant = .never
    private var lateness = LatencyHistogram()
    private var sendCycles: UInt64 = 0
    private var withheld: UInt64 = 0
    private var firstFrameAt: Instant = .never
    private var carriedAt: Instant = .never

    init(
        bus: any Bus, profile: CANProfile, keepAlive: KeepAliveAction, sendOnChange: Bool,
        controller: BankController, packCount: Int, log: CandumpLog?
    ) {
        self.bus = bus
        plan = profile.plan
        stopRule = profile.stop
        self.sendOnChange = sendOnChange
        self.log = log
        self.controller = controller
        watch = InverterWatch(
            identifier: profile.keepAlive, timeout: profile.keepAliveTimeout, action: keepAlive)
        schedule = SendSchedule(profile.plan)
        packs = PackTable(count: packCount)
        lastFrames = [CANFrame?](repeating: nil, count: profile.plan.frames.count)
    }

    /// When the bridge must wake at the latest.
    var nextDeadline: Instant {
        let attention = Instant(nanoseconds: bus.nextAttention)
        return min(min(schedule.next, evaluateAt), min(attention, watch.deadline))
    }

    /// Every alarm that somebody should hear of at once.
    var raisedAlarms: AlarmSet { state.warnings.union(state.protections).union(state.faults) }

    /// Takes what has arrived from the bus, and lets the bus look after itself.
    func receive(_ now: Instant) {
        _ = bus.receive(at: now.nanoseconds) { frame in
            watch.handle(frame, at: now)
            log?.append(frame, .received, microseconds: Self.wallMicroseconds())
        }
        bus.attend(at: now.nanoseconds)
    }

    /// Evaluates and sends what is due; true when there is something new to show.
    func step(_ news: PackTable?, now: Instant) -> Bool {
        if let news { packs = news }
        let isCycleDue = schedule.next <= now
        guard news != nil || isCycleDue || now >= evaluateAt else { return false }
        evaluate(now)
        decideSending(now)
        if schedule.isRunning {
            if isCycleDue || schedule.next <= now {
                sendDue(now)
            } else if sendOnChange {
                sendChanged(now)
            }
        }
        return true
    }

    private func evaluate(_ now: Instant) {
        evaluateAt = now + Self.heartbeat
        let silent = watch.state(at: now) == .silent
        state = controller.evaluate(
            packs, now: now, inverterSilent: silent && watch.action == .stop)
        if silent { state.warnings.insert(.inverterSilent) }
        if bus.state.carriesFrames || carriedAt == .never { carriedAt = now }
        if now.since(carriedAt) > Self.busGrace { state.warnings.insert(.busDown) }
        values = BankValues(state, packs)
        if state.mode == .stopped {
            if stoppedAt == .never { stoppedAt = now }
            stopRule.apply(to: &values)
        } else {
            stoppedAt = .never
        }
    }

    /// Begins and ends sending.
    ///
    /// Rule 1: no frame before the first complete reading. Rule 8: stop as the profile says.
    private func decideSending(_ now: Instant) {
        let isStopOver =
            state.mode == .stopped && now.since(stoppedAt) >= stopRule.silenceAfter
        let shallSend = state.mode != .starting && !isStopOver
        if shallSend, !schedule.isRunning { schedule.begin(at: now) }
        if !shallSend, schedule.isRunning { schedule.stop() }
    }

    private func sendDue(_ now: Instant) {
        let planned = schedule.next
        var due = schedule.takeDue(now: now)
        sendCycles &+= 1
        lateness.record(max(0, now.since(planned).nanoseconds))
        while let index = due.popFirst() {
            send(index, plan.encode(index, values), now)
        }
    }

    /// Frames whose content changed leave at once, in the order of the profile.
    private func sendChanged(_ now: Instant) {
        for index in lastFrames.indices {
            let frame = plan.encode(index, values)
            if let frame, frame != lastFrames[index] { send(index, frame, now) }
        }
    }

    private func send(_ index: Int, _ frame: CANFrame?, _ now: Instant) {
        guard let frame else {
            withheld &+= 1
            return
        }
        guard bus.send(frame, at: now.nanoseconds) == .accepted else { return }
        lastFrames[index] = frame
        if firstFrameAt == .never { firstFrameAt = now }
        log?.append(frame, .sent, microseconds: Self.wallMicroseconds())
    }

    /// Copies what others are shown.
    func write(into snapshot: inout BridgeSnapshot) {
        snapshot.state = state
        snapshot.packs = packs
        snapshot.busState = bus.state
        snapshot.busProblem = bus.problem?.description ?? ""
        snapshot.counters = bus.counters
        snapshot.inverter = watch.state(at: state.takenAt)
        snapshot.keepAlives = watch.count
        snapshot.lateness = lateness
        snapshot.sendCycles = sendCycles
        snapshot.withheld = withheld
        snapshot.firstFrameAt = firstFrameAt
    }

    private static func wallMicroseconds() -> Int64 { MachineClock.wallNanoseconds() / 1000 }
}
