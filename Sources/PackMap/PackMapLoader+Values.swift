import Bank
import Modbus
import Quantities
import StrictJSON

extension PackMapLoader {
    mutating func readSignals() {
        guard var section = root.section("signals") else {
            root.fault("signals", "is missing, expected at least voltage and current")
            return
        }
        for name in section.names() {
            guard var entry = section.section(name) else { continue }
            guard let word = MapWords.signals.first(where: { $0.name == name }) else {
                let known = MapWords.signals.map(\.name).joined(separator: ", ")
                section.fault(name, "is no signal, allowed \(known)")
                continue
            }
            if entry.item("computed") != nil {  // needs others, which must be known first
                computedEntries.append((entry, word.signal))
                continue
            }
            addSignal(&entry, word)
            entry.finish()
        }
        for needed in ["voltage", "current", "state_of_charge"] where section.item(needed) == nil {
            section.fault(needed, "is missing; the inverter needs it")
        }
    }

    private mutating func addSignal(
        _ entry: inout JSONSection, _ word: SignalWord
    ) {
        let target = ValueTarget.signal(word.signal)
        guard let rule = readRule(&entry, target, factor: word.factor),
            let place = place(&entry, rule.type, bytes: rule.type.span)
        else { return }
        addValue(target, rule, place, &entry)
    }

    /// What one entry says about its numbers, read once and used for every cell of a run.
    struct ValueRule {
        var type: MapType
        var numerator: Int64
        var denominator: Int64
        var addend: Int64
        var absentStart: UInt16
        var absentCount: UInt8
        var shift: UInt8 = 0
        var mask: UInt32 = 0
        var gate: ValueGate
    }

    mutating func readRule(
        _ section: inout JSONSection, _ target: ValueTarget, factor: Int64
    ) -> ValueRule? {
        let (numerator, scaled) = scale(&section, factor: factor)
        let divisor = Int64(section.integer("divide", in: 1...1_000_000_000) ?? 1)
        let (whole, denominator) = Self.reduced(
            numerator, scaled.multipliedSaturated(by: divisor))
        let (start, count) = codes("not_available", &section)
        let negates = section.bool("negate", default: false)
        let addend = Int64(section.integer("offset", in: -1_000_000...1_000_000) ?? 0)
        let bits = bitRange(&section)
        guard let type = section.word("type", MapType.words, default: MapType.u16) else {
            return nil
        }
        var rule = ValueRule(
            type: type, numerator: negates ? -whole : whole, denominator: denominator,
            addend: addend, absentStart: start, absentCount: count,
            gate: plausibility.gate(target))
        if let bits {
            if bits.upperBound >= type.type.width * 8 {
                section.fault(
                    "bits",
                    "end at \(bits.upperBound), '\(type.name)' has bits 0…\(type.type.width * 8 - 1)"
                )
            }
            rule.shift = UInt8(bits.lowerBound)
            rule.mask = UInt32((UInt64(1) << UInt64(bits.count)) - 1)
        }
        return rule
    }

    private func bitRange(_ section: inout JSONSection) -> ClosedRange<Int>? {
        guard section.item("bits") != nil else { return nil }
        let ends = section.integers("bits")
        guard ends.count == 2, ends[0] >= 0, ends[0] <= ends[1], ends[1] < 32 else {
            section.fault("bits", "is no pair of a lowest and a highest bit such as [0, 7]")
            return nil
        }
        return ends[0]...ends[1]
    }

    /// Takes a list of raw numbers into the plan.
    mutating func codes(
        _ key: String, _ section: inout JSONSection
    ) -> (start: UInt16, count: UInt8) {
        let start = UInt16(plan.absent.count)
        let codes = section.integers(key).map(Int64.init)
        guard codes.count <= Self.mostAbsentCodes else {
            section.fault(key, "has \(codes.count) codes, allowed 1…\(Self.mostAbsentCodes)")
            return (start, 0)
        }
        plan.absent.append(contentsOf: codes)
        return (start, UInt8(codes.count))
    }

    /// The factor from raw numbers to our unit as a fraction.
    func scale(_ section: inout JSONSection, factor: Int64) -> (Int64, Int64) {
        guard let scale = section.number("scale") else { return (factor, 1) }
        guard scale.coefficient > 0, scale.coefficient < 1_000_000, scale.exponent > -7,
            scale.exponent < 4
        else {
            section.fault("scale", "is not a factor between 0.000001 and 1000000")
            return (factor, 1)
        }
        return Self.fraction(scale, times: factor, over: 1)
    }

    /// A decimal number times a fraction, without common tens.
    static func fraction(
        _ number: JSONNumber, times factor: Int64, over divisor: Int64
    ) -> (Int64, Int64) {
        var numerator = number.coefficient.multipliedSaturated(by: factor)
        var denominator = divisor
        for _ in 0..<abs(number.exponent) {
            if number.exponent > 0 {
                numerator = numerator.multipliedSaturated(by: 10)
            } else {
                denominator = denominator.multipliedSaturated(by: 10)
            }
        }
        return reduced(numerator, denominator)
    }

