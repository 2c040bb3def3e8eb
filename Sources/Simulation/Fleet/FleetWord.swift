import Numbering
import StrictJSON

/// What the fleet says to a gateway on `down/ack` and `down/command`.
///
/// The simulator judges the fleet's side of the contract, so it is stricter than the gateway: members
/// that nobody knows are faults too, and a message with a fault counts for nothing.
enum FleetWord: Hashable {
    /// Records of an epoch that are stored, and numbers of those that never will be.
    case stored(epoch: Int64, SequenceRanges, rejected: [Int64])
    /// Nothing but new records shall be sent for so long.
    case holdBacklog(seconds: Int)
    /// Somebody looks for so long.
    case live(seconds: Int)

    /// Why a message is none.
    struct Fault: Error, Hashable, CustomStringConvertible {
        let description: String
    }

    /// Whole numbers up to here are kept by every JSON reader.
    private static let numbers = 1...Int(1 << 53 - 1)

    /// Reads an acknowledgement.
    static func acknowledgement(_ bytes: [UInt8]) throws(Fault) -> FleetWord {
        try read(bytes, schema: "amphora/ack/v1") { section in
            let epoch = number("epoch", in: numbers, &section)
            let stored = ranges(&section)
            let rejected = rejections(&section)
            return epoch.map { .stored(epoch: $0, stored, rejected: rejected) }
        }
    }

    /// Reads a command.
    static func command(_ bytes: [UInt8]) throws(Fault) -> FleetWord {
        try read(bytes, schema: "amphora/command/v1") { section in
            let isLive = section.word("command", [("hold_backlog", false), ("live", true)])
            return number("seconds", in: 1...3600, &section).map {
                isLive == true ? .live(seconds: Int($0)) : .holdBacklog(seconds: Int($0))
            }
        }
    }

    private static func read(
        _ bytes: [UInt8], schema: String, _ body: (inout JSONSection) -> FleetWord?
    ) throws(Fault) -> FleetWord {
        let faults = FaultList()
        guard var section = JSONSection(parsing: bytes, faults: faults) else {
            throw Fault(description: words(faults))
        }
        _ = section.word("schema", [(schema, true)])
        let word = body(&section)
        section.finish()
        guard let word, faults.faults.isEmpty else { throw Fault(description: words(faults)) }
        return word
    }

    private static func words(_ faults: FaultList) -> String {
        faults.faults.prefix(3).map(\.description).joined(separator: "; ")
    }

    private static func ranges(_ section: inout JSONSection) -> SequenceRanges {
        var found = SequenceRanges()
        if !section.has("ranges") { section.fault("ranges", "is missing, expected a list") }
        for item in section.items("ranges") {
            guard case .array(let ends) = item.value, ends.count == 2,
                let first = number(ends[0]), let last = number(ends[1]), first <= last
            else {
                section.fault(
                    "ranges", "has an entry that is no pair of numbers, smaller one first")
                continue
            }
            found.insert(first...last)
        }
        return found
    }

    private static func rejections(_ section: inout JSONSection) -> [Int64] {
        section.sections("rejected").compactMap { entry in
            var entry = entry
            defer { entry.finish() }
            _ = entry.requiredString("reason")
            return number("seq", in: numbers, &entry)
        }
    }

    private static func number(
        _ key: String, in range: ClosedRange<Int>, _ section: inout JSONSection
    ) -> Int64? {
        let found = section.item(key).flatMap { number($0, in: range) }
        if found == nil {
            section.fault(
                key, "is missing or no whole number \(range.lowerBound)…\(range.upperBound)")
        }
        return found
    }

    /// A number as a number; the text "16", which maps and profiles may use, is none here.
    private static func number(_ item: JSONItem, in range: ClosedRange<Int> = numbers) -> Int64? {
        guard case .number(let found) = item.value, let value = found.integer,
            range.contains(Int(value))
        else { return nil }
        return value
    }
}
