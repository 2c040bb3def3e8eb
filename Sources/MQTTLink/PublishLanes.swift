import Numbering

/// Which records are still to be sent, in two lanes (outbox rule 5).
///
/// What is made while the connection lasts goes first and at once: the live lane. All else, whatever
/// waited when the connection began or has to go again, fills what the live lane leaves.
struct PublishLanes {
    /// Numbers to send in the backlog lane; some may have left the store meanwhile.
    private(set) var backlog = SequenceRanges()
    /// Above this number lies the live lane.
    private(set) var cursor: Int64 = 0

    /// A connection begins: what waits now, between these numbers, is the past.
    ///
    /// `isFew` tells that no more than ``shortBacklog`` records wait, however far apart their numbers lie:
    /// a start after a cut passes numbers over.
    mutating func begin(waiting: ClosedRange<Int64>?, isFew: Bool = false) {
        self.isFew = isFew
        guard let waiting, waiting.upperBound > cursor else { return }
        backlog.insert(max(cursor + 1, waiting.lowerBound)...waiting.upperBound)
        cursor = waiting.upperBound
    }

    /// Whether so little waits that it goes before live records without holding them up: after a short
    /// cut the order then holds.
    var isShort: Bool { isFew || backlog.count <= Int64(Self.shortBacklog) }
    private var isFew = false

    /// Records that go before live ones.
    static var shortBacklog: Int { 16 }

    /// A record of the live lane went out; smaller numbers that were not handed over do not exist.
    mutating func sentLive(_ token: Int64) { cursor = max(cursor, token) }

    /// Records of the backlog lane up to this number went out or have left the store.
    mutating func passed(_ token: Int64) {
        backlog.removeAll(through: token)
        if backlog.isEmpty { isFew = false }
    }

    /// The store holds nothing of the backlog any more.
    mutating func forgetBacklog() {
        backlog = SequenceRanges()
        isFew = false
    }

    /// Records have to go again.
    mutating func putBack(_ tokens: SequenceRanges) { backlog.formUnion(tokens) }

    /// A record has to go again.
    mutating func putBack(_ token: Int64) { backlog.insert(token) }

    /// Records need not go any more, whoever was told.
    mutating func settled(_ tokens: SequenceRanges) { backlog.subtract(tokens) }
}

/// How fast the backlog may go: a rate, a burst, and a time before which nothing goes.
///
/// Times are nanoseconds on the monotonic clock.
package struct BacklogPace {
    private var interval: Int64
    private var burst: Int64
    private var paidUntil: Int64 = 0
    private var heldUntil: Int64 = 0

    /// `rate` records a second, 0 without a bound; `burst` of them at once.
    package init(rate: Int, burst: Int) {
        interval = rate > 0 ? 1_000_000_000 / Int64(rate) : 0
        self.burst = Int64(max(1, burst))
    }

    /// Goes on at another rate; what it was told to wait for stands.
    package mutating func change(rate: Int, burst: Int) {
        let other = BacklogPace(rate: rate, burst: burst)
        (interval, self.burst) = (other.interval, other.burst)
        paidUntil = 0
    }

    /// Nothing goes before `time`, whatever was said before.
    package mutating func hold(until time: Int64) { heldUntil = time }

    /// Nothing goes before `time`; an earlier word that says longer stands.
    package mutating func hold(atLeastUntil time: Int64) { heldUntil = max(heldUntil, time) }

    /// Records that may go now.
    package func allowance(at now: Int64) -> Int {
        if now < heldUntil { return 0 }
        if interval == 0 { return .max }
        return Int(clamping: burst - (max(paidUntil, now) - now + interval - 1) / interval)
    }

    /// Counts records that went.
    package mutating func spend(_ count: Int, at now: Int64) {
        paidUntil = max(paidUntil, now) + Int64(count) * interval
    }

    /// When something may go again; in the past when it may now.
    package var next: Int64 { max(heldUntil, paidUntil - (burst - 1) * interval) }
}

/// How many records of the backlog may be under way: as many as do not make a queue.
///
/// Answers that take longer than the quickest one tell of records that wait somewhere on the way,
/// and a live record would wait behind them. The window opens while answers come quickly, doubling
/// in each round trip, and is halved, once in a round trip, when they wait for a fifth of a second.
struct BacklogWindow {
    private static var first: Int { 4 }
    /// With one under way a slow line would idle while its answer travels.
    private static var least: Int { 2 }
    private static var shortQueue: Int64 { 50_000_000 }
    private static var longQueue: Int64 { 200_000_000 }

    /// An answer that takes longer comes from far away.
    private static var far: Int64 { 10_000_000 }

    /// Records that may be under way.
    private(set) var limit: Int
    private let most: Int
    private var quickest = Int64.max
    private var narrowedAt: Int64 = 0

    /// `most` is never exceeded.
    init(most: Int) {
        self.most = max(1, most)
        limit = min(Self.first, self.most)
    }

    /// So many of them must be free before more are sent.
    ///
    /// A broker nearby answers faster than one look into the store for each record would pay for. From
    /// one far away (50 ms) a sixteenth costs 3 % of what the window allows, and a quarter 5 to 12 %.
    var step: Int {
        quickest > Self.far ? max(1, limit / 64) : min(16, max(1, limit / 16))
    }

    /// A record was answered after `latency` nanoseconds.
    mutating func answered(after latency: Int64, at now: Int64) {
        quickest = min(quickest, latency)
        let queue = latency - quickest
        if queue < Self.shortQueue {
            limit = min(most, limit + 1)
        } else if queue > Self.longQueue, now - narrowedAt > latency {
            limit = max(min(Self.least, most), limit / 2)
            narrowedAt = now
        }
    }
}
