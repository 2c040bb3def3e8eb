import Bank
import CANBus
import CANProfile
import CANTransport
import Modbus
import Quantities

/// The bridge's decisions and its bus; used by one thread.
final class BridgeCore {
    /// How often the bank is evaluated when nothing new came, so that old values are noticed.
    private static var heartbeat: TimeSpan { .milliseconds(500) }

    /// How long a bus may be set up or restarted before that is an alarm.
    private static var busGrace: TimeSpan { .seconds(3) }

    /// How long foreign traffic is shown after it was last seen.
    private static var foreignMemory: TimeSpan { .seconds(60) }

    let bus: any Bus
    private let keepAlive: KeepAliveAction?
    private let sendOnChange: Bool
    private let log: CandumpLog?
    private var foreign: ForeignFrames
    private let gateway: SerialNumber
    private var talk: InverterTalk
    private var replacement: CANProfile?
    /// How the old profile is left; nil until that has begun.
    private var farewell: ProfileFarewell?
    /// Whether this bridge ends with the farewell.
    private var isEnding = false
    private var controller: BankController
    private var packs: PackTable
    private var state = BankState()
    private var values = BankValues()
    private var evaluateAt: Instant = .never
    private var stoppedAt: Instant = .never
    private var lateness = LatencyHistogram()
    private var sendCycles: UInt64 = 0
    private var withheld: UInt64 = 0
    private var firstFrameAt: Instant = .never
    private var carriedAt: Instant = .never
    private var foreignSeen: (index: Int, at: Instant)?

    /// `keepAlive` is the installer's word on a missing keep-alive; nil leaves it to the profile.
    init(
        bus: any Bus, profile: CANProfile, keepAlive: KeepAliveAction?, sendOnChange: Bool,
        controller: BankController, packCount: Int, log: CandumpLog?,
        foreign: ForeignFrames = ForeignFrames(), gateway: String = ""
    ) {
        self.bus = bus
        self.keepAlive = keepAlive
        self.sendOnChange = sendOnChange
        self.log = log
        self.controller = controller
        self.foreign = foreign
        self.gateway = SerialNumber(text: gateway)
        talk = InverterTalk(
            profile, keepAlive: keepAlive ?? profile.keepAliveAction, packCount: packCount)
        packs = PackTable(count: packCount)
    }

    /// Whether any change of the packs may alter what is sent before the next cycle.
    ///
    /// Otherwise numbers can wait for the cycle or the heartbeat, and only what is urgent
    /// (``PackBoard/urgent``) is worth waking for: sixteen packs tell something 48 times a second.
    var followsEveryChange: Bool {
        !talk.schedule.isRunning || sendOnChange && !talk.profile.sending.isPolled
    }

    /// When the bridge must wake at the latest.
    var nextDeadline: Instant {
        let attention = Instant(nanoseconds: bus.nextAttention)
        return min(min(talk.next, evaluateAt), min(attention, talk.watch.deadline))
    }

    /// Speaks another profile from the next send cycle on (rule 5); false when the bus would need
    /// another bit rate.
    ///
    /// The last cycle of the old profile is sent whole, and the first of the new one begins when the
    /// next of the old one would have, so that the inverter never waits longer than a cycle. A profile of
    /// another family follows the old one's stop and a silence (``ProfileFarewell``).
    func replace(profile: CANProfile) -> Bool {
        guard profile.bitRate == talk.profile.bitRate else { return false }
        replacement = profile
        farewell = nil
        return true
    }

    /// Begins to leave the profile for one that another bridge will speak, as at another bit rate.
    ///
    /// The stop of the profile is told for two cycles, then nothing for one (``ProfileFarewell``); nothing is
    /// sent after that.
    func leave(_ now: Instant) {
        guard !isEnding else { return }
        (isEnding, replacement) = (true, nil)
        farewell =
            talk.schedule.isRunning ? ProfileFarewell(leaving: talk.profile, now: now) : .none
        evaluateAt = now
    }

    /// Whether all is said.
    var hasLeft: Bool { isEnding && farewell == ProfileFarewell.none }

    /// Holds the same packs to other ceilings and times; evaluates at once.
    func replace(bank: BankConfiguration) {
        controller.replace(configuration: bank)
        evaluateAt = MachineClock.now()
    }

    /// Knows other frames of other battery families from now on; what was seen by the old list is forgotten.
    func replace(foreign: ForeignFrames) {
        self.foreign = foreign
        foreignSeen = nil
    }

    /// Swaps profiles where one cycle ended and the next is due or nothing is sent at all.
    private func swapProfile(_ now: Instant) {
        guard let profile = replacement, !talk.isMidCycle else { return }
        var leaving =
            farewell
            ?? (talk.schedule.isRunning
                ? ProfileFarewell(from: talk.profile, to: profile, now: now) : .none)
        leaving.advance(to: now)
        farewell = leaving
        let isBoundary =
            !talk.schedule.isRunning || talk.profile.sending.isPolled || talk.schedule.next <= now
        guard isBoundary, leaving == .none else { return }
        (replacement, farewell) = (nil, nil)
        var fresh = InverterTalk(
            profile, keepAlive: keepAlive ?? profile.keepAliveAction, packCount: packs.count)
        fresh.adopt(talk)
        let wasRunning = talk.schedule.isRunning
        talk = fresh
        if wasRunning { talk.begin(at: now) } else { evaluateAt = now }
    }

