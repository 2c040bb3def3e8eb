import Bank
import Logging
import Modbus
import PackMap
import Quantities

/// The packs of one line between the wire and the board, however their replies come about.
struct LinePacks {
    /// How many impossible answers in a row make a pack implausible.
    private static var implausibleLimit: Int { 3 }

    /// What is known of one pack.
    struct Pack {
        var reading = PackReading()
        var identity = PackIdentity()
        /// Impossible answers in a row, and the last good one, of each block.
        fileprivate var implausibleInARow: [Int]
        fileprivate var acceptedAt: [Instant]
        /// The serial number that was told last, and when.
        fileprivate var told = SerialNumber()
        fileprivate var toldAt = Instant.never
    }

    private let setup: LineSetup
    private let board: PackBoard
    private var packs: [Pack]

    /// Goes on with what the board holds, for a line that was lost and is open again.
    init(setup: LineSetup, board: PackBoard) {
        self.setup = setup
        self.board = board
        let blocks = setup.plan.blocks.count
        packs = setup.units.indices.map {
            Pack(
                reading: board.reading(setup.firstPosition + $0),
                implausibleInARow: [Int](repeating: 0, count: blocks),
                acceptedAt: [Instant](repeating: .never, count: blocks))
        }
    }

    /// Changes what is known of one pack.
    mutating func change<Outcome>(_ index: Int, _ body: (inout Pack) -> Outcome) -> Outcome {
        body(&packs[index])
    }

    /// Notes on every pack whether a master polls that should not be there.
    func noteForeignMaster(_ isThere: Bool) {
        let foreign = AlarmSet(AlarmKind.foreignMaster)
        for index in packs.indices {
            board.update(setup.firstPosition + index) { slot in
                if isThere {
                    slot.findings.formUnion(foreign)
                } else {
                    slot.findings.subtract(foreign)
                }
            }
        }
    }

    /// Counts a verdict for the blocks of the plan it is about; what is wrong in words, nil when the
    /// values were taken.
    ///
    /// Each block counts by itself: a good one does not vouch for another.
    mutating func judge(
        _ verdict: BlockVerdict, _ index: Int, blocks: [Int], _ now: Instant
    ) -> String? {
        let trouble: String
        switch verdict {
        case .accepted:
            for block in blocks {
                packs[index].implausibleInARow[block] = 0
                packs[index].acceptedAt[block] = now
            }
            return nil
        case .allZero: trouble = "is all zero"
        case .short: trouble = "is short"
        case .implausible(let target, let value): trouble = "has an impossible \(target): \(value)"
        }
        for block in blocks { packs[index].implausibleInARow[block] += 1 }
        if isImplausible(index) {
            board.update(setup.firstPosition + index) { $0.isImplausible = true }
        }
        return "block '\(blocks.first.map { setup.map.blockNames[$0] } ?? "")' \(trouble)"
    }

    /// Whether a block that the pack cannot do without was impossible too often.
    private func isImplausible(_ index: Int) -> Bool {
        let counts = packs[index].implausibleInARow
        return counts.indices.contains {
            setup.plan.blocks[$0].isRequired && counts[$0] >= Self.implausibleLimit
        }
    }

    /// Since when every fast value that is needed is known anew; nil before all were read.
    func answeredAt(_ index: Int) -> Instant? {
        var oldest: Instant?
        for (block, rules) in setup.plan.blocks.enumerated()
        where rules.poll == .every(1) && rules.isRequired {
            let stamp = packs[index].acceptedAt[block]
            if stamp == .never { return nil }
            oldest = min(oldest ?? stamp, stamp)
        }
        return oldest
    }

    /// Puts a pack's values on the board, where the bridge is woken by them; `answeredAt` is when its
    /// fast values were read, nil when they were not.
    func publish(_ index: Int, isComplete: Bool, answeredAt: Instant?) {
        let reading = packs[index].reading
        let isImplausible = isImplausible(index)
        board.update(setup.firstPosition + index) { slot in
            slot.reading = reading
            slot.isComplete = isComplete
            slot.isImplausible = isImplausible
            if let answeredAt { slot.answeredAt = answeredAt }
        }
    }

    /// Tells who the pack is after its serial number was read, when it is news or has been for an
    /// hour, or `always`.
    mutating func identify(_ index: Int, _ now: Instant, always: Bool) {
        let serial = packs[index].identity.serial
        let isOld = now.since(packs[index].toldAt) >= PollSchedule.rarely
        guard serial.isKnown, always || isOld || serial != packs[index].told else { return }
        packs[index].told = serial
        packs[index].toldAt = now
        board.identify(setup.firstPosition + index, as: serial)
    }

    /// Writes a pack's trouble to the log.
    func log(_ trouble: String, _ index: Int, to log: Logger) {
        log.warning(
            "pack in trouble",
            metadata: [
                "line": "\(setup.name)", "modbus.unit_id": "\(setup.units[index].rawValue)",
                "pack": "\(setup.firstPosition + index + 1)", "trouble": "\(trouble)",
            ])
    }
}
