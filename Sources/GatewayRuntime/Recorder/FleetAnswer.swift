import Numbering
import StrictJSON

/// What the fleet says to this gateway on `down/ack` and `down/command`.
///
/// Members that are not known are skipped: a newer fleet may say more. What is known must be right.
package enum FleetAnswer: Hashable, Sendable {
    /// Records of an epoch that are stored, and those that never will be.
    case stored(epoch: Int64, SequenceRanges, rejected: [Rejection])
    /// The backlog shall wait, 1 to 3600 seconds.
    case holdBacklog(seconds: Int)
    /// Somebody looks at this gateway for so long, 1 to 3600 seconds.
    case live(seconds: Int)

    /// Why a message is no answer of the fleet.
    package struct Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// The sentence for the person who reads it.
        package let description: String
    }

    private static let mostBytes = 1 << 20
    private static let mostRanges = 20_000
    private static let mostRejections = 1_000
    private static let mostReasonBytes = 512
    /// Whole numbers up to here are kept by every JSON reader.
    private static let numbers = 1...Int(1 << 53 - 1)

    /// Reads a document by the schema it names.
    package static func read(_ bytes: [UInt8]) throws(Fault) -> FleetAnswer {
        guard bytes.count <= mostBytes else {
            throw Fault(description: "has \(bytes.count) bytes, allowed \(mostBytes)")
        }
        let faults = FaultList()
        guard var section = JSONSection(parsing: bytes, faults: faults) else {
            throw Fault(description: words(faults))
        }
        let schemas = [("amphora/ack/v1", true), ("amphora/command/v1", false)]
        guard let isAcknowledgement = section.word("schema", schemas) else {
            throw Fault(description: words(faults))
        }
        let answer = isAcknowledgement ? acknowledgement(&section) : command(&section)
        guard let answer, faults.faults.isEmpty else { throw Fault(description: words(faults)) }
        return answer
    }

    private static func words(_ faults: FaultList) -> String {
        faults.faults.prefix(3).map(\.description).joined(separator: "; ")
    }

    private static func command(_ section: inout JSONSection) -> FleetAnswer? {
        let isLive = section.word("command", [("hold_backlog", false), ("live", true)])
        guard let seconds = section.integer("seconds", in: 1...3600) else {
            if !section.has("seconds") { section.fault("seconds", "is missing") }
            return nil
        }
        return isLive == true ? .live(seconds: seconds) : .holdBacklog(seconds: seconds)
    }

    private static func acknowledgement(_ section: inout JSONSection) -> FleetAnswer? {
        guard let epoch = section.integer("epoch", in: numbers) else {
            if !section.has("epoch") { section.fault("epoch", "is missing") }
            return nil
        }
        var stored = SequenceRanges()
        for range in ranges(&section) { stored.insert(range) }
        return .stored(epoch: Int64(epoch), stored, rejected: rejections(&section))
    }

    private static func ranges(_ section: inout JSONSection) -> [ClosedRange<Int64>] {
        guard let items = list("ranges", mostRanges, &section) else { return [] }
        var found: [ClosedRange<Int64>] = []
        for item in items {
            guard case .array(let ends) = item.value, ends.count == 2,
                let first = number(ends[0]), let last = number(ends[1]), first <= last
            else {
                section.fault(
                    "ranges", "has an entry that is no pair of numbers, the smaller one first")
                return []
            }
            found.append(first...last)
        }
        return found
    }

    private static func rejections(_ section: inout JSONSection) -> [Rejection] {
        guard section.has("rejected"), let items = list("rejected", mostRejections, &section)
        else { return [] }
        var found: [Rejection] = []
        for (index, item) in items.enumerated() {
            var entry = JSONSection(item, path: "rejected[\(index)]", faults: section.faults)
            let reason = entry.requiredString("reason")
            guard let sequence = entry.integer("seq", in: numbers) else {
                if !entry.has("seq") { entry.fault("seq", "is missing") }
                continue
            }
            let short = String(decoding: reason.utf8.prefix(mostReasonBytes), as: UTF8.self)
            found.append(Rejection(sequence: Int64(sequence), reason: short))
        }
        return found
    }

    private static func list(
        _ key: String, _ most: Int, _ section: inout JSONSection
    ) -> [JSONItem]? {
        guard let item = section.item(key) else {
            section.fault(key, "is missing, expected a list")
            return nil
        }
        guard case .array(let items) = item.value, items.count <= most else {
            section.fault(key, "is \(item.value.kind), expected a list of at most \(most) entries")
            return nil
        }
        return items
    }

    private static func number(_ item: JSONItem) -> Int64? {
        guard case .number(let found) = item.value, let value = found.integer,
            numbers.contains(Int(value))
        else { return nil }
        return value
    }
}
