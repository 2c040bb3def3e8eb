import Bank
import CANBus
import StrictJSON

extension CANProfileLoader {
    mutating func readValue(_ entry: inout JSONSection, _ signal: DBCSignal) {
        guard let name = entry.string("value") else { return }
        guard let value = BankValue.named(name) else {
            let known = BankValue.allCases.map(\.name).joined(separator: ", ")
            entry.fault("value", "is '\(name)', allowed \(known)")
            return
        }
        if value.isOfPack, !frame.isPerPack {
            entry.fault("value", "is '\(name)', which stands only in 'per_pack' frames")
        }
        let special = SpecialNumbers(
            unknown: raw(&entry, "unknown", signal),
            whenStopped: raw(&entry, "when_stopped", signal))
        var reading = SentSignal(
            signal: signal, value: value, factor: signal.factor, unknown: special.unknown,
            page: frame.page)
        if entry.item("table") != nil {
            addTable(value, signal, special, &entry, &reading)
        } else {
            addNumber(value, signal, special, &entry, &reading)
        }
        readings[frame.message.identifier, default: []].append(reading)
    }

    private mutating func addNumber(
        _ value: BankValue, _ signal: DBCSignal, _ special: SpecialNumbers,
        _ entry: inout JSONSection, _ reading: inout SentSignal
    ) {
        let isNegated = entry.bool("negate", default: false)
        let factor = entry.number("factor").map {
            DBCNumber(coefficient: $0.coefficient, exponent: $0.exponent)
        }
        reading.isNegated = isNegated
        reading.factor = factor ?? signal.factor
        guard let step = reading.factor.fraction, step.numerator > 0,
            let offset = signal.offset.fraction,
            var scale = Self.scale(value, factor: step)
        else {
            entry.fault(
                "value",
                "cannot be put into '\(signal.name)': its factor or offset is too fine or not positive"
            )
            return
        }
        guard let addend = Self.addend(offset, step) else {
            entry.fault(
                "value",
                "cannot be put into '\(signal.name)': its offset is no multiple of its factor or too large"
            )
            return
        }
        if isNegated { scale.numerator = -scale.numerator }
        guard let range = clamps(&entry, value, signal, scale, addend) else { return }
        let row = NumberRow(
            source: value.rawValue, place: Self.place(signal), numerator: scale.numerator,
            denominator: scale.denominator, addend: addend, range: range.lowest...range.highest,
            rounding: value.rounding)
        if special.unknown != nil || special.whenStopped != nil {
            frame.fallbacks.append(
                FallbackRow(
                    number: row, unknown: special.unknown, whenStopped: special.whenStopped))
        } else if let bit = row.flagBit {
            frame.flags.append(FlagRow(source: value.rawValue, bit: bit))
        } else {
            frame.numbers.append(row)
        }
    }

    /// The raw numbers between which the field is held; nil when it cannot hold them.
    ///
    /// A mask is cut instead: a clamp would set bits of packs that are not there.
    private func clamps(
        _ entry: inout JSONSection, _ value: BankValue, _ signal: DBCSignal,
        _ scale: (numerator: Int32, denominator: Int32), _ addend: Int64
    ) -> (lowest: Int64, highest: Int64)? {
        let range = Self.rawRange(signal)
        var low = clamp(&entry, "min", value, scale, addend)
        var high = clamp(&entry, "max", value, scale, addend)
        if scale.numerator < 0 { (low, high) = (high, low) }
        if value.isMask, low == nil, high == nil { return (-(1 << 62), 1 << 62) }
        let (lowest, highest) = (low ?? range.lowerBound, high ?? range.upperBound)
        guard lowest <= highest, range.contains(lowest), range.contains(highest) else {
            entry.fault(
                "value",
                "is clamped to the raw numbers \(lowest) to \(highest), '\(signal.name)' holds \(range.lowerBound)…\(range.upperBound)"
            )
            return nil
        }
        return (lowest, highest)
    }

