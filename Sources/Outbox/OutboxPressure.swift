/// Which records make room when the byte budget is reached (outbox rule 6).
///
/// First old measurements are thinned: the older, the sparser, so that a long outage leaves a curve
/// instead of a hole. The youngest fifth stays whole, and each older fifth keeps every second, fourth,
/// eighth and sixteenth record. When that does not suffice the oldest go, class by class.
struct OutboxPressure {
    /// Numbers looked at in one step of thinning.
    private static var thinningSpan: Int64 { 256 }
    /// Steps of thinning in one append at most, so that no append takes long.
    private static var mostSteps: Int { 64 }
    /// Rows deleted at once when the oldest go.
    ///
    /// Few, because the oldest are the sparsest: each stands for sixteen numbers, and with every one
    /// that goes the younger ages move on and leave something to thin.
    private static var evictionChunk: Int64 { 4 }
    /// Ages at which measurements become sparser.
    private static var levels: Int64 { 4 }

    /// Up to which number each level has thinned.
    private var thinned: [Int64] = []
    /// No record of the class lies below this number; keeps evictions from looking at kept ones again.
    private var oldest: [RecordClass: Int64] = [:]
    private var steps = 0

    /// What one step removed.
    struct Removal {
        let reason: LossReason
        let count: Int64
    }

    /// An append begins.
    mutating func begin() { steps = 0 }

    /// Removes something that can be spared; nil when nothing is left.
    mutating func relieve(
        _ file: OutboxFile, next: Int64
    ) throws(OutboxError) -> Removal? {
        // of the measurements, since kept alarms may be much older
        let lowest = try file.lowest(of: .telemetry, from: oldest[.telemetry] ?? 0) ?? next
        oldest[.telemetry] = lowest
        while let range = nextRange(lowest: lowest, next: next) {
            steps += 1
            file.thinRange.bind(1, range.numbers.lowerBound)
            file.thinRange.bind(2, range.numbers.upperBound)
            file.thinRange.bind(3, RecordClass.telemetry.rawValue)
            file.thinRange.bind(4, 2 << range.level)
            try file.thinRange.run("thin old records")
            let count = file.database.changes
            if count > 0 { return Removal(reason: .thinnedTelemetry, count: count) }
        }
        for recordClass in RecordClass.evictionOrder {
            if let removal = try evict(recordClass, file, next: next) { return removal }
        }
        return nil
    }

    /// The numbers to thin next; nil when every level is as far as it may go.
    private mutating func nextRange(
        lowest: Int64, next: Int64
    ) -> (level: Int64, numbers: ClosedRange<Int64>)? {
        guard steps < Self.mostSteps, lowest < next else { return nil }
        if thinned.isEmpty { thinned = [Int64](repeating: 0, count: Int(Self.levels)) }
        for level in 0..<Self.levels {
            let end = next - (next - lowest) / (Self.levels + 1) * (level + 1)
            let start = max(thinned[Int(level)], lowest)
            guard start < end else { continue }
            let last = min(start + Self.thinningSpan, end) - 1
            thinned[Int(level)] = last + 1
            return (level, start...last)
        }
        return nil
    }

    private mutating func evict(
        _ recordClass: RecordClass, _ file: OutboxFile, next: Int64
    ) throws(OutboxError) -> Removal? {
        file.evictOldest.bind(1, recordClass.rawValue)
        file.evictOldest.bind(2, oldest[recordClass] ?? 0)
        file.evictOldest.bind(3, Self.evictionChunk)
        try file.evictOldest.run("evict old records")
        let count = file.database.changes
        guard count > 0 else {
            oldest[recordClass] = next
            return nil
        }
        return Removal(reason: recordClass.evictionReason, count: count)
    }
}

extension RecordClass {
    /// Who goes first.
    fileprivate static var evictionOrder: [RecordClass] { [.telemetry, .event, .alarm] }

    fileprivate var evictionReason: LossReason {
        switch self {
        case .telemetry: .evictedTelemetry
        case .event: .evictedEvent
        case .alarm: .evictedAlarm
        }
    }
}
