import Glibc

/// Numbers promised ahead in the database file itself.
///
/// A number is given in a transaction, and the transaction lies in the log until it is folded in. Were
/// the log damaged or taken away, the file alone would not know the number and it would be given again:
/// another record under the same name. So a block of numbers is written off in the file, and known to be
/// there, before the first of them is given. After a proper end nothing is written off; after any other
/// the numbering goes on behind the block.
struct NumberReserve {
    /// Numbers of a block at the usual pace, and at most.
    ///
    /// A start after a cut passes over as many, and a block costs one transaction and one folding. So a
    /// block that lasts for less than ``shortLife`` is followed by one of twice its size.
    private static let leastBlock: Int64 = 1024, mostBlock: Int64 = 65_536
    /// Seconds.
    private static let shortLife: Int64 = 10

    /// Numbers of the block in use.
    private var block = NumberReserve.leastBlock
    /// When it was written off, in seconds of the monotonic clock; nil before the first.
    private var beganAt: Int64?
    /// The highest number written off, in the file or in its log.
    private var promised: Int64
    /// The highest number written off in the file itself.
    private var safe: Int64 = 0

    /// Knows what the file says; nothing is safe yet.
    init(_ file: OutboxFile) throws(OutboxError) {
        promised = try file.counter(Self.counter) ?? 0
    }

    /// The counter's name.
    static let counter = "reserved"

    /// Whether numbers through `last` may be given.
    func covers(_ last: Int64) -> Bool { last <= safe }

    /// Whether it is time for the next block when `last` was given.
    func runsLow(after last: Int64) -> Bool { safe - last < block / 2 }

    /// Writes a block behind `last` off and folds the log in.
    ///
    /// Throws when the block cannot be written. A log that cannot be folded in yet, because somebody
    /// reads or the disk is full, does not keep records from being stored; the next call tries again.
    mutating func extend(
        past last: Int64, in file: OutboxFile, _ operation: String
    ) throws(OutboxError) {
        if promised - last < block / 2 || promised - last > block {
            let now = Self.monotonicSeconds
            let isShort = beganAt.map { now - $0 < Self.shortLife } ?? false
            let next = isShort ? min(block * 2, Self.mostBlock) : Self.leastBlock
            try file.setCounter(Self.counter, last + next, operation)
            (block, beganAt) = (next, now)
            promised = last + next
            safe = min(safe, promised)
        }
        if (try? file.database.checkpoint()) == true { safe = promised }
    }

    private static var monotonicSeconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec)
    }

    /// Takes back what was not used: the outbox is closed properly after `last`.
    func end(after last: Int64, in file: OutboxFile) {
        guard promised != last else { return }
        try? file.setCounter(Self.counter, last, "close the file")
    }
}
