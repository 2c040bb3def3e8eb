/// Judges the bus behind a Lawicel adapter from its answers; performs nothing and holds no clock.
///
/// The adapter is asked for its status flags (`F`) once a second; one that does not know the
/// question is not asked again. Flags by bit, CANUSB manual 1.0D: 2 warning, 5 passive, 7 bus error.
/// There is no flag for bus-off: a controller that is off refuses every frame.
struct SLCANHealth: Hashable, Sendable {
    /// `active`, `warning` or `passive`.
    private(set) var state = BusState.active
    /// When the status is to be asked for, in nanoseconds; `Int64.max` when never again.
    private(set) var nextQuestion: Int64
    private var unanswered = 0
    private var framesInFlight = 0
    private var refusedSince: Int64?

    /// The status is asked for this often: 1 s.
    static let questionPeriod: Int64 = 1_000_000_000
    /// Refusing every frame for this long means bus-off: 2 s.
    static let refusalLimit: Int64 = 2_000_000_000
    /// So many questions without an answer mean that none is coming.
    static let unansweredLimit = 3

    private enum Flag {
        static let warning: UInt8 = 1 << 2
        static let passive: UInt8 = 1 << 5
        static let busError: UInt8 = 1 << 7
    }

    /// What an answer means for the counters.
    enum Finding: Hashable, Sendable { case nothing, refusedFrame, busError }

    /// Begins with an open channel.
    init(openedAt now: Int64) { nextQuestion = now &+ Self.questionPeriod }

    /// A frame was written to the adapter.
    mutating func handleSending() { framesInFlight = min(framesInFlight + 1, 1000) }

    /// The status question was written to the adapter.
    mutating func handleQuestion(at now: Int64) {
        unanswered += 1
        nextQuestion =
            unanswered > Self.unansweredLimit ? .max : now &+ Self.questionPeriod
    }

    /// Takes in what the adapter said.
    mutating func handle(_ event: SLCANEvent, at now: Int64) -> Finding {
        switch event {
        case .transmitted, .acknowledged:
            framesInFlight = max(0, framesInFlight - 1)
            refusedSince = nil
            return .nothing
        case .refused: return refusal(at: now)
        case .status(let flags): return status(flags)
        default: return .nothing
        }
    }

    /// When the bus counts as off unless a frame is taken before, in nanoseconds.
    ///
    /// `Int64.max` while frames are taken. Closing and opening the channel restarts the controller.
    var restartMoment: Int64 { refusedSince.map { $0 &+ Self.refusalLimit } ?? .max }

    private mutating func refusal(at now: Int64) -> Finding {
        // No frame can be meant: a refused question, or a late answer to the set-up.
        guard framesInFlight > 0 else { return .nothing }
        framesInFlight -= 1
        if refusedSince == nil { refusedSince = now }
        return .refusedFrame
    }

    private mutating func status(_ flags: UInt8) -> Finding {
        unanswered = 0
        state =
            flags & Flag.passive != 0 ? .passive : flags & Flag.warning != 0 ? .warning : .active
        return flags & Flag.busError != 0 ? .busError : .nothing
    }
}
