/// Brings a Lawicel adapter from any state onto the bus; performs nothing and holds no clock.
///
/// It empties the adapter's line buffer and closes the channel, waits until the answers to that are
/// over, sets the bit rate and opens the channel. Some clones never answer: silence counts as yes,
/// and when such an adapter then delivers nothing at all, the set-up is repeated, rarer each time.
struct SLCANSetup: Hashable, Sendable {
    /// A command of the sequence.
    enum Command: Hashable, Sendable { case close, rate, open }

    /// What the owner has to do.
    enum Action: Hashable, Sendable {
        case none
        case send(Command)
        /// The channel is open.
        case ready
        /// The adapter said no.
        case fail(Command)
    }

    private enum Step: Hashable, Sendable { case idle, closing, setting, opening, open }

    /// When `tick` is due, in nanoseconds.
    private(set) var deadline = Int64.max
    private var step = Step.idle
    private var hasHeard = false
    private var patience = Self.shortestPatience

    /// Answers to the first commands are dropped for this long: 50 ms.
    static let settling: Int64 = 50_000_000
    /// An answer that has not come after this is not coming: 150 ms.
    static let answerTime: Int64 = 150_000_000
    /// A silent adapter is set up anew after 3 s, doubling to 60 s.
    static let shortestPatience: Int64 = 3_000_000_000
    static let longestPatience: Int64 = 60_000_000_000

    /// Whether frames can be handed over.
    var isOpen: Bool { step == .open }

    /// Starts the sequence.
    mutating func begin(at now: Int64) -> Action {
        hasHeard = false
        return move(to: .closing, until: now &+ Self.settling, .send(.close))
    }

    /// Forgets everything: the device is gone.
    mutating func abandon() { self = SLCANSetup() }

    /// Takes in what the adapter said.
    mutating func handle(_ event: SLCANEvent, at now: Int64) -> Action {
        switch (step, event) {
        case (.setting, .acknowledged):
            hasHeard = true
            return move(to: .opening, until: now &+ Self.answerTime, .send(.open))
        case (.opening, .acknowledged):
            hasHeard = true
            return becomeOpen(at: now)
        case (.setting, .refused): return stop(.fail(.rate))
        case (.opening, .refused): return stop(.fail(.open))
        case (.open, _):
            hasHeard = true
            patience = Self.shortestPatience
            deadline = .max
            return .none
        default: return .none
        }
    }

    /// A deadline has come.
    mutating func tick(at now: Int64) -> Action {
        guard now >= deadline else { return .none }
        switch step {
        case .idle: return .none
        case .closing: return move(to: .setting, until: now &+ Self.answerTime, .send(.rate))
        case .setting: return move(to: .opening, until: now &+ Self.answerTime, .send(.open))
        case .opening: return becomeOpen(at: now)
        case .open:
            patience = min(patience &* 2, Self.longestPatience)
            return begin(at: now)
        }
    }

    private mutating func becomeOpen(at now: Int64) -> Action {
        move(to: .open, until: hasHeard ? .max : now &+ patience, .ready)
    }

    private mutating func stop(_ action: Action) -> Action {
        move(to: .idle, until: .max, action)
    }

    private mutating func move(to next: Step, until moment: Int64, _ action: Action) -> Action {
        step = next
        deadline = moment
        return action
    }
}