    private mutating func addTable(
        _ value: BankValue, _ signal: DBCSignal, _ special: SpecialNumbers,
        _ entry: inout JSONSection, _ reading: inout SentSignal
    ) {
        guard var table = entry.section("table") else { return }
        var entries: [TableEntry] = []
        let keys = table.names()
        for key in keys {
            guard let units = Self.units(key, value) else {
                table.fault(key, "is no value of '\(value.name)', expected a number")
                continue
            }
            guard let raw = raw(&table, key, signal) else { continue }
            if entries.contains(where: { $0.value == units }) {
                table.fault(key, "is a second entry for the same value")
            }
            entries.append(TableEntry(value: units, raw: raw))
            reading.table[Self.signed(raw, signal)] = units
        }
        guard (1...64).contains(keys.count), entries.count == keys.count else {
            if !(1...64).contains(keys.count) {
                entry.fault("table", "has \(keys.count) entries, allowed 1…64")
            }
            return
        }
        frame.tables.append(
            TableRow(
                source: value.rawValue, place: Self.place(signal),
                first: UInt16(truncatingIfNeeded: plan.entries.count),
                count: UInt8(entries.count), unknown: special.unknown,
                whenStopped: special.whenStopped))
        plan.entries += entries
    }

    /// A raw number as reading the field gives it.
    private static func signed(_ raw: Int64, _ signal: DBCSignal) -> Int64 {
        let range = rawRange(signal)
        return raw > range.upperBound && signal.bitLength < 63 ? raw - 1 << signal.bitLength : raw
    }

    /// A table's key in the unit of the value; nil when it is no such number.
    private static func units(_ key: String, _ value: BankValue) -> Int32? {
        guard case .number(let number)? = try? JSONParser.parse(Array(key.utf8)).value else {
            return nil
        }
        return number.scaled(by: value.decimals).flatMap(Int32.init(exactly:))
    }

    /// What is added to a raw number: raw = (physical − offset) ÷ factor.
    ///
    /// Nil unless that is a whole number of raw steps; held below 2^61, so that the encoder's sum
    /// with any scaled 32-bit value fits.
    private static func addend(
        _ offset: (numerator: Int64, denominator: Int64),
        _ factor: (numerator: Int64, denominator: Int64)
    ) -> Int64? {
        let shifted = offset.numerator.multipliedReportingOverflow(by: factor.denominator)
        let step = offset.denominator.multipliedReportingOverflow(by: factor.numerator)
        guard !shifted.overflow, !step.overflow, step.partialValue > 0,
            shifted.partialValue % step.partialValue == 0
        else { return nil }
        let addend = 0 &- shifted.partialValue / step.partialValue
        return addend.magnitude < 1 << 61 ? addend : nil
    }

    /// A clamp in natural units as a raw number; nil when there is none.
    private func clamp(
        _ entry: inout JSONSection, _ key: String, _ value: BankValue,
        _ scale: (numerator: Int32, denominator: Int32), _ addend: Int64
    ) -> Int64? {
        guard let number = entry.number(key) else { return nil }
        guard let units = number.scaled(by: value.decimals), units.magnitude < 1 << 31 else {
            entry.fault(key, "is finer than 10^-\(value.decimals) or too large")
            return nil
        }
        return (units * Int64(scale.numerator)).dividedRounding(by: Int64(scale.denominator))
            + addend
    }

    /// From our unit to raw steps, as a reduced fraction.
    private static func scale(
        _ value: BankValue, factor: (numerator: Int64, denominator: Int64)
    ) -> (numerator: Int32, denominator: Int32)? {
        var top = factor.denominator
        var bottom = factor.numerator
        for _ in 0..<value.decimals {
            let (product, overflow) = bottom.multipliedReportingOverflow(by: 10)
            if overflow { return nil }
            bottom = product
        }
        var (a, b) = (top, bottom)
        while b != 0 { (a, b) = (b, a % b) }
        top /= a
        bottom /= a
        guard let numerator = Int32(exactly: top), let denominator = Int32(exactly: bottom) else {
            return nil
        }
        return (numerator, denominator)
    }
}

/// Raw numbers that stand for no value of the field.
private struct SpecialNumbers {
    let unknown: Int64?
    let whenStopped: Int64?
}
