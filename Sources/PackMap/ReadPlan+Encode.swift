import Bank
import Modbus
import Quantities

extension ReadPlan {
    /// The registers a pack with these values would show: the inverse of `decode`.
    ///
    /// Values are rounded to what the registers can hold; unknown ones become the map's code for
    /// "not available", or zero where it has none.
    package func encode(_ reading: PackReading, identity: PackIdentity) -> RegisterImage {
        var image = RegisterImage()
        image.addressStep = addressStep
        for (index, block) in blocks.enumerated() {
            let layout = layout(of: index, reading)
            var data = BlockBytes(
                bytes: [UInt8](repeating: 0, count: length(of: index, layout)))
            if case .trigger(let shape) = block.form {
                for byte in 0..<Int(shape.headLength) { data.bytes[byte] = shape.headByte(byte) }
            }
            for run in runs where Int(run.block) == index { encode(run, reading, layout, &data) }
            for row in values where Int(row.block) == index && layout.isFitted(row.target) {
                encode(row, reading, layout, &data)
            }
            for row in flags where Int(row.block) == index {
                let bits = encodedWord(row, reading)
                let at = layout.offset(of: row.place)
                data.store(
                    Int64(bits) | data.number(row.place.type, at: at), row.place.type, at: at)
            }
            for row in values where Int(row.block) == index && row.operandCount > 0 {
                settleSign(row, reading, layout, &data)
            }
            for row in texts where Int(row.block) == index {
                encode(row, identity, layout, &data)
            }
            if case .trigger = block.form, let last = data.bytes.indices.last {
                data.bytes[last] = data.bytes[..<last].reduce(0, &+)
            }
            image.store(data.bytes, of: block)
        }
        return image
    }

    /// What is fitted in the pack of a reading; the usual number where it tells no cells at all.
    private func layout(of block: Int, _ reading: PackReading) -> BlockLayout {
        var layout = BlockLayout()
        for run in runs where Int(run.block) == block {
            let probes = (0..<Int(reading.probeCount)).last { reading.probe($0) != nil }
            let known = run.isCells ? Int(reading.cellCount) : probes.map { $0 + 1 } ?? 0
            let fitted =
                run.count == nil || known == 0 ? Int(run.nominal) : min(known, Int(run.most))
            take(run, fitted: fitted, into: &layout)
        }
        return layout
    }

    /// The bytes of a block: the usual ones, and more or fewer as cells and probes come and go.
    private func length(of block: Int, _ layout: BlockLayout) -> Int {
        var length = blocks[block].dataLength
        guard blocks[block].hasOwnLength else { return length }
        for run in runs where Int(run.block) == block && run.count != nil {
            let fitted = run.isCells ? layout.cells : layout.probes
            length += (fitted - Int(run.nominal)) * Int(run.stride)
        }
        return min(max(length, 1), RangedRequest.mostBytes)
    }

    private func encode(
        _ run: RunRow, _ reading: PackReading, _ layout: BlockLayout, _ data: inout BlockBytes
    ) {
        if let place = run.count {
            let fitted = run.isCells ? layout.cells : layout.probes
            data.store(Int64(fitted), place.type, at: layout.offset(of: place))
        }
        guard let place = run.presence else { return }
        var bits: Int64 = 0
        for index in 0..<Int(run.most) {
            let isThere =
                run.isCells ? reading.cell(index) != nil : reading.probe(index) != nil
            if isThere { bits |= 1 << Int64(index) }
        }
        data.store(bits, place.type, at: layout.offset(of: place))
    }

    private func wanted(_ row: ValueRow, _ reading: PackReading) -> Int32? {
        switch row.target {
        case .signal(let signal): reading[signal]
        case .cell(let cell): reading.cell(Int(cell))?.millivolts
        case .probe(let probe): reading.probe(Int(probe))?.decidegrees
        }
    }

