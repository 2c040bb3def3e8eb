import Bank
import Modbus

/// A plan cut to one request, and which rows of the whole plan are left in it.
struct RestrictedPlan {
    /// One block, its number 0; rows are numbered anew.
    var plan: ReadPlan
    /// The rows of the whole plan's values and flags that are in it, in order.
    var values: [Int] = []
    var flagWords: [Int] = []
}

extension ReadPlan {
    /// The plan with one block only.
    func restricted(to block: Int) -> RestrictedPlan {
        cut(to: blocks[block]) { Int($0) == block ? 0 : nil }
    }

    /// The plan as if the one block were what `request` asks for, for captures of other block cuts
    /// and for lines where another master asks.
    ///
    /// A run of cells or probes whose count lies outside is kept with the number of a usual pack, or
    /// left out with all that counts from its end where `countsRuns`.
    func restricted(to request: LineRequest, countsRuns: Bool = false) -> RestrictedPlan {
        guard case .read(let read) = request else { return RestrictedPlan(plan: ReadPlan()) }
        let block = PlanBlock(
            function: read.function, address: read.address, count: read.count, poll: .every(1),
            isRequired: true, mayFail: false, rejectsZero: false)
        let step = Int(addressStep)
        return cut(to: block, countsRuns: countsRuns) { index in
            let own = blocks[Int(index)]
            guard own.form == block.form else { return nil }
            let distance = Int(own.address) - Int(read.address)
            if block.readsBits { return distance % 8 == 0 ? distance / 8 : nil }
            return distance % step == 0 ? distance / step * 2 : nil
        }
    }

    /// Keeps what lies whole in `block`; `distance` tells by how many bytes a block's content
    /// moves, or nil when it is another one.
    private func cut(
        to block: PlanBlock, countsRuns: Bool = false, distance: (UInt8) -> Int?
    ) -> RestrictedPlan {
        var cut = RestrictedPlan(plan: self)
        cut.plan.blocks = [block]
        var kept: [RunRow] = []
        var lost = (cells: false, probes: false)
        func moved(_ place: Place, _ own: UInt8, bytes: Int? = nil) -> Place? {
            guard let distance = distance(own) else { return nil }
            if place.anchor != .start {  // its run must be there, and then it moves with it
                return kept.contains { $0.isCells == (place.anchor == .cells) } ? place : nil
            }
            let offset = Int(place.offset) + distance
            let end = offset + (bytes ?? place.type.width)
            guard offset >= 0, end <= block.toldBytes else { return nil }
            var place = place
            place.offset = UInt16(offset)
            return place
        }
        for var run in runs {
            let place = moved(run.place, run.block)
            let count = run.count.flatMap { moved($0, run.block) }
            let presence = run.presence.flatMap { moved($0, run.block) }
            let isCounted =
                (run.count == nil) == (count == nil)
                && (run.presence == nil) == (presence == nil)
            guard let place, isCounted || !countsRuns else {
                if run.isCells { lost.cells = true } else { lost.probes = true }
                continue
            }
            (run.block, run.place, run.count, run.presence) = (0, place, count, presence)
            kept.append(run)
        }
        cut.plan.runs = kept
        cut.plan.values = []
        var rejectsZero = false
        for (index, row) in values.enumerated() {
            if countsRuns, row.isIn(lost) { continue }
            let isNeverZero = blocks[Int(row.block)].rejectsZero && row.target.isNeverZero
            guard var row = self.moved(row, in: &cut.plan, by: { moved($0, row.block) }) else {
                continue
            }
            if isNeverZero { rejectsZero = true }
            row.block = 0
            cut.plan.values.append(row)
            cut.values.append(index)
        }
        cut.plan.computed = computed.compactMap { row in
            guard distance(row.block) != nil, cut.holds(sourcesOf: row.kind, of: self) else {
                return nil
            }
            var row = row
            row.block = 0
            return row
        }
        cut.plan.texts = texts.compactMap { row in
            moved(row.place, row.block, bytes: Int(row.length)).map {
                var row = row
                (row.block, row.place) = (0, $0)
                return row
            }
        }
        cut.plan.flags = []
        for (word, row) in flags.enumerated() {
            guard let place = moved(row.place, row.block) else { continue }
            var row = row
            (row.block, row.place) = (0, place)
            cut.plan.flags.append(row)
            cut.flagWords.append(word)
        }
        cut.plan.blocks[0].rejectsZero = rejectsZero
        return cut
    }

    /// A value with its place and its operands moved; nil when one of them is outside.
    private func moved(
        _ row: ValueRow, in plan: inout ReadPlan, by move: (Place) -> Place?
    ) -> ValueRow? {
        guard let place = move(row.place) else { return nil }
        for index in Int(row.operandStart)..<Int(row.operandStart) + Int(row.operandCount) {
            guard let other = move(operands[index].place) else { return nil }
            plan.operands[index].place = other
        }
        var row = row
        row.place = place
        return row
    }
}

extension PlanBlock {
    /// How many data bytes of an answer say what they seem to: a last byte of which only some bits
    /// were asked says that the others are unset, and they may not be.
    fileprivate var toldBytes: Int {
        if hasOwnLength { return RangedRequest.mostBytes }
        return readsBits ? Int(count) / 8 : dataLength
    }
}

extension ValueRow {
    /// Whether it is an entry of a run that cannot be counted.
    fileprivate func isIn(_ lost: (cells: Bool, probes: Bool)) -> Bool {
        switch target {
        case .signal: false
        case .cell: lost.cells
        case .probe: lost.probes
        }
    }
}

extension ValueTarget {
    /// Whether it is the voltage of a cell.
    var isCell: Bool {
        if case .cell = self { true } else { false }
    }

    /// Whether it is the temperature of a probe.
    var isProbe: Bool {
        if case .probe = self { true } else { false }
    }
}

extension RestrictedPlan {
    /// Whether everything is there that a value is worked out from; a sum of some of the cells would
    /// be no voltage of a pack.
    fileprivate func holds(sourcesOf kind: ComputedKind, of whole: ReadPlan) -> Bool {
        func has(_ signal: PackSignal) -> Bool {
            plan.values.contains { $0.target == .signal(signal) }
        }
        switch kind {
        case .remainingOverFull: return has(.remainingCapacity) && has(.fullCapacity)
        case .cellSum:
            let cells = plan.values.count { $0.target.isCell }
            return cells > 0 && cells == whole.values.count { $0.target.isCell }
        }
    }
}
