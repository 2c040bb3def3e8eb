import Numbering

/// What the broker has taken and the receiver behind it has not yet confirmed.
///
/// The broker's word is not the receiver's: it may lose what it holds, and so may the receiver before
/// it has stored it. What was overtaken by a confirmation of something sent well after it, or was not
/// confirmed for long, has to go again. Times are nanoseconds on the monotonic clock.
struct Unconfirmed {
    private struct Group {
        var tokens: SequenceRanges
        let takenAt: Int64
    }

    /// What is taken within such a time is one group.
    private static var groupSpan: Int64 { 1_000_000_000 }

    /// Ordered by time.
    private var groups: [Group] = []
    /// How many records wait for their confirmation.
    private(set) var count: Int64 = 0
    private let grace: Int64
    private let patience: Int64
    private let longestPatience: Int64
    private var doublings = 0

    /// `grace` is how much earlier than a confirmed record another must have been taken to count as
    /// overtaken; `patience` is how long a confirmation is awaited, doubling up to sixteen times that
    /// while none comes at all.
    init(grace: Int64, patience: Int64) {
        self.grace = grace
        self.patience = patience
        longestPatience = patience.multipliedReportingOverflow(by: 16).partialValue
    }

    /// The broker has taken a record.
    mutating func insert(_ token: Int64, at now: Int64) {
        if let last = groups.last, now - last.takenAt < Self.groupSpan {
            let before = last.tokens.count
            groups[groups.count - 1].tokens.insert(token)
            count += groups[groups.count - 1].tokens.count - before
        } else {
            var tokens = SequenceRanges()
            tokens.insert(token)
            groups.append(Group(tokens: tokens, takenAt: now))
            count += 1
        }
    }

    /// The receiver has confirmed records; gives those that were overtaken.
    mutating func confirm(_ confirmed: SequenceRanges) -> SequenceRanges {
        var newest: Int64?
        for index in groups.indices {
            let before = groups[index].tokens.count
            groups[index].tokens.subtract(confirmed)
            if groups[index].tokens.count != before { newest = groups[index].takenAt }
        }
        guard let newest else { return SequenceRanges() }
        doublings = 0
        return take(before: newest - grace)
    }

    /// Gives what has waited for too long.
    mutating func overdue(at now: Int64) -> SequenceRanges {
        guard let first = groups.first, now >= first.takenAt + wait else { return SequenceRanges() }
        let limit = now - wait
        doublings = min(doublings + 1, 4)
        return take(before: limit + 1)
    }

    /// Gives everything: the broker has forgotten it.
    mutating func removeAll() -> SequenceRanges { take(before: .max) }

    /// When something is overdue.
    var deadline: Int64 { groups.first.map { $0.takenAt + wait } ?? .max }

    private var wait: Int64 { min(longestPatience, patience << Int64(doublings)) }

    private mutating func take(before limit: Int64) -> SequenceRanges {
        var taken = SequenceRanges()
        for group in groups where group.takenAt < limit { taken.formUnion(group.tokens) }
        groups.removeAll { $0.takenAt < limit || $0.tokens.isEmpty }
        count = groups.reduce(0) { $0 + $1.tokens.count }
        return taken
    }
}
