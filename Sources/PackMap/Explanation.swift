import Bank
import Modbus
import Quantities

/// One block of data while it is put into words.
struct Explanation {
    let plan: ReadPlan
    let reading: PackReading
    let data: FrameBytes
    let verdict: BlockVerdict
    let layout: BlockLayout

    /// A value; nil for entries beyond those that a counted layout has.
    func field(_ row: ValueRow) -> ExplainedField? {
        let isFitted = layout.isFitted(row.target)
        if !isFitted, row.place.anchor != .start || plan.blocks[0].hasOwnLength { return nil }
        let (name, value, decimals, unit) = Self.describe(row.target, reading)
        let note =
            switch verdict {
            case .accepted: value == nil ? (isFitted ? missing(row) : "not fitted") : ""
            case .allZero: "block is all zero, dropped"
            case .short: "block is short"
            case .implausible(let target, let found):
                target == row.target ? "impossible (\(found)), block dropped" : "block dropped"
            }
        return ExplainedField(
            name: name, value: value.map { Self.decimal($0, decimals) } ?? "–", unit: unit,
            address: address(row.place), raw: rawHex(row), note: note)
    }

    /// A value that was worked out.
    func field(_ row: ComputedRow) -> ExplainedField {
        let (name, value, decimals, unit) = Self.describe(.signal(row.target), reading)
        return ExplainedField(
            name: name, value: value.map { Self.decimal($0, decimals) } ?? "–", unit: unit,
            address: plan.blocks[0].address, raw: "", note: value == nil ? "" : "worked out")
    }

    /// A word of flags.
    func field(_ row: FlagRow, name: String) -> ExplainedField {
        let raw = ReadPlan.raw(row.place.type, data, layout.offset(of: row.place))
        let bits = UInt16(truncatingIfNeeded: raw)
        var words: [String] = []
        var known: UInt16 = 0
        for rule in plan.rules[Int(row.firstRule)..<(Int(row.firstRule) + Int(row.ruleCount))] {
            known |= rule.mask
            let meaning = rule.meaning.words
            if rule.matches(bits), plan.isSet(rule, reading), !words.contains(meaning) {
                words.append(meaning)
            }
        }
        if row.balancingFirstCell >= 0 {
            known = 0xFFFF
            for bit in 0..<(row.place.type.width * 8) where bits >> UInt16(bit) & 1 != 0 {
                words.append("balancing.cell_\(Int(row.balancingFirstCell) + bit + 1)")
            }
        }
        let unknown = bits & ~known
        return ExplainedField(
            name: name, value: words.isEmpty ? "none" : words.joined(separator: ", "),
            flags: words, unit: "", address: address(row.place), raw: Self.hex(bits),
            note: unknown == 0 ? "" : "unknown bits 0x\(Self.hex(unknown))")
    }

    /// A text.
    func field(_ row: TextRow, _ identity: PackIdentity) -> ExplainedField {
        let (name, text) =
            switch row.field {
            case .serial: ("serial", identity.serial)
            case .model: ("model", identity.model)
            case .firmware: ("firmware", identity.firmware)
            }
        return ExplainedField(
            name: name, value: text.text, unit: "", address: address(row.place), raw: "", note: "")
    }

    private func missing(_ row: ValueRow) -> String {
        let raw = plan.raw(row, data, layout)
        if plan.isAbsent(raw, row) { return "not available" }
        return plan.value(row, data, layout) == nil
            ? "scale factor outside -10…10" : "impossible, dropped"
    }

    /// The register, bit or byte of a place.
    private func address(_ place: Place) -> UInt16 {
        let block = plan.blocks[0]
        let offset = UInt16(truncatingIfNeeded: layout.offset(of: place))
        guard case .registers = block.form else { return offset }
        if block.readsBits { return block.address &+ offset * 8 }
        return plan.addressStep == 2 ? block.address &+ offset : block.address &+ offset / 2
    }

    private func rawHex(_ row: ValueRow) -> String {
        let at = layout.offset(of: row.place)
        return (0..<row.place.type.width).map {
            let digits = String(data[at + $0], radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }

    static func describe(
        _ target: ValueTarget, _ reading: PackReading
    ) -> (String, Int32?, Int, String) {
        switch target {
        case .cell(let cell): return ("cell \(cell + 1)", reading.cell(Int(cell))?.units, 3, "V")
        case .probe(let probe):
            return ("probe \(probe + 1)", reading.probe(Int(probe))?.units, 1, "°C")
        case .signal(let signal):
            guard let word = MapWords.signals.first(where: { $0.signal == signal }) else {
                return ("signal", reading[signal], 0, "")
            }
            return (word.name, reading[signal], word.decimals, word.unit)
        }
    }

    static func hex(_ word: UInt16) -> String {
        let digits = String(word, radix: 16, uppercase: true)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    /// A whole number of 10^−decimals in decimal notation.
    static func decimal(_ value: Int32, _ decimals: Int) -> String {
        guard decimals > 0 else { return String(value) }
        var digits = String(value.magnitude)
        while digits.count <= decimals { digits = "0" + digits }
        let cut = digits.index(digits.endIndex, offsetBy: -decimals)
        return (value < 0 ? "-" : "") + digits[..<cut] + "." + digits[cut...]
    }
}
