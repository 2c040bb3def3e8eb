import Bank
import Modbus
import StrictJSON

extension PackMapLoader {
    /// Far more than sixteen bits need.
    private static let mostRules = 200

    mutating func readFlags() {
        let sections = root.sections("flags")
        let most = PackReading.maximumFlagWords
        if sections.count > most {
            root.fault("flags", "has \(sections.count) words, allowed 1…\(most)")
        }
        for var section in sections.prefix(most) {
            let name = readFlagName(&section)
            let isCoil = section.bool("coils", default: false)
            let words = MapType.words.filter { ["u16", "u8_high", "u8_low", "u8"].contains($0.0) }
            guard let type = section.word("type", words, default: MapType.u16),
                let place = isCoil
                    ? bitPlace(&section) : place(&section, type, bytes: type.span)
            else { continue }
            keepTogether(place.region, [place.place])
            let first = plan.rules.count
            readRules(&section, width: place.place.type.width * 8)
            let balancing = section.integer("balancing_first_cell", in: 1...32)
            if plan.rules.count - first > Self.mostRules {
                section.fault("bits", "has more than \(Self.mostRules) meanings")
                plan.rules.removeLast(plan.rules.count - first)
            }
            plan.flags.append(
                FlagRow(
                    block: UInt8(place.region), place: place.place, firstRule: UInt16(first),
                    ruleCount: UInt8(plan.rules.count - first),
                    balancingFirstCell: balancing.map { Int8($0 - 1) } ?? -1))
            flagNames.append(name)
            section.finish()
        }
    }

    /// Names of flag words stand beside those of signals in explanations, so all must differ.
    private func readFlagName(_ section: inout JSONSection) -> String {
        let name = section.requiredString("name")
        if flagNames.contains(name) { section.fault("name", "is '\(name)' twice") }
        if MapWords.signals.contains(where: { $0.name == name }) {
            section.fault("name", "is '\(name)', which is the name of a signal")
        }
        return name
    }

    private mutating func readRules(_ section: inout JSONSection, width: Int) {
        if let any = section.string("any") {
            addRule(any, FlagRule(mask: width == 8 ? 0xFF : 0xFFFF), key: "any", section)
        }
        if var bits = section.section("bits") {
            for name in bits.names() {
                guard let group = BitGroup(name, width: width) else {
                    bits.fault(name, "is no bit, allowed \"0\"…\"\(width - 1)\"")
                    continue
                }
                readMeanings(name, group, &bits)
            }
        }
        if var fields = section.section("fields") { readFields(&fields, width: width) }
    }

    /// A meaning of any bit of a group, or of the numbers in it.
    private mutating func readMeanings(
        _ name: String, _ group: BitGroup, _ section: inout JSONSection
    ) {
        guard case .object? = section.item(name)?.value else {
            if let text = section.string(name) {
                addRule(text, FlagRule(mask: group.mask), key: name, section)
            }
            return
        }
        guard var values = section.section(name) else { return }
        for key in values.names() {
            guard let text = values.string(key) else { continue }
            if key == "any" {
                addRule(text, FlagRule(mask: group.mask), key: key, values)
                continue
            }
            guard let range = Self.range(key), group.isRun || range == 0...0,
                range.upperBound <= group.highest
            else {
                let allowed = group.isRun ? "0…\(group.highest) or a range of them" : "0 and any"
                values.fault(key, "is no number of these bits, allowed \(allowed)")
                continue
            }
            addRule(
                text,
                FlagRule(
                    mask: group.mask, shift: group.isRun ? group.lowestBit : 0,
                    lowest: UInt16(range.lowerBound), highest: UInt16(range.upperBound)),
                key: key, values)
        }
    }

    private mutating func readFields(_ section: inout JSONSection, width: Int) {
        let size = section.requiredInteger("width", in: 1...width / 2) ?? 1
        var values = section.section("values")
        if values == nil { section.fault("values", "is missing, expected numbers with meanings") }
        for key in values?.names() ?? [] {
            guard let text = values?.string(key) else { continue }
            guard let range = Self.range(key), range.upperBound < 1 << size else {
                values?.fault(key, "is no number of \(size) bits")
                continue
            }
            for shift in stride(from: 0, through: width - size, by: size) {
                guard let values else { continue }
                let mask = UInt16((1 << size - 1) << shift)
                addRule(
                    text,
                    FlagRule(
                        mask: mask, shift: UInt8(shift), lowest: UInt16(range.lowerBound),
                        highest: UInt16(range.upperBound)), key: key, values)
            }
        }
        section.finish()
    }

    /// `3` or `1-2`.
    private static func range(_ text: String) -> ClosedRange<Int>? {
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
        let numbers = ends.compactMap(Int.init)
        guard numbers.count == ends.count, numbers.map(String.init) == ends,
            numbers.count <= 2, let first = numbers.first, let last = numbers.last,
            first >= 0, first <= last
        else { return nil }
        return first...last
    }

    private mutating func addRule(
        _ text: String, _ rule: FlagRule, key: String, _ section: JSONSection
    ) {
        guard let meaning = MapWords.meaning(text) else {
            section.fault(
                key,
                "is '\(text)', expected warning, protection or fault with an alarm, or state with a state, such as 'warning.cell_overvoltage'"
            )
            return
        }
        if case .state(let state) = meaning {
            plan.knownStates.formUnion(PackStates(rawValue: state))
        }
        var rule = rule
        rule.meaning = meaning
        plan.rules.append(rule)
    }
}

extension FlagRule {
    /// A rule whose meaning is filled in once it is read.
    init(mask: UInt16, shift: UInt8 = 0, lowest: UInt16 = 1, highest: UInt16 = .max) {
        self.init(
            mask: mask, shift: shift, lowest: lowest, highest: highest, meaning: .state(0))
    }
}

/// The bits a key names: `3`, `0-2`, or `0,1,4`.
struct BitGroup {
    let mask: UInt16
    let lowestBit: UInt8
    /// Whether they stand side by side and so make a number.
    let isRun: Bool
    /// The highest number they can make.
    var highest: Int { isRun ? Int(mask >> UInt16(lowestBit)) : Int(UInt16.max) }

    init?(_ text: String, width: Int) {
        var bits: [Int] = []
        let isList = text.utf8.contains(UInt8(ascii: ","))
        let parts = text.split(
            separator: isList ? "," : "-", omittingEmptySubsequences: false)
        for part in parts {
            guard let bit = Int(part), (0..<width).contains(bit), String(bit) == part else {
                return nil
            }
            bits.append(bit)
        }
        guard let first = bits.first, let last = bits.last else { return nil }
        if isList {
            mask = bits.reduce(0) { $0 | 1 << UInt16($1) }
            guard mask.nonzeroBitCount == bits.count else { return nil }
        } else {
            guard bits.count <= 2, first <= last else { return nil }
            mask = (first...last).reduce(0) { $0 | 1 << UInt16($1) }
        }
        lowestBit = UInt8(mask.trailingZeroBitCount)
        isRun = !isList
    }
}
