/// Decides when to connect, wait, publish, pause and leave; performs nothing.
///
/// Times are nanoseconds on the monotonic clock. No clock, no socket and no lock in here; chance
/// comes from the given generator.
struct LinkStateMachine<Generator: RandomNumberGenerator> {
    /// What happened.
    enum Event {
        /// Time went by.
        case tick
        /// The broker welcomed us.
        case welcomed
        /// The attempt failed or the connection is gone.
        case lost
        /// A record went out; so many are in flight now.
        case sent(inFlight: Int)
        /// The broker took at least one record; so many are in flight now.
        case taken(inFlight: Int)
        /// The broker refused a record; so many are in flight now.
        case refused(inFlight: Int)
        /// There are other certificates than those of this connection.
        case renew
        /// The owner wants the link to end.
        case stop
    }

    /// What to do about it.
    enum Action: Hashable {
        /// Begin to connect.
        case connect
        /// Subscribe, and tell that we are there.
        case announce
        /// Close without a word; what is in flight goes out again later. Carries what was awaited
        /// in vain, nil when the connection is gone already.
        case drop(awaited: Awaited?)
        /// Send what was refused once more.
        case retry
        /// Tell that we are leaving.
        case sayGoodbye
        /// Leave in order, then the link is done, or connects anew when `drop` follows.
        case disconnect
    }

    /// What the broker owed us when we gave up on it.
    enum Awaited: Hashable { case welcome, acknowledgement }

    enum Phase: Hashable {
        case waiting(until: Int64)
        case connecting(until: Int64)
        case online(since: Int64)
        /// Asked to stop or to connect anew: acknowledgements are due until then.
        case draining(until: Int64)
        /// Our farewell is on its way.
        case leaving(until: Int64)
        case stopped
    }

    /// Seconds a connection must last to count as a good one.
    private static var stableSeconds: Int64 { 30 }

    private(set) var phase: Phase
    private let second: Int64 = 1_000_000_000
    private let connectTime: Int64
    private let acknowledgementTime: Int64
    private let backoff: Backoff
    private var generator: Generator
    private var failures = 0
    private var refusals = 0
    private var hasCarried = false
    private var inFlight = 0
    private var lastProgress: Int64 = 0
    private var pausedUntil: Int64?
    /// Whether a new connection follows when all is acknowledged.
    private var isRenewing = false

    init(_ configuration: LinkConfiguration, generator: Generator, now: Int64) {
        self.generator = generator
        connectTime = Int64(configuration.connectSeconds) * second
        acknowledgementTime = Int64(configuration.acknowledgementSeconds) * second
        backoff = Backoff(
            first: configuration.reconnectMilliseconds * 1_000_000,
            longest: configuration.reconnectMaximumMilliseconds * 1_000_000)
        phase = .waiting(until: now)
    }

    /// Whether records may be sent now.
    var mayPublish: Bool {
        guard case .online = phase else { return false }
        return pausedUntil == nil
    }

    /// When `tick` is due at the latest.
    var deadline: Int64 {
        switch phase {
        case .waiting(let until), .connecting(let until), .draining(let until),
            .leaving(let until):
            return until
        case .online:
            var next = inFlight > 0 ? lastProgress + acknowledgementTime : Int64.max
            if let pausedUntil, inFlight == 0 { next = min(next, pausedUntil) }
            return next
        case .stopped: return .max
        }
    }

    /// Takes an event and says what to do.
    mutating func handle(_ event: Event, at now: Int64) -> [Action] {
        switch event {
        case .tick: return tick(now)
        case .welcomed: return welcomed(now)
        case .lost: return lose(now, awaited: nil)
        case .sent(let count):
            if inFlight == 0 { lastProgress = now }
            inFlight = count
            return []
        case .taken(let count):
            hasCarried = true
            refusals = 0
            return progressed(count, now)
        case .refused(let count):
            if pausedUntil == nil {
                pausedUntil = now + backoff.wait(after: refusals, &generator)
                refusals += 1
            }
            return progressed(count, now)
        case .renew: return renew(now)
        case .stop: return stop(now)
        }
    }

