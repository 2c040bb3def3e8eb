import Bank
import Modbus

extension ReadPlan {
    /// The plan with one block only, and which of the own flag words are left in it.
    func restricted(to block: Int) -> (plan: ReadPlan, flagWords: [Int]) {
        cut(to: blocks[block]) { Int($0) == block ? 0 : nil }
    }

    /// The plan as if the one block were what `request` asks for, for captures of other block cuts.
    func restricted(to request: LineRequest) -> (plan: ReadPlan, flagWords: [Int]) {
        guard case .read(let read) = request else { return (ReadPlan(), []) }
        let block = PlanBlock(
            function: read.function, address: read.address, count: read.count, poll: .every(1),
            isRequired: true, mayFail: false, rejectsZero: false)
        let step = Int(addressStep)
        return cut(to: block) { index in
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
        to block: PlanBlock, distance: (UInt8) -> Int?
    ) -> (plan: ReadPlan, flagWords: [Int]) {
        var plan = self
        plan.blocks = [block]
        let most = block.hasOwnLength ? RangedRequest.mostBytes : block.dataLength
        func moved(_ place: Place, _ own: UInt8, bytes: Int? = nil) -> Place? {
            guard let distance = distance(own) else { return nil }
            if place.anchor != .start {  // its run must be there, and then it moves with it
                let isKept = plan.runs.contains { $0.isCells == (place.anchor == .cells) }
                return isKept ? place : nil
            }
            let offset = Int(place.offset) + distance
            guard offset >= 0, offset + (bytes ?? place.type.width) <= most else { return nil }
            var place = place
            place.offset = UInt16(offset)
            return place
        }
        plan.runs = []
        for var run in runs {
            guard let place = moved(run.place, run.block) else { continue }
            run.count = run.count.flatMap { moved($0, run.block) }
            run.presence = run.presence.flatMap { moved($0, run.block) }
            (run.block, run.place) = (0, place)
            plan.runs.append(run)
        }
        var rejectsZero = false
        plan.values = values.compactMap { row in
            guard let place = moved(row.place, row.block) else { return nil }
            var row = row
            for index in Int(row.operandStart)..<Int(row.operandStart) + Int(row.operandCount) {
                guard let other = moved(operands[index].place, row.block) else { return nil }
                plan.operands[index].place = other
            }
            if blocks[Int(row.block)].rejectsZero, row.target.isNeverZero { rejectsZero = true }
            (row.block, row.place) = (0, place)
            return row
        }
        plan.computed = computed.compactMap { row in
            guard distance(row.block) != nil, plan.holds(sourcesOf: row.kind) else { return nil }
            var row = row
            row.block = 0
            return row
        }
        plan.texts = texts.compactMap { row in
            moved(row.place, row.block, bytes: Int(row.length)).map {
                var row = row
                (row.block, row.place) = (0, $0)
                return row
            }
        }
        plan.flags = []
        var flagWords: [Int] = []
        for (word, row) in flags.enumerated() {
            guard let place = moved(row.place, row.block) else { continue }
            var row = row
            (row.block, row.place) = (0, place)
            plan.flags.append(row)
            flagWords.append(word)
        }
        plan.blocks[0].rejectsZero = rejectsZero
        return (plan, flagWords)
    }

    private func holds(sourcesOf kind: ComputedKind) -> Bool {
        func has(_ signal: PackSignal) -> Bool { values.contains { $0.target == .signal(signal) } }
        switch kind {
        case .remainingOverFull: return has(.remainingCapacity) && has(.fullCapacity)
        case .cellSum:
            return values.contains {
                if case .cell = $0.target { return true }
                return false
            }
        }
    }
}