    /// The same fraction without common tens.
    private static func reduced(_ numerator: Int64, _ denominator: Int64) -> (Int64, Int64) {
        var (numerator, denominator) = (numerator, denominator)
        while numerator % 10 == 0, denominator % 10 == 0 {
            numerator /= 10
            denominator /= 10
        }
        return (numerator, denominator)
    }

    /// Adds one value with the operands that its entry names.
    private mutating func addValue(
        _ target: ValueTarget, _ rule: ValueRule, _ place: MapPlace, _ section: inout JSONSection
    ) {
        var rule = rule
        let start = plan.operands.count
        var together = [place.place]
        for (key, kind) in [
            ("minus", OperandKind.minus), ("times", .times), ("exponent", .exponent),
            ("negative_when", .negative),
        ] {
            guard var entry = section.section(key) else { continue }
            if let operand = readOperand(&entry, kind, place.region, &rule) {
                plan.operands.append(operand)
                together.append(operand.place)
            }
            if kind == .negative, section.bool("negate", default: false) {
                section.fault("negate", "stands beside 'negative_when', expected one")
            }
            entry.finish()
        }
        keepTogether(place.region, together)
        append(target, rule, place)
        plan.values[plan.values.count - 1].operandStart = UInt16(start)
        plan.values[plan.values.count - 1].operandCount = UInt8(plan.operands.count - start)
    }

    private mutating func readOperand(
        _ entry: inout JSONSection, _ kind: OperandKind, _ region: Int, _ rule: inout ValueRule
    ) -> Operand? {
        let fallback = kind == .exponent ? MapType.all[1] : MapType.u16
        guard let type = entry.word("type", MapType.words, default: fallback) else { return nil }
        if kind == .times, let scale = entry.number("scale") {
            if scale.coefficient > 0, scale.coefficient < 1_000_000,
                (-6...3).contains(scale.exponent)
            {
                (rule.numerator, rule.denominator) = Self.fraction(
                    scale, times: rule.numerator, over: rule.denominator)
            } else {
                entry.fault("scale", "is not a factor between 0.000001 and 1000000")
            }
        }
        var operand = Operand(kind: kind, place: Place(offset: 0, type: .u16))
        if kind == .negative {
            (operand.codeStart, operand.codeCount) = codes("equals", &entry)
            if operand.codeCount == 0 {
                entry.fault("equals", "is missing, expected raw numbers")
            }
        }
        guard let found = place(&entry, type, bytes: type.span, owner: region) else { return nil }
        operand.place = found.place
        return operand
    }

    mutating func append(_ target: ValueTarget, _ rule: ValueRule, _ place: MapPlace) {
        plan.values.append(
            ValueRow(
                block: UInt8(place.region), place: place.place, target: target, shift: rule.shift,
                mask: rule.mask, addend: rule.addend, numerator: rule.numerator,
                denominator: rule.denominator, absentStart: rule.absentStart,
                absentCount: rule.absentCount, gate: rule.gate))
    }

    /// Values that are worked out from others; those must be read with one request.
    mutating func readComputed() {
        for (entry, signal) in computedEntries {
            var entry = entry
            addComputed(&entry, signal)
            entry.finish()
        }
    }

    private mutating func addComputed(_ entry: inout JSONSection, _ signal: PackSignal) {
        let words: [(String, ComputedKind)] =
            switch signal {
            case .stateOfCharge: [("remaining_over_full", .remainingOverFull)]
            case .voltage: [("cell_sum", .cellSum)]
            default: []
            }
        if words.isEmpty {
            entry.fault("computed", "is only for voltage and state_of_charge")
            return
        }
        guard let kind = entry.word("computed", words) else { return }
        let sources = plan.values.filter { row in
            switch (kind, row.target) {
            case (.cellSum, .cell): true
            case (.remainingOverFull, .signal(.remainingCapacity)),
                (.remainingOverFull, .signal(.fullCapacity)):
                true
            default: false
            }
        }
        guard let block = sources.first?.block, kind == .cellSum || sources.count == 2 else {
            entry.fault(
                "computed",
                kind == .cellSum
                    ? "needs 'cells'" : "needs 'remaining_capacity' and 'full_capacity'")
            return
        }
        if sources.contains(where: { $0.block != block }) {
            entry.fault("computed", "needs values of one block, they lie in several")
            return
        }
        keepTogether(Int(block), sources.map(\.place))
        plan.computed.append(
            ComputedRow(
                block: block, kind: kind, target: signal,
                gate: plausibility.gate(.signal(signal))))
    }
}
