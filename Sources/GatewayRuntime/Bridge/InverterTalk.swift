import CANBus
import CANProfile
import Quantities

/// All that depends on the profile an inverter is spoken to with: what is due, what was sent, what
/// the inverter said.
struct InverterTalk {
    let profile: CANProfile
    let plan: FramePlan
    private(set) var watch: InverterWatch
    private(set) var schedule: SendSchedule
    private var state: SendState
    private var lastFrames: [CANFrame?]
    /// Frames of the present cycle that wait for their turn.
    private var pending = FrameSet()
    private var pendingAt: Instant = .never
    /// What the present cycle tells, taken at its begin (rule 5).
    private var cycleValues = BankValues()
    private let packCount: Int
    private let known: Set<CANIdentifier>

    init(_ profile: CANProfile, keepAlive: KeepAliveAction, packCount: Int) {
        self.profile = profile
        self.packCount = packCount
        plan = profile.plan
        var rule = profile.keepAliveRule
        // An installer who switches the watch off has an inverter that never says a word.
        if keepAlive == .off, rule.action != .off { rule.before = .values }
        watch = InverterWatch(rule, action: keepAlive, commands: profile.commands.map(\.row))
        schedule = SendSchedule(plan, onPoll: profile.sending.isPolled)
        state = SendState(plan)
        lastFrames = [CANFrame?](repeating: nil, count: plan.frames.count)
        known = Set(profile.layout.messages.map(\.identifier))
    }

    /// Whether a frame of the present cycle is still to be sent.
    var isMidCycle: Bool { !pending.isEmpty }

    /// When something is due.
    var next: Instant { pending.isEmpty ? schedule.next : min(schedule.next, pendingAt) }

    /// Whether a frame waits for its turn and the pause before it is over.
    func isPendingDue(_ now: Instant) -> Bool { !pending.isEmpty && pendingAt <= now }

    /// Takes a received frame; true when the profile has such a frame.
    mutating func take(_ frame: CANFrame, at now: Instant) -> Bool {
        watch.handle(frame, at: now)
        let polls = profile.sending.polls
        if !polls.isEmpty, polls.contains(frame.identifier) { schedule.poll(at: now) }
        return known.contains(frame.identifier) || profile.packMessages[frame.identifier] != nil
    }

    /// Keeps what is known of the inverter from an earlier profile with the same sign of life.
    mutating func adopt(_ earlier: InverterTalk) { watch.adopt(earlier.watch) }

    mutating func begin(at now: Instant) { schedule.begin(at: now) }

    /// Stops sending, also in the middle of a cycle.
    mutating func stop() {
        schedule.stop()
        pending = FrameSet()
    }

    /// Begins a cycle with these values; false when nothing is due.
    ///
    /// What the last cycle left joins this one and tells the new values.
    mutating func beginCycle(_ values: BankValues, at now: Instant) -> Bool {
        var due = schedule.takeDue(now: now)
        var isAny = false
        while let index = due.popFirst() {
            guard plan.isWanted(index, packs: packCount) else { continue }
            pending.insert(index)
            isAny = true
        }
        if isAny { cycleValues.copy(values) }
        return isAny
    }

    /// Begins an extra cycle of the frames whose content changed.
    mutating func beginChanges(_ values: BankValues) {
        guard pending.isEmpty else { return }
        for index in plan.frames.indices where plan.isWanted(index, packs: packCount) {
            let count = max(state.count(index), 1) - 1
            let frame = plan.encode(index, values, count: count)
            if let frame, frame != lastFrames[index] { pending.insert(index) }
        }
        cycleValues.copy(values)
    }

    /// The next frame that may leave now, with its index; nil when there is none or a pause runs.
    ///
    /// The frame is nil when it must not be sent.
    mutating func nextFrame(_ now: Instant) -> (index: Int, frame: CANFrame?)? {
        guard pendingAt <= now, let index = pending.popFirst() else { return nil }
        return (index, plan.encode(index, cycleValues, count: state.count(index)))
    }

    /// Notes that a frame left; the pause before the next one begins.
    mutating func noteSent(_ index: Int, _ frame: CANFrame, at now: Instant) {
        lastFrames[index] = frame
        state.noteSent(index)
        if profile.sending.spacing > .zero { pendingAt = now + profile.sending.spacing }
    }

    /// What the inverter asks for, in the words of the profile; empty when nothing.
    var requests: String {
        guard watch.requests != 0 else { return "" }
        let titles = profile.commands.enumerated().filter { index, _ in
            index < InverterWatch.maximumCommands && watch.requests >> UInt32(index) & 1 != 0
        }
        return titles.map { $0.element.title }.joined(separator: ", ")
    }
}