    /// Every alarm that somebody should hear of at once.
    var raisedAlarms: AlarmSet { state.warnings.union(state.protections).union(state.faults) }

    /// Takes what has arrived from the bus, and lets the bus look after itself.
    func receive(_ now: Instant) {
        _ = bus.receive(at: now.nanoseconds) { frame in
            if !talk.take(frame, at: now), let index = foreign.match(frame) {
                foreignSeen = (index, now)
            }
            log?.append(frame, .received, microseconds: Self.wallMicroseconds())
        }
        bus.attend(at: now.nanoseconds)
    }

    /// Evaluates and sends what is due; true when there is something new to show.
    func step(_ news: PackTable?, now: Instant) -> Bool {
        if let news { packs = news }
        swapProfile(now)
        if isEnding { farewell?.advance(to: now) }
        let isCycleDue = talk.schedule.next <= now
        guard news != nil || isCycleDue || now >= evaluateAt else {
            if talk.isPendingDue(now) { sendPending(now) }
            return false
        }
        evaluate(now)
        decideSending(now)
        if talk.schedule.isRunning {
            let planned = talk.schedule.next
            if planned <= now {
                beginCycle(planned: planned, now)
            } else if sendOnChange, !talk.profile.sending.isPolled {
                talk.beginChanges(values)
            }
            sendPending(now)
        }
        return true
    }

    private func evaluate(_ now: Instant) {
        evaluateAt = now + Self.heartbeat
        let watch = talk.watch
        let silent = watch.state(at: now) == .silent
        state = controller.evaluate(
            packs, now: now, inverterSilent: silent && watch.action == .stop,
            inverterStops: watch.asksToStop)
        if silent { state.warnings.insert(.inverterSilent) }
        if watch.requests != 0 { state.warnings.insert(.inverterRequest) }
        if bus.state.carriesFrames || carriedAt == .never { carriedAt = now }
        if now.since(carriedAt) > Self.busGrace { state.warnings.insert(.busDown) }
        values.take(state, packs)
        values.gateway = gateway
        values[.inverterPresent] = watch.isPresent(at: now) ? 1 : 0
        if state.mode == .stopped {
            if stoppedAt == .never { stoppedAt = now }
        } else {
            stoppedAt = .never
        }
        talk.profile.prepare(
            &values,
            isStopped: state.mode == .stopped || watch.before == .stop || isLeaving)
    }

    /// Whether the old profile's stop is told before another family or at another bit rate is spoken.
    private var isLeaving: Bool {
        isEnding || replacement != nil && farewell.map { $0 != .none } == true
    }

    /// Begins and ends sending.
    ///
    /// Rule 1: no frame before the first complete reading. Rule 8: stop as the profile says. Some
    /// inverters must speak first.
    private func decideSending(_ now: Instant) {
        let stop = talk.profile.stop
        let isStopOver = state.mode == .stopped && now.since(stoppedAt) >= stop.silenceAfter
        let isWaiting =
            talk.watch.before == .silence
            || talk.watch.before == .stop && stop.limits == .silence
        let shallSend =
            state.mode != .starting && !isStopOver && !isWaiting && farewell?.isSilent != true
            && !hasLeft
        if shallSend, !talk.schedule.isRunning { talk.begin(at: now) }
        if !shallSend, talk.schedule.isRunning { talk.stop() }
    }

    /// One snapshot for all frames of the cycle, however long the pauses between them (rule 5).
    private func beginCycle(planned: Instant, _ now: Instant) {
        guard talk.beginCycle(values, at: now) else { return }
        sendCycles &+= 1
        lateness.record(max(0, now.since(planned).nanoseconds))
    }

    private func sendPending(_ now: Instant) {
        while let (index, frame) = talk.nextFrame(now) {
            guard let frame else {
                withheld &+= 1
                continue
            }
            guard bus.send(frame, at: now.nanoseconds) == .accepted else { continue }
            talk.noteSent(index, frame, at: now)
            if firstFrameAt == .never { firstFrameAt = now }
            log?.append(frame, .sent, microseconds: Self.wallMicroseconds())
        }
    }

    /// Copies what others are shown.
    func write(into snapshot: inout BridgeSnapshot) {
        snapshot.state = state
        snapshot.packs = packs
        snapshot.busState = bus.state
        snapshot.busProblem = bus.problem?.description ?? ""
        snapshot.counters = bus.counters
        snapshot.profile = talk.profile.id
        snapshot.quirks = talk.profile.activeQuirks
        snapshot.inverter = talk.watch.state(at: state.takenAt)
        snapshot.keepAlives = talk.watch.count
        snapshot.wrongKeepAlives = talk.watch.wrong
        snapshot.requests = talk.requests
        snapshot.foreign = foreignSentence
        snapshot.lateness = lateness
        snapshot.sendCycles = sendCycles
        snapshot.withheld = withheld
        snapshot.firstFrameAt = firstFrameAt
    }

    /// What foreign traffic means, while it lasts.
    private var foreignSentence: String {
        guard let seen = foreignSeen, state.takenAt.since(seen.at) <= Self.foreignMemory else {
            return ""
        }
        return foreign.entries[seen.index].sentence()
    }

    private static func wallMicroseconds() -> Int64 { MachineClock.wallNanoseconds() / 1000 }
}