    private mutating func progressed(_ count: Int, _ now: Int64) -> [Action] {
        inFlight = count
        lastProgress = now
        if case .draining = phase, count == 0 { return farewell(now) }
        if case .leaving = phase, count == 0 { return leave() }
        return []
    }

    private mutating func tick(_ now: Int64) -> [Action] {
        switch phase {
        case .waiting(let until) where now >= until:
            phase = .connecting(until: now + connectTime)
            return [.connect]
        case .connecting(let until) where now >= until: return lose(now, awaited: .welcome)
        case .online where inFlight > 0 && now - lastProgress >= acknowledgementTime:
            return lose(now, awaited: .acknowledgement)
        case .online:
            guard let until = pausedUntil, now >= until, inFlight == 0 else { return [] }
            pausedUntil = nil
            return [.retry]
        case .draining(let until) where now >= until: return farewell(now)
        case .leaving(let until) where now >= until: return leave()
        default: return []
        }
    }

    private mutating func welcomed(_ now: Int64) -> [Action] {
        guard case .connecting = phase else { return [] }
        phase = .online(since: now)
        inFlight = 0
        hasCarried = false
        pausedUntil = nil
        return [.announce]
    }

    /// A connection that lasted starts the waits afresh; one that carried something keeps them
    /// short; one that did neither lengthens them.
    private mutating func lose(_ now: Int64, awaited: Awaited?) -> [Action] {
        inFlight = 0
        switch phase {
        case .online(let since):
            if now - since >= Self.stableSeconds * second {
                failures = 0
            } else if hasCarried {
                failures = min(failures, 2)
            }
        case .connecting: break
        case .draining where isRenewing: return connectAnew(now)
        case .draining, .leaving:
            phase = .stopped
            return [.drop(awaited: awaited)]
        case .waiting, .stopped: return []
        }
        phase = .waiting(until: now + backoff.wait(after: failures, &generator))
        failures += 1
        return [.drop(awaited: awaited)]
    }

    /// No farewell: the broker keeps the session, and whoever looks sees the next birth at once.
    private mutating func renew(_ now: Int64) -> [Action] {
        switch phase {
        case .online where inFlight > 0:
            isRenewing = true
            phase = .draining(until: now + 2 * second)
            return []
        case .online, .connecting, .waiting: return connectAnew(now)
        case .draining, .leaving, .stopped: return []
        }
    }

    /// Leaves in order and connects at once, whatever wait was under way.
    private mutating func connectAnew(_ now: Int64) -> [Action] {
        isRenewing = false
        inFlight = 0
        failures = 0
        phase = .waiting(until: now)
        return [.disconnect, .drop(awaited: nil)]
    }

    private mutating func stop(_ now: Int64) -> [Action] {
        isRenewing = false
        switch phase {
        case .online:
            guard inFlight > 0 else { return farewell(now) }
            phase = .draining(until: now + 2 * second)
            return []
        case .waiting, .connecting:
            phase = .stopped
            return [.drop(awaited: nil)]
        case .draining, .leaving, .stopped: return []
        }
    }

    private mutating func farewell(_ now: Int64) -> [Action] {
        if isRenewing { return connectAnew(now) }
        phase = .leaving(until: now + second)
        return [.sayGoodbye]
    }

    private mutating func leave() -> [Action] {
        phase = .stopped
        return [.disconnect]
    }
}

/// Growing waits with chance in them, so that a thousand gateways do not come back at once.
package struct Backoff {
    /// Nanoseconds after the first failure.
    let first: Int64
    /// Nanoseconds never exceeded.
    let longest: Int64

    /// The first wait and the longest, in nanoseconds.
    package init(first: Int64, longest: Int64) {
        self.first = first
        self.longest = longest
    }

    /// A wait between half of the step and all of it; the step doubles with each failure.
    package func wait(after failures: Int, _ generator: inout some RandomNumberGenerator) -> Int64 {
        let doublings = min(max(0, failures), 30)
        let (grown, overflow) = first.multipliedReportingOverflow(by: Int64(1) << doublings)
        let step = max(1, overflow ? longest : min(grown, longest))
        return Int64.random(in: (step - step / 2)...step, using: &generator)
    }
}
