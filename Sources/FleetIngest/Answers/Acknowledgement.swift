import FleetStore
import Numbering
import Telemetry

/// What the fleet says of one gateway's epoch after a commit; only this frees rows at the gateway.
package struct Acknowledgement: Hashable, Sendable {
    /// The schema's name inside the document.
    package static var schema: StaticString { "amphora/ack/v1" }
    /// Rejections in one document at most; each may carry a quarter of a kilobyte of words.
    package static let mostRejected = 100

    /// The gateway's id.
    package let gateway: String
    /// The epoch of its outbox.
    package let epoch: Int64
    /// Stored numbers: ascending, apart from each other by at least one missing number.
    package let ranges: [ClosedRange<Int64>]
    /// Records that are not stored and never will be, ascending; reasons have at most 256 characters.
    package let rejected: [Rejection]

    /// The same as JSON; more than one document only when very many records were rejected.
    package func documents() -> [[UInt8]] {
        var documents = [document(ranges, rejected.prefix(Self.mostRejected))]
        var rest = rejected.dropFirst(Self.mostRejected)
        while !rest.isEmpty {
            documents.append(document([], rest.prefix(Self.mostRejected)))
            rest = rest.dropFirst(Self.mostRejected)
        }
        return documents
    }

    private func document(
        _ ranges: [ClosedRange<Int64>], _ rejected: ArraySlice<Rejection>
    ) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.name("schema")
            writer.string("\(Self.schema)")
            writer.name("epoch")
            writer.integer(epoch)
            writer.name("ranges")
            writer.array { writer in
                for range in ranges {
                    writer.array { writer in
                        writer.integer(range.lowerBound)
                        writer.integer(range.upperBound)
                    }
                }
            }
            guard !rejected.isEmpty else { return }
            writer.name("rejected")
            writer.array { writer in
                for record in rejected {
                    writer.object { writer in
                        writer.name("seq")
                        writer.integer(record.sequence)
                        writer.name("reason")
                        writer.string(record.reason)
                    }
                }
            }
        }
        return writer.bytes
    }
}

/// Gathers what became of the records of a batch, by gateway and epoch.
package struct AcknowledgementTable: Sendable {
    private struct Outbox: Hashable {
        let gateway: String
        let epoch: Int64
    }

    private struct Fate {
        var stored = SequenceRanges()
        var rejected: [Int64: String] = [:]
    }

    private var fates: [Outbox: Fate] = [:]

    /// An empty table.
    package init() {}

    /// Notes a record that is stored, now or since earlier.
    package mutating func stored(_ key: RecordKey) {
        fates[Outbox(gateway: key.gateway, epoch: key.epoch), default: Fate()]
            .stored.insert(key.sequence)
    }

    /// Notes a record that is a dead letter.
    package mutating func rejected(_ key: RecordKey, reason: String) {
        fates[Outbox(gateway: key.gateway, epoch: key.epoch), default: Fate()]
            .rejected[key.sequence] = String(reason.unicodeScalars.prefix(256))
    }

    /// Gives one acknowledgement for each outbox and forgets them.
    ///
    /// A number of which one copy is stored and another is broken is stored.
    package mutating func take() -> [Acknowledgement] {
        defer { fates = [:] }
        return fates.map { outbox, fate in
            let rejected = fate.rejected.filter { !fate.stored.contains($0.key) }
            return Acknowledgement(
                gateway: outbox.gateway, epoch: outbox.epoch, ranges: fate.stored.ranges,
                rejected: rejected.sorted { $0.key < $1.key }.map {
                    Rejection(sequence: $0.key, reason: $0.value)
                })
        }
    }
}
