import Modbus

/// Where the movable parts of one block lie, and what is fitted.
struct BlockLayout {
    /// How many are fitted; more than any index where the pack does not tell.
    var cells = Int.max
    var probes = Int.max
    /// The first byte after the last fitted entry.
    var cellsEnd = 0
    var probesEnd = 0
    /// Bit n set: entry n is fitted.
    var cellsPresent = UInt32.max
    var probesPresent = UInt32.max

    /// The byte of a place in the block's data.
    func offset(of place: Place) -> Int {
        switch place.anchor {
        case .start: Int(place.offset)
        case .cells: Int(place.offset) + cellsEnd
        case .probes: Int(place.offset) + probesEnd
        }
    }

    /// Whether the pack has this cell or probe; signals are always there.
    func isFitted(_ target: ValueTarget) -> Bool {
        switch target {
        case .signal: true
        case .cell(let index): Int(index) < cells && cellsPresent >> UInt32(index) & 1 != 0
        case .probe(let index): Int(index) < probes && probesPresent >> UInt32(index) & 1 != 0
        }
    }

    /// Whether the pack tells how many there are, or which.
    var isCounted: Bool { cells != .max || probes != .max }
}

extension ReadPlan {
    /// Works out the layout of one block from the counts in its data.
    func layout(of block: Int, _ data: FrameBytes) -> BlockLayout {
        var layout = BlockLayout()
        for run in runs where Int(run.block) == block {
            var fitted = Int(run.nominal)
            if let place = run.count {
                let raw = Self.raw(place.type, data, layout.offset(of: place))
                fitted = Int(min(max(raw, 0), Int64(run.most)))
            }
            take(run, fitted: fitted, into: &layout)
            if let place = run.presence {
                let raw = Self.raw(place.type, data, layout.offset(of: place))
                let bits = UInt32(truncatingIfNeeded: raw)
                if run.isCells { layout.cellsPresent = bits } else { layout.probesPresent = bits }
            }
        }
        return layout
    }

    /// Notes how many entries of a run are fitted, and where it ends.
    func take(_ run: RunRow, fitted: Int, into layout: inout BlockLayout) {
        let end = layout.offset(of: run.place) + fitted * Int(run.stride)
        if run.isCells {
            layout.cellsEnd = end
            if run.count != nil { layout.cells = fitted }
        } else {
            layout.probesEnd = end
            if run.count != nil { layout.probes = fitted }
        }
    }

    /// Whether every byte that is needed of a block of the pack's own length came.
    func reaches(_ block: Int, _ data: FrameBytes, _ layout: BlockLayout) -> Bool {
        for run in runs where Int(run.block) == block {
            if let place = run.count, !holds(data, place, layout) { return false }
            if let place = run.presence, !holds(data, place, layout) { return false }
        }
        for row in values where Int(row.block) == block && layout.isFitted(row.target) {
            if !holds(data, row.place, layout) { return false }
            for index in 0..<Int(row.operandCount) {
                let operand = operands[Int(row.operandStart) + index]
                if !holds(data, operand.place, layout) { return false }
            }
        }
        for row in flags where Int(row.block) == block && !holds(data, row.place, layout) {
            return false
        }
        for row in texts where Int(row.block) == block {
            if layout.offset(of: row.place) + Int(row.length) > data.count { return false }
        }
        return true
    }

    private func holds(_ data: FrameBytes, _ place: Place, _ layout: BlockLayout) -> Bool {
        layout.offset(of: place) + place.type.width <= data.count
    }
}
