import Modbus
import Quantities

extension ReadPlan {
    /// The number at a byte of a block's data.
    static func raw(_ type: RawType, _ data: FrameBytes, _ at: Int) -> Int64 {
        switch type {
        case .u16: Int64(data.bigEndian(at: at))
        case .i16: Int64(Int16(bitPattern: data.bigEndian(at: at)))
        case .u32: Int64(wide(data, high: at, low: at + 2))
        case .i32: Int64(Int32(bitPattern: wide(data, high: at, low: at + 2)))
        case .u32LowFirst: Int64(wide(data, high: at + 2, low: at))
        case .i32LowFirst: Int64(Int32(bitPattern: wide(data, high: at + 2, low: at)))
        case .u8: Int64(data[at])
        case .i8: Int64(Int8(bitPattern: data[at]))
        case .u16Little: Int64(data.bigEndian(at: at).byteSwapped)
        case .i16Little: Int64(Int16(bitPattern: data.bigEndian(at: at).byteSwapped))
        case .u32Little: Int64(wide(data, high: at, low: at + 2).byteSwapped)
        case .i32Little: Int64(Int32(bitPattern: wide(data, high: at, low: at + 2).byteSwapped))
        }
    }

    private static func wide(_ data: FrameBytes, high: Int, low: Int) -> UInt32 {
        UInt32(data.bigEndian(at: high)) << 16 | UInt32(data.bigEndian(at: low))
    }

    /// The raw number of a value, cut to its bits.
    func raw(_ row: ValueRow, _ data: FrameBytes, _ layout: BlockLayout) -> Int64 {
        let raw = Self.raw(row.place.type, data, layout.offset(of: row.place))
        guard row.mask != 0 else { return raw }
        return raw >> Int64(row.shift) & Int64(row.mask)
    }

    /// The value in the target's unit; nil when the pack marks it as not available.
    func value(_ row: ValueRow, _ data: FrameBytes, _ layout: BlockLayout) -> Int32? {
        let raw = raw(row, data, layout)
        if isAbsent(raw, row) { return nil }
        if row.operandCount > 0 { return combined(raw, row, data, layout) }
        return Self.scaled(raw, row.addend, row.numerator, row.denominator)
    }

    /// Whether a raw number is one of the codes for "not available".
    func isAbsent(_ raw: Int64, _ row: ValueRow) -> Bool {
        isListed(raw, start: row.absentStart, count: row.absentCount)
    }

    /// Whether a number is among some of the plan's codes.
    func isListed(_ raw: Int64, start: UInt16, count: UInt8) -> Bool {
        for index in 0..<Int(count) where absent[Int(start) + index] == raw { return true }
        return false
    }

    /// The value with what its operands do to it; nil for an exponent that cannot be.
    private func combined(
        _ raw: Int64, _ row: ValueRow, _ data: FrameBytes, _ layout: BlockLayout
    ) -> Int32? {
        var raw = raw
        var numerator = row.numerator
        var denominator = row.denominator
        var isNegative: Bool?
        for index in 0..<Int(row.operandCount) {
            let operand = operands[Int(row.operandStart) + index]
            let other = Self.raw(operand.place.type, data, layout.offset(of: operand.place))
            switch operand.kind {
            case .minus: raw -= other
            case .times: numerator = numerator.multipliedSaturated(by: other)
            case .exponent:
                guard other >= -10, other <= 10 else { return nil }
                let power = Self.powerOfTen(other.magnitude)
                if other < 0 {
                    denominator = denominator.multipliedSaturated(by: power)
                } else {
                    numerator = numerator.multipliedSaturated(by: power)
                }
            case .negative:
                isNegative = isListed(other, start: operand.codeStart, count: operand.codeCount)
            }
        }
        let value = Self.scaled(raw, row.addend, numerator, denominator)
        guard let isNegative else { return value }
        let magnitude = Int32(clamping: value.magnitude)  // whatever sign the number has itself
        return isNegative ? -magnitude : magnitude
    }

    /// Ten to the power of a small number.
    static func powerOfTen(_ exponent: UInt64) -> Int64 {
        var power: Int64 = 1
        for _ in 0..<min(exponent, 18) { power *= 10 }
        return power
    }

    private static func scaled(
        _ raw: Int64, _ addend: Int64, _ numerator: Int64, _ denominator: Int64
    ) -> Int32 {
        let product = raw.addingSaturated(addend).multipliedSaturated(by: numerator)
        if denominator == 1 { return Int32(saturating: product) }
        // Held where rounding cannot overflow; the quotient is far beyond Int32 there anyway or tiny.
        let held = min(max(product, -(1 << 62)), 1 << 62)
        return Int32(saturating: held.dividedRounding(by: denominator))
    }
}
