import Bank
import Modbus
import Quantities

/// When each row of a plan was last read from one pack, for packs that another master reads in blocks
/// of its own.
///
/// Cells share one stamp, and so do probes and flags. Where a request brings only some of them, the
/// stamp is that of the oldest, so that a value never looks younger than it is (rule 3). What was
/// never read has no age; the first frame waits for it where it is required.
package struct FollowedRows: Sendable {
    private let plan: ReadPlan
    private var values: [Instant]
    private var flags: [Instant]

    /// Nothing read yet.
    package init(plan: ReadPlan) {
        self.plan = plan
        values = [Instant](repeating: .never, count: plan.values.count)
        flags = [Instant](repeating: .never, count: plan.flags.count)
    }

    /// Takes the data of a reply; the reading is changed only when they are accepted.
    package mutating func take(
        _ data: FrameBytes, of cut: FollowedReads.Cut, at instant: Instant,
        into reading: inout PackReading, identity: inout PackIdentity
    ) -> BlockVerdict {
        let verdict = cut.plan.decode(
            block: cut.block, data, at: instant, into: &reading, identity: &identity)
        guard verdict == .accepted else { return verdict }
        for row in cut.values { values[row] = instant }
        for word in cut.flagWords { flags[word] = instant }
        if reading.cellsStamp == instant { reading.cellsStamp = oldest(in: cut, \.isCell) }
        if reading.probesStamp == instant { reading.probesStamp = oldest(in: cut, \.isProbe) }
        if reading.flagsStamp == instant { reading.flagsStamp = oldestFlags(in: cut) }
        return verdict
    }

    /// Forgets what was read; the pack may have been exchanged.
    package mutating func forget() {
        for index in values.indices { values[index] = .never }
        for index in flags.indices { flags[index] = .never }
    }

    /// When the whole of a block had been read last: the stamp of its oldest row; nil for a block
    /// without values and flags.
    package func stamp(ofBlock block: Int) -> Instant? {
        var stamp: Instant?
        for (index, row) in plan.values.enumerated() where Int(row.block) == block {
            stamp = min(stamp ?? values[index], values[index])
        }
        for (word, row) in plan.flags.enumerated() where Int(row.block) == block {
            stamp = min(stamp ?? flags[word], flags[word])
        }
        return stamp
    }

    /// The blocks that the first frame to the inverter waits for and that were not read whole.
    package var missingBlocks: [Int] {
        plan.blocks.indices.filter { plan.blocks[$0].isRequired && stamp(ofBlock: $0) == .never }
    }

    /// Whether every block that the first frame waits for has been read whole (rule 1).
    package var isComplete: Bool {
        for index in plan.blocks.indices
        where plan.blocks[index].isRequired && stamp(ofBlock: index) == .never {
            return false
        }
        return true
    }

    /// When a required block of every cycle had been read whole last; `never` before the first.
    package var answeredAt: Instant {
        var latest = Instant.never
        for (index, block) in plan.blocks.enumerated()
        where block.isRequired && block.poll == .every(1) {
            if let stamp = stamp(ofBlock: index) { latest = max(latest, stamp) }
        }
        return latest
    }

    /// The oldest stamp among rows of one kind in the map's blocks that the request touches.
    private func oldest(
        in cut: FollowedReads.Cut, _ isOfKind: (ValueTarget) -> Bool
    ) -> Instant {
        var oldest = Instant(nanoseconds: .max)
        for block in plan.blocks.indices {
            let isTouched = cut.values.contains {
                Int(plan.values[$0].block) == block && isOfKind(plan.values[$0].target)
            }
            guard isTouched else { continue }
            for (index, row) in plan.values.enumerated()
            where Int(row.block) == block && isOfKind(row.target) && values[index] != .never {
                oldest = min(oldest, values[index])
            }
        }
        return oldest
    }

    private func oldestFlags(in cut: FollowedReads.Cut) -> Instant {
        var oldest = Instant(nanoseconds: .max)
        for block in plan.blocks.indices
        where cut.flagWords.contains(where: { Int(plan.flags[$0].block) == block }) {
            for (word, row) in plan.flags.enumerated()
            where Int(row.block) == block && flags[word] != .never {
                oldest = min(oldest, flags[word])
            }
        }
        return oldest
    }
}
