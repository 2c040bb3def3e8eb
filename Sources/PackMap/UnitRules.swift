import StrictJSON

/// Which unit ids packs of a family may have, and what answers at the others.
package struct UnitRules: Hashable, Sendable {
    /// The first and last id a pack can have.
    package var first = 0
    package var last = 247
    /// Ids that must never be asked.
    package var reserved: [Int] = []
    /// Ids that answer for the whole bank, which must not be counted among packs.
    package var bank: [Int] = []
    /// What is added to the id of a request to get that of its reply.
    package var replyOffset = 0

    /// Every id is a pack's.
    package init() {}

    /// Reads a map's `units`.
    init(_ section: JSONSection?) {
        guard var section else { return }
        first = section.integer("first", in: 0...255) ?? 0
        last = section.integer("last", in: 0...255) ?? max(247, first)
        if first > last { section.fault("last", "is \(last), below 'first', which is \(first)") }
        replyOffset = section.integer("reply_offset", in: -128...128) ?? 0
        reserved = Self.ids("reserved", &section)
        bank = Self.ids("bank", &section)
        section.finish()
    }

    private static func ids(_ key: String, _ section: inout JSONSection) -> [Int] {
        let ids = section.integers(key)
        for id in ids where !(0...255).contains(id) {
            section.fault(key, "contains \(id), allowed 0…255")
        }
        return ids
    }

    /// Why a pack may not be configured with this id; nil when it may.
    package func refusal(of unit: Int) -> String? {
        if reserved.contains(unit) { return "unit \(unit) must never be asked" }
        if bank.contains(unit) {
            return "unit \(unit) answers for the whole bank and would be counted twice"
        }
        if unit < first || unit > last {
            return "unit \(unit) is none of a pack, allowed \(first)…\(last)"
        }
        return nil
    }
}
