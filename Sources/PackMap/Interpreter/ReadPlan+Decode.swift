import Bank
import Modbus
import Quantities

extension ReadPlan {
    /// Takes the data bytes of one block into a reading.
    ///
    /// A block that fails its plausibility gate is dropped whole: the reading keeps what it had.
    /// The readings before and after are equal unless the verdict is `accepted`.
    package func decode(
        block index: Int, _ data: FrameBytes, at instant: Instant,
        into reading: inout PackReading, identity: inout PackIdentity
    ) -> BlockVerdict {
        guard index >= 0, index < blocks.count else { return .short }
        let block = blocks[index]
        let hasOwnLength = block.hasOwnLength
        let length = hasOwnLength ? data.count : block.dataLength
        guard data.count >= length else { return .short }
        let layout = runs.isEmpty ? BlockLayout() : layout(of: index, data)
        if hasOwnLength, !reaches(index, data, layout) { return .short }
        if block.rejectsZero, isZero(data, length) { return .allZero }
        var fresh = reading
        var touched = Touched()
        for row in values where Int(row.block) == index {
            if let impossible = apply(row, data, layout, at: instant, to: &fresh, &touched) {
                return .implausible(row.target, impossible)
            }
        }
        if layout.cells != .max { fresh.limitCells(to: layout.cells) }
        if layout.probes != .max { fresh.limitProbes(to: layout.probes) }
        for row in computed where Int(row.block) == index {
            if let impossible = apply(row, touched, at: instant, to: &fresh) {
                return .implausible(.signal(row.target), impossible)
            }
        }
        applyFlags(index, data, layout, at: instant, to: &fresh)
        for part in 0..<PackReading.maximumParts {
            if touched.cells >> UInt8(part) & 1 != 0 { fresh.stampCells(part: part, at: instant) }
            if touched.probes >> UInt8(part) & 1 != 0 {
                fresh.stampProbes(part: part, at: instant)
            }
        }
        reading = fresh
        applyTexts(index, data, layout, to: &identity)
        return .accepted
    }

    private struct Touched {
        /// Bit n set: part n was read.
        var cells: UInt8 = 0
        var probes: UInt8 = 0
        /// A fitted cell was impossible, so a sum of cells would be wrong.
        var lostCell = false
    }

    private func isZero(_ data: FrameBytes, _ length: Int) -> Bool {
        for index in 0..<length where data[index] != 0 { return false }
        return true
    }

    /// Stores one value; returns it when it is impossible and condemns the block.
    private func apply(
        _ row: ValueRow, _ data: FrameBytes, _ layout: BlockLayout, at instant: Instant,
        to reading: inout PackReading, _ touched: inout Touched
    ) -> Int32? {
        var value: Int32?
        var isImpossible = false
        if layout.isFitted(row.target) {
            value = self.value(row, data, layout)
            if let found = value, found < row.gate.minimum || found > row.gate.maximum {
                if row.gate.dropsBlock { return found }
                value = nil
                isImpossible = true
            }
            if row.gate.jump > 0, let found = value,
                jumps(found, row, at: instant, in: reading)
            {
                if row.gate.dropsBlock { return found }
                // The last value goes on judging until it is old; cells and probes share one stamp
                // and are unknown for one turn instead.
                if case .signal = row.target { return nil }
                value = nil
                isImpossible = true
            }
        }
        switch row.target {
        case .signal(let signal): reading.set(signal, to: value, at: instant)
        case .cell(let cell):
            let millivolts = UInt16(clamping: value ?? 0)
            reading.setCell(Int(cell), millivolts: millivolts)
            touched.cells |= 1 << row.part
            if isImpossible { touched.lostCell = true }
        case .probe(let probe):
            reading.setProbe(Int(probe), decidegrees: value.map { Int16(clamping: $0) })
            touched.probes |= 1 << row.part
        }
        return nil
    }

    /// Whether a value is further from the last one than it can be, while that one still judges.
    private func jumps(
        _ value: Int32, _ row: ValueRow, at instant: Instant, in reading: PackReading
    ) -> Bool {
        let part = Int(row.part)
        switch row.target {
        case .signal(let signal):
            return jumps(value, signal, row.gate, at: instant, in: reading)
        case .cell(let cell):
            let last = reading.cell(Int(cell))?.millivolts
            return jumps(value, last, reading.cellsStamp(part: part), row.gate, at: instant)
        case .probe(let probe):
            let last = reading.probe(Int(probe))?.decidegrees
            return jumps(value, last, reading.probesStamp(part: part), row.gate, at: instant)
        }
    }

    private func jumps(
        _ value: Int32, _ signal: PackSignal, _ gate: ValueGate, at instant: Instant,
        in reading: PackReading
    ) -> Bool {
        jumps(value, reading[signal], reading.stamp(of: signal), gate, at: instant)
    }

    private func jumps(
        _ value: Int32, _ last: Int32?, _ stamp: Instant, _ gate: ValueGate, at instant: Instant
    ) -> Bool {
        guard let last, stamp != .never, instant.since(stamp) < gate.jumpSpan else { return false }
        return (Int64(value) - Int64(last)).magnitude > UInt64(gate.jump)
    }

    /// Works a value out of others; returns it when it is impossible and condemns the block.
    private func apply(
        _ row: ComputedRow, _ touched: Touched, at instant: Instant, to reading: inout PackReading
    ) -> Int32? {
        var value: Int32?
        switch row.kind {
        case .remainingOverFull:
            if let left = reading[.remainingCapacity], let full = reading[.fullCapacity], full > 0 {
                let product = Int64(left).multipliedSaturated(by: 10_000)
                value = Int32(saturating: product.dividedRounding(by: Int64(full)))
            }
        case .cellSum: value = touched.lostCell ? nil : sumOfCells(reading)
        }
        if let found = value {
            let isOutside = found < row.gate.minimum || found > row.gate.maximum
            let isJump =
                row.gate.jump > 0
                && jumps(found, row.target, row.gate, at: instant, in: reading)
            if isOutside || isJump, row.gate.dropsBlock { return found }
            if isJump { return nil }
            if isOutside { value = nil }
        }
        reading.set(row.target, to: value, at: instant)
        return nil
    }

    private func sumOfCells(_ reading: PackReading) -> Int32? {
        var sum: Int32 = 0
        for index in 0..<Int(reading.cellCount) {
            sum += reading.cell(index)?.millivolts ?? 0
        }
        return sum > 0 ? sum : nil
    }
}
