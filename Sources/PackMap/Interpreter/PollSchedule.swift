import Modbus
import Quantities

/// How an exchange ended, as far as scheduling cares.
package enum PollOutcome: Hashable, Sendable {
    /// The block was taken over.
    case accepted
    /// The block came and was impossible.
    case implausible
    /// Damaged, or from another unit; worth one more try.
    case damaged
    /// Nothing came.
    case timeout
    /// The unit refused the block.
    case exception
}

/// What the line shall do next.
package enum PollAction: Hashable, Sendable {
    /// Read one block of the pack at `position`.
    case exchange(position: Int, block: Int)
    /// Nothing is due before then.
    case wait(until: Instant)
}

/// How one unit is doing on its line.
package enum UnitState: UInt8, Sendable {
    /// Not asked yet, or asked and never answered.
    case unknown
    /// Answered the last request.
    case answering
    /// Missed the last request and is asked again in the next cycle.
    case missed
    /// Silent; asked once in each back-off period (rule 7).
    case backedOff
}

/// Decides which block of which unit is read next on one line.
///
/// Fast blocks are read in every cycle, others every few cycles, spread over the units so that the
/// cycles stay equally long; identities once, and again when a pack comes back, because it may be
/// another one. The first cycle reads only what the first frame waits for. A silent unit costs one
/// time-out in each back-off period, never more (rule 7); so does a block to which an answering unit
/// stays silent. Nothing here knows a clock or a line.
package struct PollSchedule: Sendable {
    /// The first and the longest back-off of a silent unit.
    package static var firstBackOff: TimeSpan { .seconds(2) }
    package static var longestBackOff: TimeSpan { .seconds(30) }
    /// How long an optional block that was never read is left alone when it is refused, and how
    /// rarely identities are read again.
    package static var rarely: TimeSpan { .seconds(3600) }
    /// How many identities and the like are read in one cycle of a line: at 9600 baud one takes a
    /// fifth of a second, and sixteen in one cycle would let fast values grow old.
    package static var mostOnceReads: Int { 4 }

    private struct Unit: Sendable {
        var plan: Int
        var state = UnitState.unknown
        var backOff = TimeSpan.zero
        var askAgainAt = Instant.never
        var dueAt: [Instant]
        var wasRead: [Bool]
        /// Whether the unit ever gave each block: one that did and refuses is only busy.
        var gives: [Bool]
        /// Time-outs in a row of each block.
        var misses: [UInt8]
        /// Damaged answers in a row to one request.
        var retries: UInt8 = 0
        /// Which of the plan's wake pauses comes next.
        var wakeStep = 0
    }

    private let plans: [ReadPlan]
    private let cycle: TimeSpan
    private var units: [Unit]
    private var unit = 0
    private var block = 0
    private var cycleNumber: UInt64 = 0
    private var cycleBegan = Instant.never
    private var asked: (position: Int, block: Int)?
    /// From the start of the last cycle to the end of its last exchange.
    package private(set) var lastCycle = TimeSpan.zero

    /// A schedule for units that follow `plans[unitPlans[i]]`, no faster than one cycle in `cycle`.
    package init(plans: [ReadPlan], unitPlans: [Int], cycle: TimeSpan) {
        self.plans = plans
        self.cycle = cycle
        units = unitPlans.filter { $0 >= 0 && $0 < plans.count }.map { plan in
            let count = plans[plan].blocks.count
            return Unit(
                plan: plan, dueAt: [Instant](repeating: .never, count: count),
                wasRead: [Bool](repeating: false, count: count),
                gives: [Bool](repeating: false, count: count),
                misses: [UInt8](repeating: 0, count: count))
        }
    }

    /// What to do at `now`.
    package mutating func next(now: Instant) -> PollAction {
        if cycleBegan == .never { cycleBegan = now }
        while true {
            while unit < units.count {
                while block < units[unit].dueAt.count {
                    if isDue(now) {
                        asked = (unit, block)
                        return .exchange(position: unit, block: block)
                    }
                    block += 1
                }
                moveToNextUnit()
            }
            if !hasCycleEnded {
                hasCycleEnded = true
                lastCycle = now.since(cycleBegan)
            }
            let planned = cycleBegan + cycle
            if now < planned { return .wait(until: planned) }
            if !anythingRead {  // all silent or all done: look again in a moment, do not spin
                anythingRead = true
                return .wait(until: now + .milliseconds(20))
            }
            beginCycle(planned: planned, now: now)
        }
    }

    private mutating func beginCycle(planned: Instant, now: Instant) {
        cycleBegan = laterOf(planned, now)
        cycleNumber &+= 1
        unit = 0
        block = 0
        anythingRead = false
        hasCycleEnded = false
        onceReads = 0
    }

    private var hasCycleEnded = false
    private var anythingRead = false
    private var onceReads = 0

    /// Keeps the phase when the cycle was only a little late, begins anew when it was far behind.
    private func laterOf(_ planned: Instant, _ now: Instant) -> Instant {
        cycle == .zero || now.since(planned) > cycle ? now : planned
    }

    private mutating func moveToNextUnit() {
        unit += 1
        block = 0
    }

    private func isDue(_ now: Instant) -> Bool {
        let candidate = units[unit]
        if candidate.state == .backedOff { return block == 0 && now >= candidate.askAgainAt }
        if now < candidate.dueAt[block] { return false }
        let rules = plans[candidate.plan].blocks[block]
        switch rules.poll {
        case .every(let cycles):
            guard cycles > 1, candidate.wasRead[block] else { return true }
            return (cycleNumber &+ UInt64(unit)) % UInt64(cycles) == 0
        case .once:
            return rules.isRequired || (cycleNumber > 0 && onceReads < Self.mostOnceReads)
        }
    }

    /// Tells how the last exchange ended.
    package mutating func finish(_ outcome: PollOutcome, now: Instant) {
        guard let (position, index) = asked else { return }
        asked = nil
        anythingRead = true
        let rules = plans[units[position].plan].blocks[index]
        if rules.poll == .once { onceReads += 1 }
        switch outcome {
        case .accepted:
            hear(position, index)
            units[position].wasRead[index] = true
            units[position].gives[index] = true
            if rules.poll == .once { units[position].dueAt[index] = now + Self.rarely }
            block += 1
        case .implausible:
            hear(position, index)
            block += 1
        case .exception:
            hear(position, index)
            if rules.mayFail {
                let pause = units[position].gives[index] ? Self.longestBackOff : Self.rarely
                units[position].dueAt[index] = now + pause
            }
            block += 1
        case .damaged:
            let most = plans[units[position].plan].retries
            if units[position].retries >= most { return miss(position, index, now) }
            units[position].retries += 1
        case .timeout: miss(position, index, now)
        }
    }

    /// The unit is there, whatever it said.
    private mutating func hear(_ position: Int, _ index: Int) {
        if units[position].state == .backedOff { forgetBlocks(position) }
        units[position].state = .answering
        units[position].backOff = .zero
        units[position].retries = 0
        units[position].wakeStep = 0
        units[position].misses[index] = 0
    }

    /// A pack that was away may have been exchanged: its identity and slow blocks are due again.
    private mutating func forgetBlocks(_ position: Int) {
        for index in units[position].dueAt.indices {
            units[position].dueAt[index] = .never
            units[position].wasRead[index] = false
            units[position].misses[index] = 0
        }
    }

    private mutating func miss(_ position: Int, _ index: Int, _ now: Instant) {
        units[position].retries = 0
        if index > 0 { leaveAlone(position, index, now) }
        switch units[position].state {
        case .answering: units[position].state = .missed
        case .unknown, .missed, .backedOff:
            units[position].state = .backedOff
            units[position].backOff = nextBackOff(position)
            units[position].askAgainAt = now + units[position].backOff
        }
        moveToNextUnit()
    }

    /// The map's pauses that wake a sleeping pack, then a doubled one each time.
    private mutating func nextBackOff(_ position: Int) -> TimeSpan {
        let wakePauses = plans[units[position].plan].wakePauses
        if units[position].wakeStep < wakePauses.count {
            units[position].wakeStep += 1
            return wakePauses[units[position].wakeStep - 1]
        }
        let doubled = TimeSpan(
            nanoseconds: units[position].backOff.nanoseconds.multipliedSaturated(by: 2))
        return min(max(doubled, Self.firstBackOff), Self.longestBackOff)
    }

    /// Some units stay silent to a block they do not know instead of refusing it.
    private mutating func leaveAlone(_ position: Int, _ index: Int, _ now: Instant) {
        let misses = min(units[position].misses[index], 5) + 1
        units[position].misses[index] = misses
        guard misses > 1 else { return }  // once is noise
        let pause = Self.firstBackOff.nanoseconds << Int64(misses - 2)
        units[position].dueAt[index] =
            now + min(TimeSpan(nanoseconds: pause), Self.longestBackOff)
    }

    /// How the unit at `position` is doing.
    package func state(of position: Int) -> UnitState {
        position >= 0 && position < units.count ? units[position].state : .unknown
    }

    /// Whether every block that the first frame waits for has been read since the pack appeared.
    package func isComplete(_ position: Int) -> Bool {
        guard position >= 0, position < units.count else { return false }
        let unit = units[position]
        for (index, block) in plans[unit.plan].blocks.enumerated()
        where block.isRequired && !unit.wasRead[index] {
            return false
        }
        return true
    }
}