    private func encode(
        _ row: ValueRow, _ reading: PackReading, _ layout: BlockLayout, _ data: inout BlockBytes
    ) {
        let at = layout.offset(of: row.place)
        guard let value = wanted(row, reading) else {
            let code = row.absentCount > 0 ? absent[Int(row.absentStart)] : 0
            return store(code, row, at: at, &data)
        }
        var numerator = row.numerator
        var denominator = row.denominator
        var needed = Int64(value)
        for operand in operands(of: row) {
            let place = layout.offset(of: operand.place)
            switch operand.kind {
            case .times:
                var other = data.number(operand.place.type, at: place)
                if other == 0 {
                    other = reading.cellCount > 0 ? Int64(reading.cellCount) : 16
                    data.store(other, operand.place.type, at: place)
                }
                numerator = numerator.multipliedSaturated(by: other)
            case .exponent:
                let power = Self.exponent(for: row)
                data.store(power, operand.place.type, at: place)
                let ten = Self.powerOfTen(power.magnitude)
                if power < 0 {
                    denominator = denominator.multipliedSaturated(by: ten)
                } else {
                    numerator = numerator.multipliedSaturated(by: ten)
                }
            case .negative: needed = (numerator < 0 ? -1 : 1) * Int64(needed.magnitude)
            case .minus: continue
            }
        }
        var raw = Self.quotient(needed, numerator, denominator) - row.addend
        for operand in operands(of: row) where operand.kind == .minus {
            let place = layout.offset(of: operand.place)
            data.store(max(-raw, 0), operand.place.type, at: place)
            raw = max(raw, 0)
        }
        store(raw, row, at: at, &data)
    }

    private func operands(of row: ValueRow) -> ArraySlice<Operand> {
        operands[Int(row.operandStart)...].prefix(Int(row.operandCount))
    }

    private static func quotient(_ value: Int64, _ numerator: Int64, _ denominator: Int64) -> Int64
    {
        let product = min(max(value.multipliedSaturated(by: denominator), -(1 << 62)), 1 << 62)
        if numerator == 0 { return 0 }
        return numerator < 0
            ? -product.dividedRounding(by: Int64(0).subtractingSaturated(numerator))
            : product.dividedRounding(by: numerator)
    }

    /// The power of ten that shows a value as finely as 16 bits allow; the same for all values of
    /// one kind, because they may share it.
    private static func exponent(for row: ValueRow) -> Int64 {
        let isCell =
            switch row.target {
            case .cell, .signal(.cellVoltageMean), .signal(.cellVoltageMaximum),
                .signal(.cellVoltageMinimum):
                true
            default: false
            }
        let ratio = Int64(row.numerator.magnitude) / max(row.denominator, 1)
        if isCell { return ratio >= 1000 ? -3 : 0 }
        return ratio >= 100 ? -2 : ratio >= 10 ? -1 : 0
    }

    private func store(_ raw: Int64, _ row: ValueRow, at: Int, _ data: inout BlockBytes) {
        guard row.mask != 0 else { return data.store(raw, row.place.type, at: at) }
        let mask = Int64(row.mask) << Int64(row.shift)
        let held = min(max(raw, 0), Int64(row.mask)) << Int64(row.shift)
        data.store(data.number(row.place.type, at: at) & ~mask | held, row.place.type, at: at)
    }

    /// Makes the number that decides about a sign agree with it; flags may have set it already.
    private func settleSign(
        _ row: ValueRow, _ reading: PackReading, _ layout: BlockLayout, _ data: inout BlockBytes
    ) {
        guard let value = wanted(row, reading), value != 0 else { return }
        for operand in operands(of: row) where operand.kind == .negative {
            let place = layout.offset(of: operand.place)
            let other = data.number(operand.place.type, at: place)
            let isListed = isListed(other, start: operand.codeStart, count: operand.codeCount)
            if (value < 0) == isListed { continue }
            let codes = absent[Int(operand.codeStart)...].prefix(Int(operand.codeCount))
            let free = (0...Int64(codes.count)).first { !codes.contains($0) } ?? 0
            data.store(
                value < 0 ? codes.first ?? 0 : free, operand.place.type, at: place)
        }
    }
}
