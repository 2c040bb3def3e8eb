import Numbering

/// The records of one gateway that the fleet has not answered for, and which of them go next.
///
/// A record is kept as the few numbers it was made from: its document is a function of them and is
/// written again for each sending, so that a thousand waiting records take 32 kB instead of 11 MB.
/// Times are nanoseconds on the monotonic clock.
struct RecordBook {
    /// What a record is about.
    enum Kind: UInt8 { case telemetry, event }

    /// Where a record stands.
    enum Phase: UInt8 { case waiting, sent, settled }

    /// One record.
    struct Record {
        /// Unix time in milliseconds.
        let wallMilliseconds: Int64
        /// When it was made; nil for one that was there from the beginning.
        let madeAt: Int64?
        let kind: Kind
        var phase = Phase.waiting
        /// When it was last sent; zero when never.
        var sentAt: Int64 = 0
    }

    /// What an answer of the fleet brought about.
    struct Outcome {
        var acknowledged = 0
        var rejected = 0
        /// The answer names numbers that were never given to a record.
        var namesUnmade = false
    }

    /// The lowest number that is not settled; one more than the last when all are.
    private(set) var first: Int64 = 1
    private var records: [Record] = []
    private var head = 0
    /// Made while the connection lasted and not sent yet; they go first.
    private(set) var live = SequenceRanges()
    /// Everything else to send, lowest first.
    private(set) var backlog = SequenceRanges()
    /// Records sent in this connection and not answered by the fleet.
    private(set) var unconfirmed = 0
    /// Records that are not settled.
    private(set) var waiting = 0
    /// No record can be due for another sending before.
    private var overdueFrom = Int64.max

    /// The number the next record gets.
    var next: Int64 { first + Int64(records.count - head) }

    /// The oldest record that waits.
    var oldest: Record? { head < records.count ? records[head] : nil }

    /// A record, unless its number is settled and forgotten or was never given.
    func record(_ sequence: Int64) -> Record? { index(sequence).map { records[$0] } }

    /// Adds a record and gives it its number.
    mutating func append(_ record: Record, isLive: Bool) -> Int64 {
        let sequence = next
        records.append(record)
        waiting += 1
        if isLive { live.insert(sequence) } else { backlog.insert(sequence) }
        return sequence
    }

    /// Takes the next number to send out of its lane; `allowsBacklog` asks the lane behind, too.
    mutating func takeNext(allowsBacklog: Bool) -> (sequence: Int64, isLive: Bool)? {
        if let range = live.removeLowest(1).first { return (range.lowerBound, true) }
        guard allowsBacklog, let range = backlog.removeLowest(1).first else { return nil }
        return (range.lowerBound, false)
    }

    /// A record could not be handed over and waits again.
    mutating func putBack(_ sequence: Int64) { backlog.insert(sequence) }

    /// A record went out; returns whether it did so before.
    mutating func sent(_ sequence: Int64, at now: Int64, patience: Int64) -> Bool {
        guard let index = index(sequence) else { return false }
        defer { records[index].sentAt = now }
        if records[index].phase == .waiting { unconfirmed += 1 }
        records[index].phase = .sent
        overdueFrom = min(overdueFrom, now + patience)
        return records[index].sentAt != 0
    }

    /// Puts back what was sent `patience` ago and has not been answered for.
    mutating func putBackOverdue(at now: Int64, patience: Int64) {
        guard now >= overdueFrom else { return }
        overdueFrom = .max
        for index in head..<records.count where records[index].phase == .sent {
            let due = records[index].sentAt + patience
            if due <= now { putBack(index: index) } else { overdueFrom = min(overdueFrom, due) }
        }
    }

    /// The connection is gone: everything unanswered goes again with the next one.
    mutating func disconnected() {
        backlog.formUnion(live)
        live = SequenceRanges()
        guard unconfirmed > 0 else { return }
        for index in head..<records.count where records[index].phase == .sent {
            putBack(index: index)
        }
        overdueFrom = .max
    }

    /// Takes the fleet's word; `stored` hears when each record was made that is acknowledged by it.
    mutating func settle(
        _ ranges: SequenceRanges, rejected: [Int64], stored: (Int64?) -> Void
    ) -> Outcome {
        var outcome = Outcome()
        for sequence in rejected {
            if sequence >= next { outcome.namesUnmade = true }
            if settle(sequence) != nil { outcome.rejected += 1 }
        }
        for range in ranges.ranges {
            if range.upperBound >= next { outcome.namesUnmade = true }
            let lower = max(range.lowerBound, first)
            let upper = min(range.upperBound, next - 1)
            guard lower <= upper else { continue }
            for sequence in lower...upper {
                guard let record = settle(sequence) else { continue }
                outcome.acknowledged += 1
                stored(record.madeAt)
            }
        }
        forgetSettled()
        return outcome
    }

    /// Settles a record and returns it; nil when it was settled before or never made.
    private mutating func settle(_ sequence: Int64) -> Record? {
        guard let index = index(sequence), records[index].phase != .settled else { return nil }
        if records[index].phase == .sent {
            unconfirmed -= 1
        } else {
            live.remove(sequence...sequence)
            backlog.remove(sequence...sequence)
        }
        records[index].phase = .settled
        waiting -= 1
        return records[index]
    }

    private mutating func putBack(index: Int) {
        records[index].phase = .waiting
        unconfirmed -= 1
        backlog.insert(first + Int64(index - head))
    }

    private mutating func forgetSettled() {
        while head < records.count, records[head].phase == .settled {
            head += 1
            first += 1
        }
        guard head >= 32, head * 2 >= records.count else { return }
        records.removeFirst(head)
        head = 0
    }

    private func index(_ sequence: Int64) -> Int? {
        guard sequence >= first, sequence < next else { return nil }
        return head + Int(sequence - first)
    }
}
