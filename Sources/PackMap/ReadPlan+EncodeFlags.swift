import Bank
import Modbus

extension ReadPlan {
    /// The word that says what a reading holds, as nearly as the word can.
    func encodedWord(_ row: FlagRow, _ reading: PackReading) -> UInt16 {
        let own = rules[Int(row.firstRule)...].prefix(Int(row.ruleCount))
        var bits: UInt16 = 0
        var decided: UInt16 = 0
        // Narrow groups first: what "any bit" means is often said by one of them.
        var masks: [UInt16] = []
        for rule in own where !masks.contains(rule.mask) { masks.append(rule.mask) }
        masks.sort { $0.nonzeroBitCount < $1.nonzeroBitCount }
        for mask in masks {
            let group = own.filter { $0.mask == mask }
            if group.allSatisfy({ $0.matches(bits) == isSet($0, reading) }), decided & mask != 0 {
                continue
            }
            let part = Self.part(mask, group, wanted: { isSet($0, reading) })
            bits |= part & ~(decided & ~bits)
            decided |= mask
        }
        if row.balancingFirstCell >= 0 {
            bits |= UInt16(truncatingIfNeeded: reading.balancing >> UInt32(row.balancingFirstCell))
        }
        return row.place.type.width == 1 ? bits & 0xFF : bits
    }

    /// The content of one group of bits that says most of what is wanted and least of what is not.
    private static func part(
        _ mask: UInt16, _ rules: [FlagRule], wanted: (FlagRule) -> Bool
    ) -> UInt16 {
        let lowestBit = mask & (~mask &+ 1)
        var candidates: [UInt16] = [0, lowestBit]
        for rule in rules {
            let lowest = rule.lowest << UInt16(rule.shift)
            if lowest & ~mask == 0 { candidates.append(lowest) }
            let above = rule.highest == .max ? 0 : (rule.highest + 1) << UInt16(rule.shift)
            if above & ~mask == 0 { candidates.append(above) }
        }
        func score(_ candidate: UInt16) -> Int {
            rules.reduce(0) { score, rule in
                let isWanted = wanted(rule)
                guard isWanted != rule.matches(candidate) else { return score + weight(rule) }
                return score - (isWanted ? 0 : 4)
            }
        }
        var best = candidates[0]
        for candidate in candidates where score(candidate) > score(best) { best = candidate }
        return best
    }

    /// The graver meaning wins where a group can say only one.
    private static func weight(_ rule: FlagRule) -> Int {
        switch rule.meaning {
        case .protection, .fault: 3
        case .warning, .state: 2
        }
    }

    /// Whether a reading holds what a flag bit stands for.
    func isSet(_ rule: FlagRule, _ reading: PackReading) -> Bool {
        switch rule.meaning {
        case .warning(let kind): reading.warnings.contains(kind)
        case .protection(let kind): reading.protections.contains(kind)
        case .fault(let kind): reading.faults.contains(kind)
        case .state(let state): !reading.states.isDisjoint(with: PackStates(rawValue: state))
        }
    }
}
