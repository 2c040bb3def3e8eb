import Bank
import Modbus

extension PackMapLoader {
    private static let mostBlocks = 64

    /// Cuts the regions into blocks, moves every row into its block and returns the blocks' names.
    mutating func planBlocks() -> [String] {
        var names: [String] = []
        var cuts: [[(block: Int, piece: ReadPlanner.Piece)]] = []
        for (index, region) in regions.enumerated() {
            var cut: [(block: Int, piece: ReadPlanner.Piece)] = []
            for (number, piece) in pieces(of: index).enumerated() {
                cut.append((plan.blocks.count, piece))
                plan.blocks.append(block(of: region, piece))
                names.append(number == 0 ? region.name : "\(region.name) \(number + 1)")
            }
            if index == 0, cut.isEmpty, root.faults.faults.isEmpty {
                root.fault("blocks", "begins with '\(region.name)', of which nothing is used")
            }
            cuts.append(cut)
        }
        if plan.blocks.count > Self.mostBlocks {
            root.fault(
                "blocks", "need \(plan.blocks.count) requests, allowed 1…\(Self.mostBlocks)")
        }
        guard root.faults.faults.isEmpty else { return names }
        move(cuts)
        partRuns("cells") { if case .cell = $0 { true } else { false } }
        partRuns("probes") { if case .probe = $0 { true } else { false } }
        return names
    }

    /// Numbers the requests that read the entries of a run, because each has an age of its own.
    private mutating func partRuns(_ key: String, _ isOwn: (ValueTarget) -> Bool) {
        var blocks: [UInt8] = []
        for index in plan.values.indices where isOwn(plan.values[index].target) {
            let block = plan.values[index].block
            if !blocks.contains(block) { blocks.append(block) }
            plan.values[index].part = UInt8(blocks.firstIndex(of: block) ?? 0)
        }
        guard blocks.count > PackReading.maximumParts else { return }
        root.fault(
            key, "need \(blocks.count) requests, allowed 1…\(PackReading.maximumParts)")
    }

    private func pieces(of index: Int) -> [ReadPlanner.Piece] {
        let region = regions[index]
        guard region.isDivisible else { return [0..<region.byteCount] }
        let planner = ReadPlanner(line, readsBits: region.readsBits)
        switch planner.pieces(extents.filter { $0.region == index }) {
        case .success(let pieces): return pieces
        case .failure(let long):
            let unit = region.readsBits ? "bits" : "registers"
            let count = region.readsBits ? long.piece.count * 8 : long.piece.count / 2
            root.fault(
                "blocks",
                "have in '\(region.name)' \(count) \(unit) that belong together, one read has \(region.readsBits ? 2000 : line.mostRegisters)"
            )
            return []
        }
    }

    private func block(of region: MapRegion, _ piece: ReadPlanner.Piece) -> PlanBlock {
        var address = region.address
        var count = piece.count
        if case .registers = region.form {
            if region.readsBits {
                address += piece.lowerBound * 8
                count = min(piece.count * 8, region.count - piece.lowerBound * 8)
            } else {
                address += piece.lowerBound / 2 * Int(plan.addressStep)
                count = piece.count / 2
            }
        }
        return PlanBlock(
            form: region.form, address: UInt16(truncatingIfNeeded: address),
            count: UInt16(count), poll: region.poll, isRequired: region.isRequired,
            mayFail: region.mayFail, rejectsZero: false)
    }

    private mutating func move(_ cuts: [[(block: Int, piece: ReadPlanner.Piece)]]) {
        /// The block of a place, and how far it moves to the front.
        func target(_ region: UInt8, _ place: Place) -> (block: UInt8, distance: UInt16) {
            let cut = cuts[Int(region)]
            let found =
                place.anchor == .start
                ? cut.first { $0.piece.contains(Int(place.offset)) } : cut.first
            guard let found else { return (0, 0) }
            let distance = place.anchor == .start ? found.piece.lowerBound : 0
            return (UInt8(found.block), UInt16(distance))
        }
        func shifted(_ region: UInt8, _ place: Place) -> Place {
            var place = place
            place.offset -= target(region, place).distance
            return place
        }
        for index in plan.values.indices {
            let row = plan.values[index]
            for operand in Int(row.operandStart)..<Int(row.operandStart) + Int(row.operandCount) {
                plan.operands[operand].place = shifted(row.block, plan.operands[operand].place)
            }
            plan.values[index].place = shifted(row.block, row.place)
            plan.values[index].block = target(row.block, row.place).block
        }
        for (index, row) in plan.runs.enumerated() {
            plan.runs[index].place = shifted(row.block, row.place)
            plan.runs[index].count = row.count.map { shifted(row.block, $0) }
            plan.runs[index].presence = row.presence.map { shifted(row.block, $0) }
            plan.runs[index].block = target(row.block, row.place).block
        }
        for (index, row) in plan.flags.enumerated() {
            plan.flags[index].place = shifted(row.block, row.place)
            plan.flags[index].block = target(row.block, row.place).block
        }
        for (index, row) in plan.texts.enumerated() {
            plan.texts[index].place = shifted(row.block, row.place)
            plan.texts[index].block = target(row.block, row.place).block
        }
        for (index, row) in plan.computed.enumerated() {
            let source = plan.values.first { value in
                switch row.kind {
                case .cellSum:
                    if case .cell = value.target { return true }
                    return false
                case .remainingOverFull: return value.target == .signal(.remainingCapacity)
                }
            }
            plan.computed[index].block = source?.block ?? 0
        }
    }
}
